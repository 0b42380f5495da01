"""`taskwatch events`: lists, streams, and a tail that loses nothing."""

import json
import os
import signal
import subprocess
import sys

import pytest

from taskwatch.actions import transitions, workflows
from taskwatch.actions.change import Change
from taskwatch.model import definition
from taskwatch.store import open_store

NOW = 1_795_435_200_000
BC, _ = definition.check(
    {"workflow": {"code": "bc", "name": "Order"}, "task": [{"code": "REVIEW", "name": "R", "timeout": 30}]}
)


@pytest.fixture
def place(tmp_path):
    store = open_store(str(tmp_path / "record.db"))
    workflows.define(store, BC, Change(NOW))
    workflows.start(store, "bc", "Order", "114", Change(NOW))
    yield tmp_path, store
    store.close()


def arguments(folder, *args):
    return [sys.executable, "-m", "taskwatch", "--db", str(folder / "record.db"), "events", *args]


def environ(folder):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TASKWATCH")}
    return kept | {"HOME": str(folder), "TZ": "UTC"}


def run(folder, *args):
    return subprocess.run(
        arguments(folder, *args), cwd=folder, env=environ(folder), capture_output=True, text=True, check=False
    )


def follow(folder, *args):
    command = arguments(folder, "tail", "-f", *args)
    return subprocess.Popen(
        command, cwd=folder, env=environ(folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def interrupt(tail):
    tail.send_signal(signal.SIGINT)
    tail.communicate(timeout=20)
    return tail.returncode


def test_a_list_is_an_array_or_lines_of_json_or_sentences(place):
    folder, _ = place
    found = json.loads(run(folder, "list", "--json").stdout)
    lines = run(folder, "list", "--jsonl").stdout.splitlines()
    assert [json.loads(line) for line in lines] == found
    plain = run(folder, "list").stdout.splitlines()
    assert len(plain) == len(found) == 5
    assert plain[-1].startswith("2026-11-23 12:00")
    assert plain[-1].endswith("REVIEW_BC114 is ready")


def test_an_empty_list_is_a_sentence_on_stderr_and_an_array_in_json(place):
    folder, _ = place
    done = run(folder, "list", "--topic", "nobody")
    assert (done.stdout, done.returncode) == ("", 0)
    assert "no such events" in done.stderr
    assert run(folder, "list", "--topic", "nobody", "--json").stdout == "[]\n"
    assert run(folder, "tail", "--topic", "nobody", "--json").stdout == "[]\n"
    assert run(folder, "list", "--topic", "nobody", "--jsonl").stdout == ""


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("--after", "0badc0de-1"), 6),
        (("--after", "99"), 6),
        (("--after", "soon"), 2),
        (("--kind", "task.\x1b[31m"), 2),
        (("--topic", "a b"), 2),
        (("--since", "soon"), 2),
        (("--limit", "0"), 2),
    ],
)
def test_what_cannot_be_read_is_refused(place, args, code):
    folder, _ = place
    done = run(folder, "list", *args, "--json")
    assert (done.returncode, done.stdout) == (code, "")
    assert "\x1b" not in done.stderr
    assert json.loads(done.stderr)["error"]["exit_code"] == code


def test_topics_add_up(place):
    folder, store = place
    workflows.start(store, "bc", "Order", "115", Change(NOW))
    workflows.start(store, "bc", "Order", "116", Change(NOW))
    args = ("list", "--kind", "workflow.started", "--topic", "workflow.bc.114", "--topic", "workflow.bc.*6")
    assert run(folder, *args).returncode == 2
    found = json.loads(run(folder, *args[:-1], "workflow.bc.116", "--json").stdout)
    assert [shape["data"]["taskable_id"] for shape in found] == [114, 116]


def test_reading_the_database_loads_nothing_that_only_a_server_needs(place):
    folder, _ = place
    script = (
        "import sys; from taskwatch.cli import main\ntry: main()\nfinally: sys.stderr.write(str(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments(folder, "list")[3:]],
        cwd=folder, env=environ(folder), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "'taskwatch.cli.events.verbs'" in done.stderr
    for name in ("aiohttp", "asyncio", "msgspec", "urllib.parse"):
        assert f"'{name}'" not in done.stderr


def test_a_reset_is_told_with_the_cursor_to_go_on_from(place):
    folder, _ = place
    last = json.loads(run(folder, "list", "--limit", "1", "--json").stdout)[0]["id"]
    error = json.loads(run(folder, "tail", "-f", "--after", "0badc0de-1", "--jsonl").stderr)["error"]
    assert (error["reset"], error["cursor"]) == (True, last)


def test_a_name_from_a_user_cannot_steer_the_terminal(place):
    folder, store = place
    reason = "\u202e\nx"
    transitions.transition(store, "fail", ["REVIEW_BC114"], Change(NOW, reason=reason))
    done = run(folder, "list", "--color", "always")
    assert r"\u202e" in done.stdout
    assert "\u202e" not in done.stdout
    assert "\u202e" not in run(folder, "list", "--json").stdout


def test_tail_prints_the_last_ones_or_all_that_follow_a_cursor(place):
    folder, store = place
    for subject in range(200, 400):
        workflows.start(store, "bc", "Order", str(subject), Change(NOW))
    assert len(run(folder, "tail").stdout.splitlines()) == 20
    assert len(run(folder, "tail", "-n", "0").stdout.splitlines()) == 0
    assert len(run(folder, "tail", "--after", "0").stdout.splitlines()) == 805


def test_a_tail_that_is_cut_off_again_and_again_loses_nothing(place):
    folder, _ = place
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(folder / "record.db")], stdout=subprocess.DEVNULL
    )
    read, cursor = [], "0"
    while len(read) < 245:
        with follow(folder, "--jsonl", "--after", cursor) as tail:
            read += [json.loads(tail.stdout.readline()) for _ in range(49)]
            cursor = read[-1]["id"]
            assert interrupt(tail) == 130
    assert writer.wait(timeout=30) == 0
    assert [event["seq"] for event in read] == list(range(1, 246))


def test_a_reader_that_goes_away_ends_the_tail(place):
    folder, store = place
    tail = follow(folder, "-n", "1")
    tail.stdout.readline()
    tail.stdout.close()
    workflows.start(store, "bc", "Order", "115", Change(NOW))
    assert tail.wait(timeout=20) == 141
    assert tail.stderr.read() == ""
    tail.stderr.close()


_WRITER = f"""
import sys
from taskwatch.actions import workflows
from taskwatch.actions.change import Change
from taskwatch.store import open_store
store = open_store(sys.argv[1])
for subject in range(500, 560):
    workflows.start(store, "bc", "Order", str(subject), Change({NOW}))
store.close()
"""
