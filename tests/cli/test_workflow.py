"""`taskwatch workflow`, through the real program."""

import json
import os
import re
import shutil

import pytest

EXAMPLE = os.path.join(os.path.dirname(__file__), "..", "data", "bc.toml")
CYCLE = """\
[workflow]
code = "t"
name = "T"

[[task]]
code = "A"
name = "a"
after = ["B"]

[[task]]
code = "B"
name = "b"
after = ["A"]

[[task]]
code = "SHIP"
name = "ship"
after = ["SHIPP"]
"""


@pytest.fixture
def started(ask):
    ask("workflow", "define", EXAMPLE)
    return ask("workflow", "start", "bc", "Order", "114")


def test_a_type_is_defined_once_and_then_in_versions(run, tmp_path):
    assert run("workflow", "define", EXAMPLE)[:2] == (0, "define bc version 1\n")
    assert run("workflow", "define", EXAMPLE)[:2] == (0, "bc is as version 1 says already\n")
    with open(EXAMPLE) as file:
        (tmp_path / "new.toml").write_text(file.read().replace("timeout = 30", "timeout = 31"))
    assert run("workflow", "define", "new.toml")[:2] == (0, "define bc version 2\n")
    assert "version 1 (the newest is 2)" in run("workflow", "show", "bc", "--version", "1")[1]
    assert re.search(r"bc +Order to bill of lading +2 +Order +3 +0", run("workflow", "types")[1])


def test_validation_counts_what_a_good_file_holds(run):
    assert run("workflow", "validate", EXAMPLE)[:2] == (0, "bc: 3 tasks, 2 dependencies, 3 with a timeout\n")


def test_every_problem_is_printed_with_its_line_and_a_cycle_as_a_path(run, tmp_path):
    (tmp_path / "t.toml").write_text(CYCLE)
    code, out, _ = run("workflow", "validate", "t.toml")
    assert code == 1
    assert out.splitlines() == [
        "t.toml:18: there is no task 'SHIPP' in this file (did you mean SHIP?)",
        "t.toml:8: these tasks wait for each other: A -> B -> A (remove one of these dependencies)",
    ]


def test_defining_a_bad_file_says_the_same_and_changes_nothing(run, ask, tmp_path):
    (tmp_path / "t.toml").write_text(CYCLE)
    ask("workflow", "define", EXAMPLE)
    findings = run("workflow", "validate", "t.toml")[1]
    code, out, err = run("workflow", "define", EXAMPLE, "t.toml")
    assert (code, out) == (1, "")
    assert err.startswith(findings)
    assert "error: 2 problems found, nothing was defined" in err
    assert [row["version"] for row in ask("workflow", "types")] == [1]
    _, _, err = run("workflow", "define", "t.toml", "--json")
    assert [problem["line"] for problem in json.loads(err)["error"]["problems"]] == [18, 8]


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"[workflow\n", 1), (b"\xff", 1), (b"", 1), (b"a = 1\n\nb = \n", 3), (None, None)],
)
def test_a_file_that_cannot_be_read_is_a_problem_like_others(run, tmp_path, content, line):
    if content is not None:
        (tmp_path / "x.toml").write_bytes(content)
    code, out, err = run("workflow", "validate", EXAMPLE, "x.toml", "--json")
    assert (code, err) == (1, "")
    answer = json.loads(out)
    assert [each["code"] for each in answer["types"]] == ["bc"]
    assert {problem["line"] for problem in answer["problems"]} == {line}
    assert not answer["valid"]


def test_one_type_in_two_files_is_refused(run, tmp_path):
    shutil.copy(EXAMPLE, tmp_path / "b.toml")
    assert "defined by an earlier file" in run("workflow", "define", EXAMPLE, "b.toml")[2]


def test_a_file_with_a_hostile_name_and_content_is_printed_safely(run, tmp_path):
    name = "a\x1b[31m.toml"
    (tmp_path / name).write_text('[workflow]\ncode = "\\u001b]0;x\\u0007"\nname = "T"\n"\\u202e" = 1\n')
    code, out, _ = run("workflow", "validate", name)
    assert code == 1
    assert all(line.isprintable() for line in out.splitlines())


def test_a_started_workflow_shows_its_tasks(run, started):
    assert started["became_ready"] == ["ADV_REVIEW_BC114"]
    code, out, _ = run("workflow", "show", "bc.114")
    assert code == 0
    assert "bc Order 114  active, 0% done, 0 of 3" in out
    assert re.search(r"1 +ADV_REVIEW_BC114 +ready +role:adv", out)


def test_progress_has_what_a_front_end_needs(ask, started):
    shown = ask("workflow", "show", "bc.114")
    assert shown["definition"] is None
    found = shown["progress"]
    assert found["progress_percentage"] == 0
    assert found["nodes"][0]["id"] == "1"
    assert found["nodes"][0]["data"]["can_start"] is True
    assert found["edges"][0] == {"id": "e1-2", "source": "1", "target": "2"}


def test_starting_twice_is_a_conflict_and_a_key_makes_it_the_same_answer(run, ask, started):
    code, _, err = run("workflow", "start", "bc", "Order", "114")
    assert code == 6
    assert "is active already" in err
    again = ("workflow", "start", "bc", "Order", "115", "--idempotency-key", "k")
    assert ask(*again) == ask(*again)


def test_a_dry_run_prints_the_exact_set_and_changes_nothing(run, ask, started):
    code, out, _ = run("workflow", "cancel", "bc.114", "--dry-run")
    assert code == 0
    assert out.splitlines() == [
        "would: cancel bc Order 114, workflow 1",
        "would: cancel ADV_REVIEW_BC114",
        "would: cancel CONVERT_TO_BL_BC114",
        "would: cancel DELIVER_BC114",
    ]
    assert ask("workflow", "list")[0]["status"] == "active"
    run("workflow", "cancel", "bc.114", "--reason", "duplicate")
    assert ask("workflow", "list", "--status", "cancelled")[0]["id"] == 1


def test_a_graph_is_a_tree_or_mermaid_or_dot(run, started):
    tree = run("workflow", "graph", "bc.114")[1].splitlines()
    assert tree[0] == "ADV_REVIEW_BC114  ADV Review  [ready, 30 min]"
    assert tree[1].startswith("└─ CONVERT_TO_BL_BC114")
    mermaid = run("workflow", "graph", "1", "--format", "mermaid")[1]
    assert mermaid.startswith("flowchart LR\n")
    assert "    t1 --> t2\n" in mermaid
    dot = run("workflow", "graph", "1", "--format", "dot")[1]
    assert dot.startswith("digraph workflow {\n")
    assert "    t1 -> t2\n" in dot


@pytest.mark.parametrize("form", ["tree", "mermaid", "dot"])
def test_a_graph_in_json_has_the_same_text(run, ask, started, form):
    answer = ask("workflow", "graph", "1", "--format", form)
    assert answer == {"format": form, "text": run("workflow", "graph", "1", "--format", form)[1].rstrip("\n")}


def test_hostile_names_are_printed_safely_everywhere(run, tmp_path):
    (tmp_path / "t.toml").write_text(
        '[workflow]\ncode = "t"\nname = "\\u202eT"\n[[task]]\ncode = "A"\nname = "\\u2066<b>\\"]; x"\n'
    )
    assert run("workflow", "define", "t.toml")[0] == 0
    assert run("workflow", "start", "t", "Order", "1")[0] == 0
    for words in (
        ["show", "t"],
        ["show", "t.1"],
        ["graph", "t.1"],
        ["types"],
        ["graph", "t.1", "--format", "dot"],
    ):
        code, out, _ = run("workflow", *words)
        assert code == 0
        assert all(line.isprintable() for line in out.splitlines())


def test_a_list_that_is_cut_off_says_so(run, ask, started):
    ask("workflow", "start", "bc", "Order", "115")
    code, out, err = run("workflow", "list", "--limit", "1")
    assert code == 0
    assert "Order 115" in out
    assert "Order 114" not in out
    assert "more than 1" in err


def test_nothing_to_list_is_a_sentence_or_an_empty_list(run, ask, started):
    assert run("workflow", "list", "--status", "completed") == (0, "", "There are no such workflows.\n")
    assert ask("workflow", "list", "--status", "completed") == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["show", "bc.999"], 3),
        (["show", "xyz"], 3),
        (["show", "999999"], 3),
        (["show", "bc", "--version", "9" * 30], 2),
        (["show", "bc.114", "--version", "1"], 2),
        (["graph", "\x1b[2J"], 3),
        (["start", "bd", "Order", "1"], 3),
        (["start", "bc", "Invoice", "1"], 2),
        (["start", "bc", "Order", "2", "--at", "in 2h"], 2),
        (["start", "bc", "Order", "2", "--by", "77"], 3),
        (["cancel", "bc.999"], 3),
        (["list", "--status", "lost"], 2),
        (["list", "--type", "bd"], 3),
    ],
)
def test_what_is_wrong_has_its_exit_code(run, started, words, code):
    left, out, err = run("workflow", *words)
    assert (left, out) == (code, "")
    assert all(line.isprintable() for line in err.splitlines())


def test_a_workflow_can_be_started_in_the_past(ask, started):
    ask("workflow", "start", "bc", "Order", "115", "--at", "2020-01-01T00:00:00Z")
    assert ask("workflow", "list")[0]["started_at"] == "2020-01-01T00:00:00Z"
