"""`taskwatch inbox`, `mute`, `sla ack` and the wishes of users, as people and programs see them."""

import pytest

from posts import post
from taskwatch.store import open_store
from taskwatch.testing import HandClock


@pytest.fixture
def filled(home, run):
    """User 5 with two entries, and a task A in progress."""
    for line in (
        "user add dana --id 5 --email dana@example.org",
        "task add A --timeout 30m --assign user:5",
    ):
        assert run(*line.split())[0] == 0
    assert run("task", "start", "A")[0] == 0
    store = open_store(str(home / "t.db"))
    for title in ("Task ready: A", "Late \x1b[31m"):
        post(store, HandClock(), title=title)
    store.close()
    return run


def test_an_inbox_is_listed_read_and_put_away(filled, ask):
    code, out, _ = filled("inbox", "list", "--user", "5")
    assert code == 0
    assert out.splitlines()[0].split() == ["id", "state", "level", "title", "came"]
    assert "\x1b" not in out
    assert [entry["id"] for entry in ask("inbox", "list", "--user", "5", "--unread")] == [2, 1]
    assert filled("inbox", "read", "1", "--user", "5")[1] == "1 entry read, 1 unread\n"
    assert filled("inbox", "read", "--all", "--user", "5", "-n")[1] == "would: 1 entry read, 0 unread\n"
    assert filled("inbox", "archive", "--all", "--user", "5")[1] == "1 entry archived, 1 unread\n"
    assert filled("inbox", "count", "--user", "5")[1] == "1 unread, 1 of them new\n"


def test_whose_inbox_is_said_or_configured(filled, monkeypatch):
    code, _, err = filled("inbox", "list")
    assert (code, "--user 5" in err) == (2, True)
    monkeypatch.setenv("TASKWATCH_USER", "5")
    assert filled("inbox", "count")[0] == 0


@pytest.mark.parametrize("args", [[], ["1", "--all"]])
def test_entries_are_named_or_all(filled, args):
    assert filled("inbox", "read", *args, "--user", "5")[0] == 2


def test_an_empty_inbox_says_so_on_stderr(filled):
    assert filled("inbox", "list", "--user", "5", "--archived")[1:] == ("", "There are no such entries.\n")


def test_a_mute_needs_an_end(filled, ask):
    assert filled("mute", "add", "task", "A")[0] == 2
    assert filled("mute", "add", "task", "A", "--for", "never")[0] == 2
    made = ask("mute", "add", "task", "A", "--for", "2h", "--by", "5", "--reason", "lunch")
    assert (made["target"], made["muted_by"], made["reason"]) == ("1", 5, "lunch")
    assert "lunch" in filled("mute", "list")[1]
    assert filled("mute", "end", "1")[1] == "end mute 1: task 1\n"
    assert filled("mute", "list")[1:] == ("", "Nothing is muted.\n")
    assert "over" in filled("mute", "list", "--all")[1]


def test_wishes_of_a_user_are_kept(filled, ask):
    code, out, _ = filled("user", "prefer", "set", "5", "mail", "no", "--kind", "task.became.ready")
    assert (code, out.splitlines()[0]) == (0, "task.became.ready on mail: no")
    out = filled("user", "quiet", "set", "5", "22:00-07:00", "--days", "sat,sun")[1]
    assert out.splitlines()[1] == "quiet hours: 22:00-07:00 sat, sun in local time"
    assert filled("user", "quiet", "clear", "5")[1].splitlines()[1] == "quiet hours: none"
    filled("user", "prefer", "forget", "5", "mail", "--kind", "task.became.ready")
    assert filled("user", "prefer", "list", "5")[1].splitlines()[0] == "everything on every channel: yes"


def test_addresses_of_a_user_are_kept(filled, ask):
    assert [each["address"] for each in ask("user", "contact", "list", "5")] == ["dana@example.org"]
    out = filled("user", "contact", "add", "5", "mail", "work@example.org")[1]
    assert out == "user 5 is reached by mail at work@example.org\n"
    assert filled("user", "contact", "remove", "5", "mail", "work@example.org")[0] == 0
    assert filled("user", "contact", "remove", "5", "mail", "work@example.org")[0] == 3


def test_a_late_task_is_taken_care_of(filled, ask, monkeypatch):
    from taskwatch import clock

    assert filled("sla", "ack", "A")[0] == 6
    later = clock.now() + 45 * 60_000
    monkeypatch.setattr(clock, "now", lambda: later)
    out = filled("--utc", "sla", "ack", "A", "--by", "5", "--for", "4h")[1]
    assert out.startswith("A is taken care of by user 5 until ")
    (done,) = ask("sla", "snooze", "A", "--for", "30m")
    assert (done["kind"], done["level"]) == ("snooze", "low")
    assert "until" in filled("sla", "violations")[1]
    assert filled("sla", "unack", "A")[1] == "A alerts again\n"
    assert filled("sla", "unack", "A")[0] == 6
