import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from taskwatch.model.drawing import FILL, Node, dot, mermaid, text_tree

HOSTILE = st.text(
    st.one_of(st.sampled_from('"\\[]{}()<>&#;:`%|-n\n\r\t\0\x1b\u202e\u2028ﬂ°¶ß'), st.characters())
)


@st.composite
def pictures(draw: st.DrawFn) -> list[Node]:
    tasks = draw(st.permutations(range(draw(st.integers(0, 10)))))
    return [task_after(task, *draw(st.sets(st.integers(-2, task - 1), max_size=3))) for task in tasks]


def task_after(task: int, *befores: int) -> Node:
    return Node(task, f"T{task}", f"Task {task}", "ready", None, befores)


def code_of(node: Node) -> str:
    return node.code


def edges_of(nodes: list[Node]) -> set[tuple[int, int]]:
    known = {node.id for node in nodes}
    return {(before, node.id) for node in nodes for before in node.after if before in known}


def seen(text: str) -> str:
    """What a reader sees of hostile text."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


# The tree


def test_a_tree_shows_a_task_with_two_predecessors_in_full_under_the_last_of_them():
    nodes = [task_after(1), task_after(2, 1), task_after(3, 1), task_after(4, 2, 3), task_after(5)]
    assert text_tree(nodes, code_of) == [
        "T1",
        "├─ T2",
        "│  └─ (see T4)",
        "└─ T3",
        "   └─ T4",
        "T5",
    ]


def test_a_tree_is_drawn_with_the_label_it_is_given_on_a_line_of_its_own():
    nodes = [
        task_after(1)._replace(name="Check\nthe\r\nstock"),
        task_after(2, 1)._replace(name="\x1b[1mPay\x1b[0m"),
    ]
    assert text_tree(nodes, lambda node: node.name) == ["Check the stock", "└─ \x1b[1mPay\x1b[0m"]


@given(pictures())
def test_every_task_stands_in_the_tree_once_in_full_and_every_edge_once(nodes):
    lines = text_tree(nodes, code_of)
    in_full = [line.lstrip("│├└─ ") for line in lines if "(see " not in line]
    assert sorted(in_full) == sorted(node.code for node in nodes)
    roots = sum(1 for line in lines if line.startswith("T"))
    assert len(lines) - roots == len(edges_of(nodes))


@given(pictures())
def test_the_tree_can_be_read_back(nodes):
    found = set()
    trunk: list[int] = []
    for line in text_tree(nodes, code_of):
        depth = line.index("(" if "(" in line else "T") // 3
        task = int(re.search(r"\d+", line)[0])
        found |= {(trunk[depth - 1], task)} if depth else set()
        trunk[depth:] = [task]
    assert found == edges_of(nodes)


def test_a_chain_of_five_thousand_tasks_is_drawn():
    lines = text_tree([task_after(task, task - 1) for task in range(5_000)], code_of)
    assert len(lines) == 5_000
    assert lines[-1].endswith("└─ T4999")


def test_tasks_that_wait_for_each_other_are_no_tree():
    with pytest.raises(ValueError, match="cycle"):
        text_tree([task_after(1, 2), task_after(2, 1)], code_of)


# Mermaid


def test_mermaid_draws_tasks_with_their_state_and_edges():
    nodes = [
        Node(1, "CHECK_BC114", "Check (all) stock", "in_progress", 30, ()),
        Node(2, "PAY_BC114", "Pay", "pending", None, (1, 1, 77)),
    ]
    assert mermaid(nodes).splitlines() == [
        "flowchart LR",
        "    classDef pending fill:#e5e7eb,color:#111827",
        "    classDef in_progress fill:#fde68a,color:#111827",
        '    t1["CHECK_BC114<br/>Check #40;all#41; stock<br/>in_progress, 30 min"]:::in_progress',
        '    t2["PAY_BC114<br/>Pay<br/>pending"]:::pending',
        "    t1 --> t2",
    ]


def as_mermaid_reads(source: str) -> str:
    """Mermaid's first pass over a whole diagram: semicolons of CSS lines go, entities are set aside."""
    without_css = re.sub(r"(?:style|classDef).*:\S*#.*;", lambda match: match[0][:-1], source)
    return re.sub(r"#(\w+);", r"&#\1;", without_css)


@given(HOSTILE, HOSTILE)
@example("style: #", 'end"]:::x\n click t1 "javascript:alert(1)"')
@example("classDef:#", "`**bold**` %%{init: {}}%% <script>")
def test_no_text_breaks_out_of_a_mermaid_label(code, name):
    lines = as_mermaid_reads(mermaid([Node(1, code, name, "ready", None, ())])).split("\n")
    assert len(lines) == 3
    label = re.fullmatch(r'    t1\["([^"`{}<>]*(?:<br/>[^"`{}<>]*)*)"\]:::ready', lines[2])
    assert label is not None
    shown = [html.unescape(part) for part in label[1].split("<br/>")]
    assert shown == [*map(seen, filter(None, [code, name])), "ready"]


# Graphviz


def test_graphviz_draws_tasks_with_their_state_and_edges():
    nodes = [
        Node(1, "CHECK_BC114", 'Check "all" stock', "in_progress", 30, ()),
        Node(2, "PAY_BC114", "Pay", "pending", None, (1, 1, 77)),
    ]
    assert dot(nodes).splitlines() == [
        "digraph workflow {",
        "    rankdir=LR",
        '    node [shape=box, style="rounded,filled", fontcolor="#111827"]',
        r'    t1 [label="CHECK_BC114\nCheck \"all\" stock\nin_progress, 30 min", fillcolor="#fde68a"]',
        r'    t2 [label="PAY_BC114\nPay\npending", fillcolor="#e5e7eb"]',
        "    t1 -> t2",
        "}",
    ]


def as_graphviz_shows(quoted: str) -> list[str]:
    """The lines of an escaped label: pairs of backslashes, quotes, line ends, then HTML entities."""
    meanings = {r"\\": "\\", r"\"": '"', r"\n": "\n"}
    text = re.sub(r"\\.", lambda match: meanings[match[0]], quoted)
    return html.unescape(text).split("\n")


@given(HOSTILE, HOSTILE)
@example("back\\", '", URL="javascript:alert(1)')
@example(r"\N \G \"", "&lt;b&gt; &amp;")
def test_no_text_breaks_out_of_a_graphviz_label(code, name):
    lines = dot([Node(1, code, name, "ready", None, ())]).split("\n")
    assert len(lines) == 5
    label = re.fullmatch(r'    t1 \[label="((?:[^"\\]|\\.)*)", fillcolor="#[0-9a-f]{6}"\]', lines[3])
    assert label is not None
    assert as_graphviz_shows(label[1]) == [*map(seen, filter(None, [code, name])), "ready"]


# Both


@pytest.mark.parametrize("draw", [mermaid, dot])
def test_every_status_has_its_colour_and_stands_in_the_label(draw):
    for status, fill in FILL.items():
        source = draw([task_after(1)._replace(status=status)])
        assert fill in source
        assert f'{status}"' in source
    assert len(set(FILL.values())) == len(FILL)


@pytest.mark.parametrize("draw", [mermaid, dot])
def test_an_unknown_status_is_only_a_word_in_the_label(draw):
    source = draw([task_after(1)._replace(status='odd"]')])
    assert source.count("odd") == 1
    assert 'odd"' not in source


@given(pictures())
def test_the_edges_of_both_are_the_dependencies(nodes):
    for source, arrow in ((mermaid(nodes), "-->"), (dot(nodes), "->")):
        found = re.findall(rf"^    t(\d+) {arrow} t(\d+)$", source, re.MULTILINE)
        assert sorted((int(before), int(task)) for before, task in found) == sorted(edges_of(nodes))
