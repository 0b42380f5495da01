"""`taskwatch user`, through the real program."""

import io
import re
import sys

import pytest


@pytest.fixture
def dana(ask):
    return ask("user", "add", "dana", "--id", "5", "--email", "dana@example.com", "--role", "driver")


def test_a_user_is_added_with_everything(ask, dana):
    assert (dana["id"], dana["name"], dana["email"], dana["roles"]) == (
        5,
        "dana",
        "dana@example.com",
        ["driver"],
    )
    assert ask("user", "show", "5") == {**dana, "open_tasks": []}
    assert ask("user", "add", "eli", "--timezone", "Europe/Paris", "--admin")["id"] == 6
    assert [user["admin"] for user in ask("user", "list")] == [False, True]


def test_users_are_printed_in_a_table(run, dana):
    code, out, _ = run("user", "list")
    assert code == 0
    assert re.search(r"5 +dana +dana@example.com +driver", out)
    assert "user 5  dana, dana@example.com, role:driver" in run("user", "show", "5")[1]


def test_an_edit_changes_what_is_named_and_forgets_what_it_is_told(ask, dana):
    edited = ask("user", "edit", "5", "--name", "dana d", "--no-email", "--admin")
    assert edited == {**dana, "name": "dana d", "email": None, "admin": True}
    assert ask("user", "edit", "5", "--no-admin")["admin"] is False


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["add", "x", "--id", "5"], 6),
        (["add", "x", "--id", "0"], 2),
        (["add", "x\x1b[2J"], 2),
        (["add", "x", "--timezone", "Mars"], 2),
        (["add", "x", "--email", "x"], 2),
        (["add", "x", "--role", "a b"], 2),
        (["edit", "5"], 2),
        (["edit", "5", "--email", "a@b.c", "--no-email"], 2),
        (["edit", "9", "--name", "x"], 3),
        (["show", "9"], 3),
        (["show", "dana"], 2),
        (["show", "9" * 30], 2),
        (["remove", "9"], 3),
        (["remove", "5", "--reassign", "dana"], 2),
        (["remove", "5", "--reassign", "user:6", "--force-unassign"], 2),
        (["import", "missing.ndjson"], 1),
        (["import", "."], 1),
    ],
)
def test_what_is_wrong_has_its_exit_code_and_changes_nothing(run, ask, dana, words, code):
    left, out, err = run("user", *words)
    assert (left, out) == (code, "")
    assert all(line.isprintable() for line in err.splitlines())
    assert ask("user", "list") == [dana]


def test_a_user_with_open_tasks_is_removed_only_with_an_heir_or_by_force(run, ask, dana):
    ask("task", "add", "PACK", "--assign", "user:5")
    ask("user", "add", "eli")
    code, _, err = run("user", "remove", "5")
    assert code == 6
    assert "PACK" in err
    assert "--reassign" in err
    code, out, _ = run("user", "remove", "5", "--reassign", "user:6", "--dry-run")
    assert out.splitlines() == ["would: reassign to user:6: PACK", "would: remove user 5: dana"]
    assert len(ask("user", "list")) == 2
    assert ask("user", "remove", "5", "--reassign", "user:6")["open_tasks"] == ["PACK"]
    assert ask("user", "show", "6")["open_tasks"] == ["PACK"]
    assert run("user", "remove", "6", "--force-unassign")[1].splitlines() == [
        "unassign PACK",
        "remove user 6: eli",
    ]


def test_an_import_is_done_once_and_a_bad_line_is_named(run, ask, tmp_path):
    people = tmp_path / "people.ndjson"
    people.write_text('{"id": 5, "name": "dana", "roles": ["driver"]}\n\n{"id": 6, "name": "eli"}\n')
    assert run("user", "import", "people.ndjson")[1] == "2 added, 0 changed, 0 as they were\n"
    assert ask("user", "import", "people.ndjson") == {"added": 0, "changed": 0, "unchanged": 2}
    people.write_text('{"id": 7, "name": "fay"}\n{"id": 8}\n')
    code, out, err = run("user", "import", "people.ndjson")
    assert (code, out) == (1, "")
    assert "error: people.ndjson:2: a user needs a name" in err
    assert [user["id"] for user in ask("user", "list")] == [5, 6]


def test_an_import_reads_stdin(ask, monkeypatch):
    given = io.TextIOWrapper(io.BytesIO(b'{"id": 5, "name": "dana"}'))
    monkeypatch.setattr(sys, "stdin", given)
    assert ask("user", "import", "-")["added"] == 1


def test_nobody_is_a_sentence_or_an_empty_list(run, ask, dana):
    assert run("user", "list", "--role", "boss") == (0, "", "There are no such users.\n")
    assert ask("user", "list", "--role", "boss") == []


def test_a_hostile_name_is_printed_safely(run, ask):
    ask("user", "add", "\u202eanad")
    for words in (["list"], ["show", "1"]):
        assert all(line.isprintable() for line in run("user", *words)[1].splitlines())
