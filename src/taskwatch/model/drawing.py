"""A workflow as text: a tree for people, Mermaid and Graphviz for their tools.

Codes and names are hostile: each format quotes them by its own rules, and none of them can end a label.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from taskwatch.model.graph import dependents, predecessors, topological

FILL = {
    "pending": "#e5e7eb",
    "ready": "#bfdbfe",
    "in_progress": "#fde68a",
    "on_hold": "#ddd6fe",
    "completed": "#bbf7d0",
    "failed": "#fecaca",
    "skipped": "#f3f4f6",
    "cancelled": "#d1d5db",
}
UNKNOWN_FILL = "#ffffff"
INK = "#111827"


class Node(NamedTuple):
    """One task of a picture; `after` holds the ids it comes after, unknown ones are ignored."""

    id: int
    code: str
    name: str
    status: str
    timeout_minutes: int | None
    after: tuple[int, ...]


def text_tree(nodes: Sequence[Node], label: Callable[[Node], str]) -> list[str]:
    """The tree of work from the roots to their dependents, a line each, with `label(node)` as the text.

    A task that comes after several stands in full under the last of them in topological order,
    and as `(see CODE)` under the others.

    Raises:
        ValueError: The tasks wait for each other in a circle.
    """
    by_id = {node.id: node for node in nodes}
    after = {node.id: node.after for node in nodes}
    homes, followers = _homes(after), dependents(after)
    lines = []
    # A stack instead of recursion: a chain may be longer than Python's call stack.
    stack = [_Branch(node.id, "", "", in_full=True) for node in reversed(nodes) if node.id not in homes]
    while stack:
        branch = stack.pop()
        node = by_id[branch.id]
        lines.append(branch.lead + _one_line(label(node) if branch.in_full else f"(see {node.code})"))
        if branch.in_full:
            stack.extend(reversed(list(_twigs(branch, followers[branch.id], homes))))
    return lines


def mermaid(nodes: Sequence[Node]) -> str:
    """A Mermaid flowchart from left to right: node `t{id}`, one class per status."""
    used = {node.status for node in nodes}
    return "\n".join(
        [
            "flowchart LR",
            *(f"    classDef {status} fill:{FILL[status]},color:{INK}" for status in FILL if status in used),
            *(f'    t{node.id}["{_mermaid_label(node)}"]{_mermaid_class(node)}' for node in nodes),
            *(f"    t{before} --> t{task}" for before, task in _edges(nodes)),
        ]
    )


def dot(nodes: Sequence[Node]) -> str:
    """A Graphviz digraph from left to right: node `t{id}`, the status as fill colour and in the label."""
    return "\n".join(
        [
            "digraph workflow {",
            "    rankdir=LR",
            f'    node [shape=box, style="rounded,filled", fontcolor="{INK}"]',
            *(f'    t{node.id} [label="{_dot_label(node)}", fillcolor="{_fill(node)}"]' for node in nodes),
            *(f"    t{before} -> t{task}" for before, task in _edges(nodes)),
            "}",
        ]
    )


class _Branch(NamedTuple):
    id: int
    lead: str
    indent: str
    in_full: bool


def _homes(after: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """Under which of its predecessors each task stands in full; roots have none."""
    rank = {task: rank for rank, task in enumerate(topological(after))}
    return {
        task: max(befores, key=rank.__getitem__) for task, befores in predecessors(after).items() if befores
    }


def _twigs(branch: _Branch, followers: Sequence[int], homes: Mapping[int, int]) -> Iterator[_Branch]:
    for left, task in zip(reversed(range(len(followers))), followers, strict=True):
        fork, gap = ("├─ ", "│  ") if left else ("└─ ", "   ")
        yield _Branch(task, branch.indent + fork, branch.indent + gap, in_full=homes[task] == branch.id)


def _edges(nodes: Sequence[Node]) -> list[tuple[int, int]]:
    after = predecessors({node.id: node.after for node in nodes})
    return [(before, task) for task, befores in after.items() for before in befores]


def _caption(node: Node) -> list[str]:
    state = node.status if node.timeout_minutes is None else f"{node.status}, {node.timeout_minutes} min"
    return [_printable(line) for line in (node.code, node.name, state) if line]


def _mermaid_label(node: Node) -> str:
    return "<br/>".join(map(_mermaid_quoted, _caption(node)))


def _mermaid_quoted(text: str) -> str:
    # Even a colon: Mermaid takes "style … :…#…;" in any line for CSS, and eats the semicolon.
    return re.sub(r"[^\w ,]", lambda match: f"#{ord(match[0])};", text)


def _mermaid_class(node: Node) -> str:
    return f":::{node.status}" if node.status in FILL else ""


def _dot_label(node: Node) -> str:
    return r"\n".join(map(_dot_quoted, _caption(node)))


def _dot_quoted(text: str) -> str:
    # Graphviz reads HTML entities in every label, hence the ampersand.
    return text.replace("\\", r"\\").replace('"', r"\"").replace("&", "&amp;")


def _fill(node: Node) -> str:
    return FILL.get(node.status, UNKNOWN_FILL)


def _one_line(text: str) -> str:
    return " ".join(text.splitlines())


def _printable(text: str) -> str:
    """The text with a space for every control, bidi or surrogate character."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
