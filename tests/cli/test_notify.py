"""`taskwatch notify` from outside: run, status, dead letters, replay, test and probe of a program."""

import json
import shutil
import signal
import subprocess
import sys
import time

import pytest

from outbox import put
from taskwatch.clock import now
from taskwatch.store import open_store

SINK = """\
[channel.sink]
type = "exec"
command = ["sh", "-c", 'printf "%%s\\n\\n" "$(cat)" >> sink.ndjson; %s']
"""


@pytest.fixture
def sink(home, monkeypatch):
    """A channel that writes what it gets to a file and ends as told; what it got."""

    def sink(then="exit 0"):
        (home / "taskwatch.toml").write_text(SINK % then)
        return got

    def got():
        file = home / "sink.ndjson"
        return [json.loads(line) for line in file.read_text().splitlines() if line] if file.exists() else []

    return sink


@pytest.fixture
def queued(home, clock):
    """Put so many deliveries for a channel into the queue."""

    def queued(count=1, channel="sink", **fields):
        store = open_store(str(home / "t.db"))
        try:
            clock.now = now()
            return put(store, clock, count, channel=channel, address="", **fields)
        finally:
            store.close()

    return queued


def test_run_once_delivers_what_is_due_and_ends(ask, sink, queued):
    got = sink()
    queued(3)
    done = ask("notify", "run", "--once")
    assert (done["sent"], done["pending"], done["dead"]) == (3, 0, 0)
    assert sorted(each["id"] for each in got()) == ["d-1", "d-2", "d-3"]
    assert ask("notify", "run", "--once")["sent"] == 0


def test_run_once_plans_before_it_delivers(run, ask, sink):
    sink()
    run("user", "add", "dana", "--id", "5")
    ask("notify", "run", "--once")
    run("task", "add", "A", "--assign", "user:5")
    done = ask("notify", "run", "--once")
    assert (done["events"], done["notifications"]) == (1, 1)
    assert ask("inbox", "list", "--user", "5")[0]["kind"] == "task.became.ready"


def test_trouble_is_told_even_when_quiet(run, sink, queued):
    sink("exit 65")
    queued()
    code, out, err = run("notify", "run", "--once", "-q")
    assert (code, out) == (0, "")
    assert "1 dead" in err


def test_the_dead_are_listed_shown_and_tried_again(run, ask, sink, queued):
    sink("echo no such box >&2; exit 65")
    queued()
    ask("notify", "run", "--once")
    (letter,) = ask("notify", "dead", "list")
    assert (letter["reason"], letter["detail"]) == ("refused", "exit code 65: no such box")
    assert ask("notify", "dead", "show", "1")["log"][0]["outcome"] == "permanent"
    got = sink()
    assert ask("notify", "dead", "retry", "1")["deliveries"] == [1]
    assert ask("notify", "run", "--once")["sent"] == 1
    assert [each["id"] for each in got()] == ["d-1", "d-1"]


def test_people_read_the_dead_in_a_table_and_a_letter_line_by_line(run, ask, sink, queued):
    sink("echo no such box >&2; exit 65")
    queued()
    ask("notify", "run", "--once")
    assert "no such box" in run("notify", "dead", "list")[1]
    shown = run("notify", "dead", "show", "1")[1]
    assert "dead (refused)" in shown
    assert "ago: permanent: exit code 65: no such box" in shown
    assert run("notify", "dead", "discard", "1", "--reason", "told")[1] == "discard 1\n"
    assert run("notify", "dead", "list")[2] == "Nothing is dead.\n"


@pytest.mark.parametrize("args", [(), ("1", "--all")])
def test_which_deliveries_are_meant_must_be_said_once(run, queued, args):
    queued()
    code, _, err = run("notify", "dead", "retry", *args)
    assert (code, "name deliveries, or say --all" in err) == (2, True)


def test_a_replay_counts_before_it_does_it(run, ask, sink, queued):
    sink("exit 65")
    queued(3)
    ask("notify", "run", "--once")
    planned = ask("notify", "replay", "--since", "1h", "--channel", "sink", "--dry-run")
    assert (planned["count"], planned["dry_run"]) == (3, True)
    assert run("notify", "replay", "--since", "1h", "-n")[1] == "would: try 3 messages again\n"
    sink()
    ask("notify", "replay", "--since", "1h", "--rate", "60")
    assert ask("notify", "run", "--once")["sent"] == 1


def test_the_status_shows_who_rests_and_why(run, ask, sink, queued):
    sink("echo bad password >&2; exit 78")
    queued(2)
    ask("notify", "run", "--once")
    (sink_status,) = (each for each in ask("notify", "status") if each["channel"] == "sink")
    assert (sink_status["state"], sink_status["pending"]) == ("resting", 2)
    assert "bad password; tries again in" in run("notify", "status")[1]


def test_a_test_arrives_marked_as_one(run, ask, sink):
    got = sink()
    run("user", "add", "dana", "--id", "5")
    done = ask("notify", "test", "sink", "--to", "5")
    assert (done["outcome"], done["user_id"]) == ("ok", 5)
    (message,) = got()
    assert message["is_test"] is True
    assert message["title"].startswith("[TEST] ")


def test_a_test_that_fails_says_so_in_the_words_of_the_receiver(run, sink):
    sink("echo relay access denied >&2; exit 75")
    run("user", "add", "dana", "--id", "5")
    code, out, err = run("notify", "test", "sink", "--to", "5")
    assert (code, out) == (5, "")
    assert "sink answered retry: exit code 75: relay access denied" in err


def test_a_channel_that_is_set_up_wrong_is_a_fault_of_the_configuration(run, home):
    (home / "taskwatch.toml").write_text('[channel.sink]\ntype = "exec"\ncommand = ["/nowhere/at-all"]\n')
    code, _, err = run("notify", "probe", "sink")
    assert (code, "[channel.sink]" in err) == (78, True)


def test_a_probe_of_a_channel_that_works_says_so(run, sink):
    sink()
    assert run("notify", "probe", "sink")[:2] == (0, f"sink: works, {shutil.which('sh')}\n")


def test_a_channel_that_is_not_there_is_named_with_a_similar_one(run, sink):
    sink()
    code, _, err = run("notify", "probe", "sinc")
    assert (code, "did you mean sink?" in err) == (3, True)


def test_a_run_without_end_ends_by_a_signal_and_says_what_it_did(home, sink, queued):
    got = sink()
    queued(2)
    command = [sys.executable, "-m", "taskwatch", "--json", "notify", "run"]
    with subprocess.Popen(command, cwd=home, stdout=subprocess.PIPE, text=True) as process:
        end = time.monotonic() + 20
        while len(got()) < 2 and time.monotonic() < end:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert json.loads(out)["sent"] == 2


def test_the_store_is_only_read_where_it_is(run):
    assert run("notify", "status")[0] == 3
