"""Write the manual pages from the command tree, the table of keys and the hand-written `*.in` files.

Run it after a command, an option or a key changed:

    python man/generate.py

A line `@NAME@` of a hand-written file is replaced by what is generated for it.
"""

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path

import click

from taskwatch import __version__
from taskwatch.cli.command import Command, shared_options
from taskwatch.cli.outcome import EXIT_CODES
from taskwatch.cli.table import root_group
from taskwatch.cli.tree import Leaf, walk
from taskwatch.config import KEYS, Key

FOLDER = Path(__file__).parent
RELEASED = "2026-11-23"
_TABLES = "'\\\" t"  # tells man that the page has tables


def main() -> None:
    """Write every page beside this file."""
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    """Every page by file name."""
    leaves = list(walk())
    tops = [leaf for leaf in leaves if len(leaf.words) == 1]
    found = {f"{_page_name(top)}.1": _command_page(top, _below(top, leaves)) for top in tops}
    parts = {
        "COMMANDS": [line for top in tops for line in _command_entry(top)],
        "SHARED": [line for option in shared_options() for line in _option(option)],
        "OWN": [line for option in _options(root_group()) for line in _option(option)],
        "EXIT": [line for code, meaning in EXIT_CODES.items() for line in _tagged(f"{code}", meaning)],
        "VARIABLES": [line for key in KEYS.values() for line in _variable(key)],
        "KEYS": [line for key in KEYS.values() for line in _key(key)],
        "PAGES": [_see_also(tops)],
    }
    for path in sorted(FOLDER.glob("*.in")):
        found[path.stem] = _fill(path.stem, parts)
    return found


def _fill(name: str, parts: dict[str, list[str]]) -> str:
    title, section = name.rsplit(".", 1)
    lines = [_heading(title, section)]
    for line in (FOLDER / f"{name}.in").read_text(encoding="utf-8").splitlines():
        mark = re.fullmatch(r"@(\w+)@", line)
        lines += parts[mark[1]] if mark else [line]
    return _join([_TABLES, *lines] if ".TS" in lines else lines)


def _command_page(top: Leaf, below: list[Leaf]) -> str:
    commands = below or [top]
    name = _page_name(top)
    return _join(
        [
            _heading(name, "1"),
            ".SH NAME",
            f"{_text(name)} \\- {_text(top.line.rstrip('.')[:1].lower() + top.line.rstrip('.')[1:])}",
            ".SH SYNOPSIS",
            *_between([[_usage(leaf)] for leaf in commands], ".br"),
            ".SH DESCRIPTION",
            *_paragraphs(top.command.help or ""),
            *([".SH COMMANDS"] if below else []),
            *(line for leaf in below for line in _subsection(leaf)),
            *_option_section(top),
            ".SH SHARED OPTIONS",
            "The options that every command has are described in",
            ".BR taskwatch (1).",
            *_examples([top, *below]),
            ".SH EXIT STATUS",
            "See",
            ".BR taskwatch (1).",
            ".SH SEE ALSO",
            ".BR taskwatch (1),",
            ".BR taskwatch.toml (5),",
            ".BR taskwatch (7)",
        ]
    )


def _subsection(leaf: Leaf) -> Iterator[str]:
    yield f'.SS "{_text(" ".join(leaf.words))}"'
    yield from _paragraphs(leaf.command.help or "")
    for option in _options(leaf.command):
        yield from _option(option)


def _option_section(leaf: Leaf) -> Iterator[str]:
    options = _options(leaf.command)
    if options:
        yield ".SH OPTIONS"
    for option in options:
        yield from _option(option)


def _examples(leaves: list[Leaf]) -> list[str]:
    groups = [
        [".nf", *(f"    {_text(line)}".rstrip() or ".sp" for line in leaf.command.examples), ".fi"]
        for leaf in leaves
        if isinstance(leaf.command, Command) and leaf.command.examples
    ]
    return [".SH EXAMPLES", *_between(groups, ".PP")] if groups else []


def _command_entry(top: Leaf) -> list[str]:
    return [".TP", f".BR {_text(_page_name(top))} (1)", _text(top.line)]


def _option(option: click.Option) -> list[str]:
    record = option.get_help_record(click.Context(click.Command("x")))
    return _tagged(*record) if record else []


def _variable(key: Key) -> list[str]:
    return _tagged(key.environ, f"{key.about}: {key.name} in taskwatch.toml(5).")


def _key(key: Key) -> list[str]:
    default = json.dumps(key.default)
    return _tagged(f"{key.name} = {default}", f"{key.about}: {key.kind.wants}. Variable: {key.environ}.")


def _tagged(tag: str, text: str) -> list[str]:
    return [".TP", f".B {_text(tag)}", *_paragraphs(text)]


def _usage(leaf: Leaf) -> str:
    ctx = click.Context(click.Group("taskwatch"), info_name="taskwatch")
    for word in leaf.words:
        ctx = click.Context(leaf.command, info_name=word, parent=ctx)
    pieces = " ".join(leaf.command.collect_usage_pieces(ctx))
    return f".B {_text(' '.join(('taskwatch', *leaf.words)))}\n{_text(pieces)}"


def _options(command: click.Command) -> list[click.Option]:
    return [param for param in command.params if isinstance(param, click.Option) and not param.hidden]


def _below(top: Leaf, leaves: list[Leaf]) -> list[Leaf]:
    return [leaf for leaf in leaves if len(leaf.words) > 1 and leaf.words[0] == top.words[0]]


def _see_also(tops: list[Leaf]) -> str:
    return ",\n".join(f".BR {_text(_page_name(top))} (1)" for top in tops)


def _between(groups: list[list[str]], separator: str) -> list[str]:
    lines = [line for group in groups for line in (separator, *group)]
    return lines[1:]


def _page_name(top: Leaf) -> str:
    return f"taskwatch-{top.words[0]}"


def _heading(title: str, section: str) -> str:
    return f'.TH {title.upper()} {section} {RELEASED} "taskwatch {__version__}" "taskwatch manual"'


def _paragraphs(help_text: str) -> Iterator[str]:
    """The text's paragraphs; one that begins with the mark by which click leaves it alone keeps its lines."""
    blocks = [block for block in re.split(r"\n\s*\n", inspect.cleandoc(help_text)) if block.strip()]
    for index, block in enumerate(blocks):
        if index:
            yield ".PP"
        lines = [line for line in block.splitlines() if line.strip()]
        if lines[0].strip() == "\b":
            yield from (".nf", *map(_text, lines[1:]), ".fi")
        else:
            yield from (_text(line.strip()) for line in lines)


def _text(text: str) -> str:
    """Text that roff shows as it is: backslashes, hyphens and leading dots mean nothing to it."""
    safe = text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq")
    return f"\\&{safe}" if safe.startswith((".", "'")) else safe


def _join(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
