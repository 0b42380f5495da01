"""`taskwatch watch`: the view as lines, changes as they happen, a terminal given back whatever happens."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from datetime import UTC

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from cli.stub import Stub, daemon
from taskwatch import clock
from taskwatch.actions import tasks, transitions
from taskwatch.actions.change import Change
from taskwatch.cli.output import Styled
from taskwatch.cli.watch import view
from taskwatch.cli.watch.state import (
    Counted,
    Happened,
    Risen,
    State,
    Survey,
    add_events,
    compare,
    narrow,
    remaining,
)
from taskwatch.cli.watch.width import clip, fit, width
from taskwatch.store import open_store

NOW = 1_795_435_200_000
STATISTICS = {
    "total_in_progress": 3, "on_time": 1, "at_risk": 1, "exceeded": 1, "compliance_rate": 33.33,
    "untracked": 0, "on_hold": 0, "breach_free_rate": 66.67,
}  # fmt: skip
ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"
HOME, SGR = "\x1b[H", re.compile(r"\x1b\[[0-9]*m")


def task(number=1, left=299, level="high", **more):
    return {
        "task_id": number, "task_code": f"REVIEW_BC{number}", "task_name": "Review",
        "workflow_type": "bc", "remaining_minutes": left // 60, "timeout_minutes": 30, "risk_level": level,
        "remaining_seconds": left,
        "remaining_percent": 16.6, "due_at": "2026-11-23T12:05:00Z", "started_at": "2026-11-23T11:35:00Z",
        "taskable_type": "Order", "taskable_id": number, "claimed_by": 5, **more,
    }  # fmt: skip


def event(seq, sentence="REVIEW_BC1 is ready"):
    return {
        "seq": seq, "id": f"e-{seq}", "kind": "task.became.ready", "at": "2026-11-23T12:00:00Z", "topics": [],
        "data": {}, "sentence": sentence,
    }  # fmt: skip


def state(*tasks, events=(), **more):
    return State(Survey(NOW, STATISTICS, tasks), tuple(events), **more)


def drawn(state, now=NOW, columns=100, rows=24):
    lines = view.frame(state, now, UTC, place="t.db", columns=columns, rows=rows)
    return ["".join(line) for line in lines]


SIZE = st.tuples(st.integers(1, 120), st.integers(1, 30))
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


@given(TEXT, st.integers(0, 12))
def test_a_text_is_made_to_take_exactly_so_many_columns(text, columns):
    assert width(fit(text, columns)) == columns
    assert clip(text, columns) == text if width(text) <= columns else clip(text, columns)[-1:] in ("", "…")


@pytest.mark.parametrize(
    ("text", "columns"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("🙂", 2), ("\u200b", 0), ("❤\ufe0f", 2)]
)
def test_wide_letters_take_two_columns_and_marks_none(text, columns):
    assert width(text) == columns


@given(SIZE, st.integers(0, 40), st.integers(0, 40), TEXT, st.booleans())
def test_a_view_never_exceeds_its_screen(size, tasks, events, text, lost):
    columns, rows = size
    full = state(
        *(task(number, task_name=text) for number in range(tasks)),
        events=[event(seq, text) for seq in range(events)],
        trouble=text if lost else None,
    )
    lines = drawn(full, columns=columns, rows=rows)
    assert len(lines) <= rows
    assert max(map(width, lines)) <= columns


def test_the_view_says_what_is_at_risk_and_by_how_much_and_what_moved():
    lines = drawn(state(task(1, -61, "exceeded"), task(2, 299), events=[event(7), event(8)]), NOW + 1000)
    assert lines[0] == "taskwatch  t.db  2026-11-23 12:00:01"
    assert lines[1] == "SLA: 3 in progress, 1 on time, 1 at risk, 1 exceeded, compliance 33.33%"
    assert [line.split() for line in lines[3:6]] == [
        ["left", "risk", "task", "name", "workflow", "claimed"],
        ["1m", "02s", "over", "exceeded", "REVIEW_BC1", "Review", "bc.1", "user:5"],
        ["4m", "58s", "left", "high", "REVIEW_BC2", "Review", "bc.2", "user:5"],
    ]
    assert lines[4].index("Review") == lines[5].index("Review") == lines[3].index("name")
    assert lines[-2:] == [f"2026-11-23 12:00       {seq}  REVIEW_BC1 is ready" for seq in (7, 8)]


def test_a_task_runs_over_between_two_surveys():
    lines = drawn(state(task(left=1)), NOW + 3000)
    assert "2s over" in lines[4]
    assert "exceeded" in lines[4]


def test_colour_goes_by_risk():
    lines = view.frame(
        state(task(1, -1, "exceeded"), task(2), task(3, 9, "medium")), NOW, UTC, place="", columns=99, rows=24
    )
    assert [line[0].kind for line in lines[4:7]] == ["bad", "warn", "info"]
    assert [part.kind for part in lines[1] if isinstance(part, Styled)] == ["warn", "bad"]


def test_what_does_not_fit_is_counted_and_the_latest_events_stay():
    lines = drawn(state(*map(task, range(1, 31)), events=map(event, range(50))), rows=20)
    assert len(lines) == 20
    assert "and 25 more" in lines
    assert lines[-1].endswith("49  REVIEW_BC1 is ready")


def test_hostile_text_is_shown_and_not_obeyed():
    lines = drawn(state(task(task_code="\x1b[2J", task_name="\u202ex"), events=[event(1, "a\nb")]))
    assert not any(letter in "".join(lines) for letter in "\x1b\u202e\n")
    assert any(r"\x1b[2J" in line for line in lines)


def test_a_calm_view_says_so_and_a_token_that_sees_little_is_told():
    calm = drawn(state()._replace(survey=Survey(NOW, None, ())))
    assert "no task is at risk" in calm
    assert "only a token that sees everything" in calm[1]


def test_only_what_changed_is_told():
    before, after = (
        Survey(NOW, STATISTICS, (task(1), task(2))),
        Survey(NOW, STATISTICS, (task(1, -1, "exceeded"), task(2))),
    )
    assert list(compare(None, before)) == [Counted(STATISTICS), Risen(task(1)), Risen(task(2))]
    assert list(compare(before, after)) == [Risen(task(1, -1, "exceeded"))]
    assert list(compare(after, after)) == []
    assert list(compare(None, Survey(NOW, None, ()))) == []


def test_changes_as_lines():
    lines = [
        "".join(view.change_line(change, UTC, NOW))
        for change in (
            Happened(event(3)),
            Risen(task()),
            Risen(task(2, -3700, "exceeded")),
            Counted(STATISTICS),
        )
    ]
    assert lines == [
        "2026-11-23 12:00       3  REVIEW_BC1 is ready",
        "2026-11-23 12:00          REVIEW_BC1 is at risk (high): 4m 59s left",
        "2026-11-23 12:00          REVIEW_BC2 has exceeded its timeout by 1h 01m",
        "2026-11-23 12:00          SLA: 3 in progress, 1 on time, 1 at risk, 1 exceeded, compliance 33.33%",
    ]


def test_topics_narrow_the_tasks_only_if_they_name_workflows_or_tasks():
    survey = Survey(NOW, STATISTICS, (task(1), task(2), task(3, workflow_type=None)))
    kept = {
        topics: [found["task_id"] for found in narrow(survey, topics).tasks]
        for topics in ((), ("user.5.tasks",), ("workflow.bc.1",), ("workflow.bc.*", "task.3"), ("task.9",))
    }
    assert list(kept.values()) == [[1, 2, 3], [1, 2, 3], [1], [1, 2, 3], []]


def test_the_oldest_events_are_dropped_and_time_left_runs_on():
    grown = add_events(state(events=map(event, range(150))), map(event, range(150, 300)))
    assert [found["seq"] for found in grown.events] == list(range(100, 300))
    assert remaining(task(left=10), grown.survey, NOW + 12_345) == -2


@pytest.fixture
def place(home):
    """A database in which one task is late and one is fresh."""
    now, store = clock.now(), open_store(str(home / "t.db"))
    tasks.add(
        store,
        [tasks.NewTask("LATE", timeout_minutes=1), tasks.NewTask("FRESH", timeout_minutes=60)],
        Change(now - 600_000),
    )
    transitions.transition(store, "start", ["LATE"], Change(now - 300_000))
    transitions.transition(store, "start", ["FRESH"], Change(now))
    yield store
    store.close()


def test_once_shows_the_state_and_ends(place, run, ask):
    _, out, err = run("watch", "--once")
    assert err == ""
    assert "SLA: 2 in progress, 1 on time, 0 at risk, 1 exceeded" in out
    assert re.search(r"4m 0\ds over|5m 0\ds over", out)
    found = ask("watch", "--once", "-n", "3")
    assert [task["task_code"] for task in found["tasks"]] == ["LATE"]
    assert len(found["events"]) == 3
    lines = [json.loads(line) for line in run("watch", "--once", "--jsonl", "-n", "3")[1].splitlines()]
    assert [line["type"] for line in lines] == ["event"] * 3 + ["statistics", "risk"]


def test_a_server_is_shown_as_the_database_is(place, run, home):
    def told(*args):
        return json.loads(run("watch", "--once", "--json", *args)[1])

    with Stub(home / "t.db") as stub:
        there, here = told("--server", stub.url), told()
    assert (there["statistics"], there["events"]) == (here["statistics"], here["events"])
    assert [task["task_code"] for task in there["tasks"]] == ["LATE"]


@pytest.mark.parametrize(
    "args", [("--topic", "a*b"), ("--db", "nowhere.db"), ("--server", "nonsense"), ("-n", "-1")]
)
def test_what_cannot_be_watched_is_refused_at_once(home, run, args):
    code, out, err = run("watch", *args)
    assert (code in (2, 3, 78), out) == (True, "")
    assert "error:" in err


def popen(*args, **more):
    command = [sys.executable, "-m", "taskwatch", "watch", *args]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


def until(stream, words):
    """The lines up to the one with these words."""
    lines = []
    while not lines or words not in lines[-1]:
        lines.append(stream.readline())
        assert lines[-1], lines
    return lines


def test_in_a_pipe_every_change_is_a_line_as_it_happens(place):
    with popen("-n", "0") as watching:
        first = until(watching.stdout, "LATE has exceeded its timeout by 4m")
        assert "2 in progress" in first[0]
        transitions.transition(place, "complete", ["FRESH"], Change(clock.now()))
        later = until(watching.stdout, "1 in progress")
        assert "FRESH: in_progress -> completed" in later[0]
        watching.send_signal(signal.SIGINT)
        assert watching.communicate(timeout=20) == ("", "")
    assert watching.returncode == 130


def test_a_server_that_goes_and_comes_back_loses_nothing(place, home):
    with Stub(home / "t.db") as stub, popen("--server", stub.url, "--jsonl", "-n", "0") as watching:
        until(watching.stdout, '"LATE"')
        stub.stop()
        until(watching.stderr, "trying again")
        transitions.transition(place, "complete", ["FRESH"], Change(clock.now()))
        with Stub(home / "t.db", stub.port):
            lines = until(watching.stdout, '"total_in_progress":1')
            watching.terminate()
            watching.communicate(timeout=20)
    told = [json.loads(line) for line in lines]
    assert [line["data"]["new_status"] for line in told if line.get("kind") == "task.status.changed"] == [
        "completed"
    ]
    assert watching.returncode == -signal.SIGTERM


class Terminal:
    """A pseudo-terminal with a watch in it."""

    def __init__(self, *args, columns=80, rows=24, **environ):
        self._master, slave = pty.openpty()
        self.resize(columns, rows)
        command = [sys.executable, "-m", "taskwatch", "--utc", "watch", *args]
        env = {**os.environ, "TERM": "xterm-256color", **environ}
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=subprocess.PIPE, env=env)
        os.close(slave)
        self.seen = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=20)
        os.close(self._master)

    def resize(self, columns, rows):
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read_until(self, words, *, seconds=20):
        """Everything written from now on until these words come."""
        deadline, new = clock.monotonic() + seconds, ""
        while words not in new:
            ready, _, _ = select.select([self._master], [], [], max(0, deadline - clock.monotonic()))
            assert ready, (words, new)
            new += os.read(self._master, 65_536).decode(errors="replace")
        self.seen += new
        return new

    def screen(self):
        """The lines of the last whole frame, without what steers the terminal."""
        frame = self.seen.split(HOME)[-1].partition("\x1b[J")[0]
        return [line.replace("\x1b[K", "") for line in SGR.sub("", frame).split("\r\n")]


def test_a_terminal_is_redrawn_in_place_and_given_back_after_ctrl_c(place):
    with Terminal(NO_COLOR="") as terminal:
        terminal.read_until("\x1b[J")
        assert terminal.seen.startswith(ENTER)
        assert any("LATE" in line for line in terminal.screen())
        transitions.transition(place, "complete", ["FRESH"], Change(clock.now()))
        terminal.read_until("FRESH: in_progress -> completed")
        terminal.read_until("1 in progress")
        assert "\x1b[31m" in terminal.seen
        assert "\x1b[2J" not in terminal.seen
        terminal.process.send_signal(signal.SIGINT)
        terminal.read_until(LEAVE)
        assert terminal.process.wait(20) == 130
        assert "\x1b[?25h" in terminal.seen


def test_a_terminal_of_another_size_is_filled_anew(place):
    with Terminal(columns=40, rows=12) as terminal:
        terminal.read_until("\x1b[J")
        assert max(map(width, terminal.screen())) <= 40
        terminal.resize(100, 30)
        terminal.process.send_signal(signal.SIGWINCH)
        terminal.read_until("compliance 50.00%")
        terminal.read_until("\x1b[J")
        assert len(terminal.screen()) > 12


def test_without_colour_nothing_is_painted(place):
    with Terminal(NO_COLOR="1") as terminal:
        terminal.read_until("\x1b[J")
        assert SGR.search(terminal.seen) is None


def test_a_signal_ends_it_as_a_signal_after_the_terminal_is_given_back(place):
    with Terminal() as terminal:
        terminal.read_until("\x1b[J")
        terminal.process.terminate()
        terminal.read_until(LEAVE)
        assert terminal.process.wait(20) == -signal.SIGTERM


def test_an_error_is_told_after_the_terminal_is_given_back(place, home):
    with Stub(home / "t.db") as stub, Terminal("--server", stub.url) as terminal:
        terminal.read_until("\x1b[J")
        stub.answer = lambda _: web.Response(status=404)
        terminal.read_until(LEAVE)
        assert terminal.process.wait(20) == 3
        assert "as taskwatch does not" in terminal.process.stderr.read().decode()


def test_ctrl_z_gives_the_terminal_back_until_the_shell_goes_on(place):
    with Terminal() as terminal:
        terminal.read_until("\x1b[J")
        terminal.process.send_signal(signal.SIGTSTP)
        terminal.read_until(LEAVE)
        _, status = os.waitpid(terminal.process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        terminal.process.send_signal(signal.SIGCONT)
        assert terminal.read_until("\x1b[J").startswith(ENTER)


def test_a_dumb_terminal_gets_lines(place):
    with Terminal(TERM="dumb") as terminal:
        terminal.read_until("LATE has exceeded")
        assert "\x1b" not in terminal.seen


def test_the_daemon_is_watched_live(place, home):
    with daemon(home / "t.db") as url, Terminal("--server", url) as terminal:
        terminal.read_until("\x1b[J")
        assert any("LATE" in line for line in terminal.screen())
        transitions.transition(place, "complete", ["FRESH"], Change(clock.now()))
        terminal.read_until("FRESH: in_progress -> completed")
        terminal.read_until("1 in progress")
        terminal.process.send_signal(signal.SIGINT)
        terminal.read_until(LEAVE)
        assert terminal.process.wait(20) == 130
