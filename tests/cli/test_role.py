"""`taskwatch role`, through the real program."""

import re

import pytest


@pytest.fixture(autouse=True)
def people(ask):
    ask("user", "add", "dana", "--id", "5")
    ask("user", "add", "eli", "--id", "6")


def test_a_role_is_granted_and_revoked_and_says_what_was_so_already(run):
    assert run("role", "grant", "driver", "5")[:2] == (0, "user 5 got the role driver\n")
    assert run("role", "grant", "driver", "5", "6")[1].splitlines() == [
        "user 5 has the role driver",
        "user 6 got the role driver",
    ]
    assert run("role", "revoke", "driver", "5")[:2] == (0, "user 5 lost the role driver\n")
    assert run("role", "revoke", "driver", "5")[:2] == (0, "user 5 does not have the role driver\n")


def test_roles_are_listed_with_users_and_open_tasks(run, ask):
    assert run("role", "list") == (0, "", "There are no roles.\n")
    ask("role", "grant", "driver", "5", "6")
    ask("task", "add", "PACK", "--assign", "role:packer")
    assert ask("role", "list") == [
        {"name": "driver", "members": [5, 6], "open_tasks": 0},
        {"name": "packer", "members": [], "open_tasks": 1},
    ]
    assert re.search(r"driver +5, 6 +0", run("role", "list")[1])


def test_a_dry_run_grants_nothing(run, ask):
    assert run("role", "grant", "driver", "5", "-n")[1] == "would: user 5 got the role driver\n"
    assert ask("role", "list") == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["grant", "driver", "5", "9"], 3),
        (["grant", "dri\x1bver", "5"], 2),
        (["grant", "driver", "dana"], 2),
        (["grant", "driver"], 2),
        (["revoke", "driver", "9"], 3),
        (["grant", "driver", "5", "--by", "9"], 3),
    ],
)
def test_what_is_wrong_has_its_exit_code_and_changes_nothing(run, ask, words, code):
    left, out, err = run("role", *words)
    assert (left, out) == (code, "")
    assert all(line.isprintable() for line in err.splitlines())
    assert ask("role", "list") == []
