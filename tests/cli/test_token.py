"""`taskwatch token`, through the real program."""

import os
import re

import pytest

SECRET = re.compile(r"tw_[A-Za-z0-9_-]{43}\n")


@pytest.fixture
def dana(ask):
    return ask("user", "add", "dana", "--id", "5", "--role", "driver")


def test_the_secret_goes_to_stdout_alone_and_the_note_to_stderr(run):
    code, out, err = run("token", "create", "--name", "ci", "--admin")
    assert code == 0
    assert SECRET.fullmatch(out)
    assert "token 1 ci: admin" in err
    assert out.strip() not in err


def test_a_token_is_made_with_everything(ask, dana):
    made = ask("token", "create", "--name", "ci", "--user", "5", "--role", "adv", "--role", "boss",
               "--workflow", "bc", "--workflow", "dd", "--expires", "2099-01-01T00:00:00Z")  # fmt: skip
    assert SECRET.fullmatch(made.pop("secret") + "\n")
    assert (made["user_id"], made["roles"], made["workflows"]) == (5, ["adv", "boss"], ["bc", "dd"])
    assert made["expires_at"] == "2099-01-01T00:00:00Z"
    assert ask("token", "list") == [made]


@pytest.mark.parametrize(
    ("expires", "days"), [([], 90), (["--expires", "30d"], 30), (["--expires", "in 2d"], 2)]
)
def test_a_token_ends_when_it_was_told_to(ask, expires, days):
    from datetime import datetime

    made = ask("token", "create", *expires)
    begin, end = (datetime.fromisoformat(made[key]) for key in ("created_at", "expires_at"))
    assert abs((end - begin).total_seconds() - days * 86_400) < 60


def test_a_token_may_never_end(ask):
    assert ask("token", "create", "--expires", "never")["expires_at"] is None


def test_tokens_are_listed_without_their_secrets(run, ask, dana):
    secret = ask("token", "create", "--name", "a", "--user", "5")["secret"]
    ask("token", "create", "--name", "b", "--workflow", "bc")
    ask("token", "revoke", "b")
    code, out, _ = run("token", "list")
    assert code == 0
    assert re.search(r"1 +a +active +user:5", out)
    assert "bc" not in out
    assert re.search(r"2 +b +revoked +only bc", run("token", "list", "--all")[1])
    assert secret not in out + run("token", "list", "--all", "--json")[1] + run("events", "list", "--json")[1]


def test_without_tokens_a_sentence_or_an_empty_list(run, ask):
    run("user", "list")
    assert ask("user", "add", "dana")
    assert run("token", "list") == (0, "", "There are no such tokens.\n")
    assert ask("token", "list") == []


def test_a_token_is_revoked_once(run, ask):
    ask("token", "create", "--name", "ci")
    assert run("token", "revoke", "ci", "-n")[1] == "would: revoke token 1: ci: may look\n"
    assert run("token", "revoke", "ci")[1] == "revoke token 1: ci: may look\n"
    assert run("token", "revoke", "1")[0] == 6


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["create", "--user", "9"], 3),
        (["create", "--user", "dana"], 2),
        (["create", "--role", "a b"], 2),
        (["create", "--workflow", "B"], 2),
        (["create", "--admin", "--workflow", "bc"], 2),
        (["create", "--expires", "soon"], 2),
        (["create", "--expires", "yesterday"], 2),
        (["create", "--expires", "0s"], 2),
        (["create", "--name", "7"], 2),
        (["revoke", "nobody"], 3),
        (["revoke"], 2),
    ],
)
def test_bad_input_has_its_exit_code_and_changes_nothing(run, ask, words, code):
    ask("user", "add", "dana")
    before = ask("events", "list")
    assert run("token", *words)[0] == code
    assert ask("events", "list") == before


def test_the_pusher_app_keeps_its_secret(run, ask):
    first = ask("token", "pusher")
    assert (first["app_id"], first["key"]) == ("1", "taskwatch")
    assert ask("token", "pusher") == first
    assert run("token", "pusher")[1].split() == [word for pair in first.items() for word in pair]


def test_the_secret_of_the_pusher_app_may_be_in_a_file_of_its_own(run, ask, home):
    path = home / "secret"
    path.write_text("hidden-word\n")
    os.chmod(path, 0o600)
    assert ask("token", "pusher", "-o", f"pusher.secret_file={path}")["secret"] == "hidden-word"
    os.chmod(path, 0o644)
    code, out, err = run("token", "pusher", "-o", f"pusher.secret_file={path}")
    assert (code, out) == (78, "")
    assert "hidden-word" not in err
