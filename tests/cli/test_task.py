"""`taskwatch task`, from the arguments to the file and back."""

import io
import json
import sys
import typing

import pytest

from taskwatch import clock as house_clock
from taskwatch.actions import transitions as actions
from taskwatch.actions.change import Change
from taskwatch.actions.listing import TaskDetail, TaskShape
from taskwatch.cli import main
from taskwatch.cli.task import task as group
from taskwatch.model.task import VERBS
from taskwatch.store import open_store

NOON = 1_795_435_200_000
MINUTE = 60_000


class Stdin(io.StringIO):
    """Text as it comes through a pipe, or from a terminal."""

    def __init__(self, text="", terminal=False):
        super().__init__(text)
        self.terminal = terminal

    def isatty(self):
        return self.terminal


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "tasks.db")


@pytest.fixture
def run(path, tmp_path, monkeypatch, capsys):
    """Run taskwatch at so many minutes past noon; gives (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))

    def run(*args, minutes=0, stdin=None):
        monkeypatch.setattr(house_clock, "now", lambda: NOON + minutes * MINUTE)
        monkeypatch.setattr(sys, "stdin", stdin or Stdin(terminal=True))
        with pytest.raises(SystemExit) as left:
            main(["--utc", "--db", path, "task", *args])
        out, err = capsys.readouterr()
        return left.value.code, out, err

    return run


@pytest.fixture
def answer(run):
    """The JSON answer of a command that succeeds."""

    def answer(*args, **more):
        code, out, err = run(*args, "--json", **more)
        assert (code, err) == (0, "")
        return json.loads(out)

    return answer


@pytest.fixture
def chain(run, path):
    run("add", "A", "--timeout", "30m", "--assign", "role:adv")
    run("add", "B", "--after", "A")
    store = open_store(path)
    with store.write() as tx:
        values = {"name": "dana", "email": None, "timezone": None, "admin": 0, "created_at": NOON}
        tx.value("people.add", id=5, **values)
        tx.run("people.grant", role_name="adv", user_id=5, granted_at=NOON)
    store.close()


def statuses(answer):
    return {task["code"]: task["status"] for task in answer("list")}


def test_a_change_prints_the_exact_set(run, chain):
    code, out, err = run("complete", "A", "B")
    assert (code, err) == (0, "")
    assert out.splitlines() == ["A: ready -> completed", "  became ready: B", "B: ready -> completed"]
    assert run("reopen", "A", minutes=1)[1] == "A: completed -> ready\n"


def test_a_dry_run_says_would_and_changes_nothing(run, answer, chain):
    code, out, _ = run("complete", "A", "-n")
    assert (code, out.splitlines()) == (0, ["would: A: ready -> completed", "would:   became ready: B"])
    assert statuses(answer) == {"A": "ready", "B": "pending"}


def test_the_json_answer_is_what_each_task_did(answer, chain):
    moved = answer("complete", "1")
    assert [set(one) for one in moved] == [set(typing.get_type_hints(actions.Moved))]
    assert moved[0]["became_ready"] == ["B"]


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS.values() if not verb.automatic])
def test_every_transition_has_its_command(run, verb):
    run("add", "A")
    before = {"resume": ["hold"], "reopen": ["complete"], "retry": ["fail"]}.get(verb, [])
    for step in before:
        run(step, "A", "--reason", "first")
    code, out, err = run(verb, "A", "--reason", "then")
    assert (code, err) == (0, "")
    assert out.startswith("A: ")


def test_asking_for_one_transition_builds_only_that_one(monkeypatch):
    from taskwatch.cli.task import transitions

    built = []
    monkeypatch.setattr(transitions, "_build", built.append)
    assert transitions.complete is None
    assert built == ["complete"]
    with pytest.raises(AttributeError):
        _ = transitions.withdraw


def test_a_hold_needs_a_reason_and_the_history_keeps_it(run, answer, chain):
    code, _, err = run("hold", "A")
    assert (code, "missing option '--reason'" in err) == (2, True)
    run("hold", "A", "--reason", "the driver is ill", "--by", "5")
    last = answer("show", "A")["history"][-1]
    assert (last["sentence"], last["by"]) == ("A: ready -> on_hold (the driver is ill)", 5)


def test_tasks_are_read_from_stdin_one_a_line(run, answer, chain):
    assert run("skip", "-", stdin=Stdin("A\n\n  B  \n"))[0] == 0
    assert statuses(answer) == {"A": "skipped", "B": "skipped"}


def test_a_terminal_is_not_read_for_task_codes(run, chain):
    code, _, err = run("skip", "-", stdin=Stdin("A\n", terminal=True))
    assert (code, "stdin, which is a terminal" in err) == (2, True)


def test_empty_stdin_names_no_task(run, chain):
    code, _, err = run("skip", "-", stdin=Stdin("\n"))
    assert (code, "no task was named" in err) == (2, True)


def test_the_configured_user_acts_unless_another_or_nobody_is_named(answer, monkeypatch, chain):
    monkeypatch.setenv("TASKWATCH_USER", "5")
    assert answer("claim", "A")[0]["claimed_by"] == 5
    answer("release", "A", "--by", "0")
    assert [entry["by"] for entry in answer("show", "A")["history"]][-2:] == [5, None]


def test_a_transition_may_have_happened_earlier_but_not_in_the_future(run, answer, chain):
    run("start", "A", "--at", "5m ago", minutes=10)
    assert answer("show", "A", minutes=10)["started_at"] == "2026-11-23T12:05:00Z"
    code, _, err = run("complete", "A", "--at", "in 5m", minutes=10)
    assert (code, "is in the future" in err) == (2, True)


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["complete", "C"], 3, "there is no task 'C'"),
        (["resume", "A"], 6, "A is ready, so it cannot be resumed"),
        (["start", "A", "--if-status", "pending"], 6, "A is ready, not pending"),
        (["start", "A", "--by", "9"], 3, "there is no user 9"),
        (["start", "A", "--at", "soon"], 2, "'soon' is not a time"),
        (["start"], 2, "missing argument 'TASK...'"),
        (["claim", "A"], 2, "who claims it?"),
        (["assign", "A", "dana"], 2, "an assignment cannot be 'dana'"),
        (["set-timeout", "A", "0"], 2, "at least one minute"),
        (["link", "A", "--after", "B"], 6, "B -> A -> B"),
        (["unlink", "A", "--after", "B"], 6, "A does not come after B"),
        (["add", "A"], 6, "there is a task A already"),
        (["add"], 2, "give either the CODE of a task or --from FILE"),
        (["add", "C", "--from", "-"], 2, "give either the CODE of a task or --from FILE"),
        (["add", "--from", "-", "--name", "x"], 2, "--from takes every field from the file"),
        (["add", "--from", "-"], 2, "which is a terminal"),
        (["add", "--from", "none.ndjson"], 2, "no such file"),
        (["list", "--status", "redy"], 2, "'redy'"),
        (["show", "\x1b[31m"], 3, r"\x1b[31m"),
    ],
)
@pytest.mark.usefixtures("chain")
def test_what_is_refused_is_told_in_a_sentence_and_changes_nothing(run, path, args, code, message):
    def rows():
        store = open_store(path)
        try:
            return store.connection.execute("SELECT count(*), sum(version) FROM tasks").fetchall()
        finally:
            store.close()

    before = rows()
    left, out, err = run(*args)
    assert (left, out) == (code, "")
    assert message.lower() in err.lower()
    assert "\x1b" not in err
    assert rows() == before
    assert json.loads(run(*args, "--json")[2])["error"]["exit_code"] == code


def test_without_a_database_nothing_is_made_but_by_adding(run, tmp_path):
    for args in (["list"], ["show", "A"], ["complete", "A"], ["wait", "A"]):
        code, out, err = run(*args)
        assert (code, out, "there is no database" in err) == (3, "", True)
    assert not list(tmp_path.glob("*.db"))
    assert run("add", "A")[0] == 0


def test_a_shown_task_can_be_added_to_another_database(run, answer, tmp_path, chain):
    shown = run("show", "A", "--json")[1]
    other = str(tmp_path / "other.db")
    code, out, err = run("--db", other, "add", "--from", "-", stdin=Stdin(shown))
    assert (code, out, err) == (0, "A: added, ready\n", "")
    copy = answer("--db", other, "show", "A")
    assert (copy["timeout_minutes"], copy["assignments"][0]["role_name"]) == (30, "adv")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 3 is not JSON"),
        ("9" * 5000, "line 3 is not JSON"),
        ("[" * 100_000, "line 3 is not JSON"),
        ('{"code": "D", "tmeout": 3}', "line 3: a task has no field 'tmeout'"),
        ('{"code": "D D"}', "line 3: a task code cannot be 'D D'"),
        ("7", "line 3: a task must be an object"),
    ],
)
def test_a_bad_line_is_named_by_its_number_and_nothing_is_added(run, answer, chain, line, message):
    text = '{"code": "C"}\n\n' + line + "\n"
    code, out, err = run("add", "--from", "-", stdin=Stdin(text))
    assert (code, out) == (1, "")
    assert message in err
    assert set(statuses(answer)) == {"A", "B"}


def test_a_file_that_is_not_text_is_refused(run, tmp_path, chain):
    (tmp_path / "bad.ndjson").write_bytes(b'{"code": "C"}\n\xff\xfe\n')
    code, _, err = run("add", "--from", "bad.ndjson")
    assert (code, "bad.ndjson is not UTF-8 text" in err) == (1, True)


def test_hands_links_and_timeouts_are_told_line_by_line(run, chain):
    run("add", "C")
    told = [
        (["claim", "A", "--by", "5"], "A: claimed by user 5"),
        (["release", "A", "--by", "5"], "A: released"),
        (["assign", "A", "user:5"], "A: assigned to role:adv, user:5"),
        (["unassign", "A", "role:adv"], "A: assigned to user:5"),
        (["set-timeout", "A", "1h30m"], "A: timeout 30m -> 90m"),
        (["set-timeout", "A", "45"], "A: timeout 90m -> 45m"),
        (["set-timeout", "A", "none"], "A: timeout 45m -> none"),
        (["link", "C", "--after", "A"], "C: after A (pending)"),
        (["unlink", "C", "--after", "A"], "C: not after A (ready)"),
    ]
    for args, line in told:
        assert run(*args) == (0, f"{line}\n", "")
    assert run("assign", "A", "user:5", "-n")[1].startswith("would: ")


def test_the_list_says_how_long_is_left_and_how_much_is_over(run, chain):
    run("start", "A")
    assert "20m left" in run("list", "--risk", "low", minutes=10)[1]
    assert "5m over" in run("list", "--user", "5", minutes=35)[1]
    assert "ago" in run("list")[1]
    assert "2026-11-23T12:00:00Z" in run("-o", "output.time=iso", "list")[1]


def test_an_empty_list_is_a_sentence_on_stderr_and_an_empty_array_in_json(run, answer, chain):
    assert run("list", "--status", "failed") == (0, "", "There are no such tasks.\n")
    assert answer("list", "--status", "failed") == []


def test_the_answers_have_their_shapes(answer, chain):
    assert set(answer("list")[0]) == set(typing.get_type_hints(TaskShape))
    assert set(answer("show", "A")) == set(typing.get_type_hints(TaskDetail))


def test_a_task_is_shown_with_its_cycles_and_history(run, chain):
    run("start", "A", "--by", "5")
    run("complete", "A", "--reason", "fine", minutes=40)
    lines = run("show", "A", minutes=41)[1].splitlines()
    assert lines[0] == "A  A"
    assert "  1  2026-11-23 12:40  completed, missed, 40m" in lines
    assert "  2026-11-23 12:40  A: in_progress -> completed (fine)" in lines
    assert any(line.split() == ["before", "B"] for line in lines)


@pytest.fixture
def ticking(monkeypatch):
    """A clock that moves only by sleeping; what is in `deeds` happens at the next sleep."""
    seconds, deeds = [0.0], []

    def sleep(length):
        seconds[0] += length
        if deeds:
            deeds.pop(0)()

    monkeypatch.setattr(house_clock, "monotonic", lambda: seconds[0])
    monkeypatch.setattr(house_clock, "sleep", sleep)
    return seconds, deeds


def test_waiting_ends_when_the_status_is_reached(run, path, ticking, chain):
    def complete():
        store = open_store(path)
        actions.transition(store, "complete", ["A"], Change(now=NOON))
        store.close()

    ticking[1].extend([lambda: None, complete])
    assert run("wait", "A", "--timeout", "10m") == (0, "A: completed\n", "")


def test_waiting_gives_up_when_the_time_is_over(run, ticking, chain):
    code, out, err = run("wait", "A", "--for", "completed", "--timeout", "10m")
    assert (code, out, "A is still ready, not completed" in err) == (5, "", True)
    assert ticking[0] == [600.0]


def test_waiting_ends_at_once_when_there_is_no_hope(run, ticking, chain):
    run("fail", "A")
    code, _, err = run("wait", "A", "--for", "completed")
    assert (code, "A has ended as failed, not completed" in err) == (6, True)
    assert ticking[0] == [0.0]


def test_every_verb_shows_examples_and_its_section(run):
    for name in group.table:
        code, out, _ = run(name, "--help")
        assert code == 0
        assert "Examples:" in out
