"""Adding, linking and giving tasks another timeout."""

import pytest

from taskwatch.actions import lookup, tasks
from taskwatch.actions.change import Change
from taskwatch.actions.listing import show_task
from taskwatch.actions.tasks import NewTask, from_json
from taskwatch.actions.transitions import save, transition
from taskwatch.errors import Conflict, InvalidInput, NotFound
from taskwatch.model import task as model
from taskwatch.model.assignment import role, user

NOON = 1_795_435_200_000
MINUTE = 60_000


def at(minutes=0, **more):
    return Change(now=NOON + minutes * MINUTE, **more)


def add(store, *codes, **wishes):
    return tasks.add(store, [NewTask(code, **wishes) for code in codes], at())


def count(store, table="tasks"):
    return store.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def kinds(store):
    return [row[0] for row in store.connection.execute("SELECT kind FROM events ORDER BY seq")]


def status(store, code):
    return show_task(store, code, NOON)["status"]


def test_a_task_may_come_after_one_added_before_it_in_the_same_call(store):
    added = tasks.add(store, [NewTask("A"), NewTask("B", after=("A",))], at())
    assert [(one["code"], one["status"]) for one in added] == [("A", "ready"), ("B", "pending")]
    transition(store, "complete", ["A"], at(1))
    assert tasks.add(store, [NewTask("C", after=("A",))], at(2))[0]["status"] == "ready"


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (NewTask("A"), Conflict),
        (NewTask("B", after=("NONE",)), NotFound),
        (NewTask("B", workflow="bc.114"), NotFound),
        (NewTask("B", assignments=(user(9),)), NotFound),
        (NewTask("B", name="\x1b[31m"), InvalidInput),
        (NewTask("12"), InvalidInput),
        (NewTask("B C"), InvalidInput),
        (NewTask("B", type="two words"), InvalidInput),
    ],
)
def test_tasks_are_added_all_or_none(store, bad, error):
    add(store, "A")
    with pytest.raises(error):
        tasks.add(store, [NewTask("OK"), bad], at())
    assert (count(store), count(store, "events")) == (1, 3)


def test_a_shown_task_can_be_read_back_and_what_only_the_past_knows_is_ignored(store):
    add(store, "A", timeout_minutes=45, name="Pack it", assignments=(role("adv"),))
    transition(store, "start", ["A"], at(1))
    shown = show_task(store, "A", NOON)
    assert from_json(shown) == NewTask("A", "Pack it", "task", 45, (), (role("adv"),), None)
    assert from_json({**shown, "after": ["X", 7]}).after == ("X", "7")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "a task must be an object"),
        ({"name": "x"}, "a task needs a code"),
        ({"code": "A", "tmeout": 3}, "a task has no field 'tmeout'"),
        ({"code": 7}, "a task code cannot be 7"),
        ({"code": None}, "a task code cannot be None"),
        ({"code": "A", "timeout_minutes": True}, "is not a timeout"),
        ({"code": "A", "timeout_minutes": 1.5}, "is not a timeout"),
        ({"code": "A", "timeout_minutes": 0}, "at least one minute"),
        ({"code": "A", "after": "B"}, "after must be a list"),
        ({"code": "A", "assignments": ["dana"]}, "an assignment cannot be 'dana'"),
        ({"code": "A", "assignments": [{"type": "user"}]}, "an assignment cannot be"),
        ({"code": "A", "name": ["x"]}, "a name must be a text"),
        ({"code": "A", "type": ""}, "a type cannot be ''"),
        ({"code": "A" * 129}, "a task code cannot be"),
    ],
)
def test_what_cannot_be_a_task_is_refused_in_a_sentence(value, message):
    with pytest.raises(InvalidInput, match=message):
        from_json(value)


def test_linking_withdraws_a_ready_task_and_unlinking_makes_it_ready(store):
    add(store, "A", "B")
    assert tasks.link(store, "B", ["A"], at())[0]["status"] == "pending"
    assert tasks.link(store, "B", ["A"], at())[0]["status"] == "pending"
    assert kinds(store).count("task.linked") == 1
    assert tasks.unlink(store, "B", ["A"], at())[0]["status"] == "ready"
    with pytest.raises(Conflict, match="B does not come after A"):
        tasks.unlink(store, "B", ["A"], at())


def test_linking_to_what_is_done_leaves_a_task_ready(store):
    add(store, "A", "B")
    transition(store, "skip", ["A"], at())
    assert tasks.link(store, "B", ["A"], at())[0]["status"] == "ready"


def test_a_cycle_is_refused_with_its_path_and_nothing_changes(store):
    tasks.add(store, [NewTask("A"), NewTask("B", after=("A",)), NewTask("C", after=("B",))], at())
    before = (count(store, "dependencies"), kinds(store))
    with pytest.raises(Conflict, match="C -> A -> B -> C") as refused:
        tasks.link(store, "A", ["C"], at())
    assert refused.value.details["path"] == ["C", "A", "B", "C"]
    with pytest.raises(Conflict, match="A -> A"):
        tasks.link(store, "A", ["A"], at())
    assert (count(store, "dependencies"), kinds(store)) == before


def test_what_has_begun_waits_for_nothing_new(store):
    add(store, "A", "B")
    transition(store, "start", ["B"], at())
    with pytest.raises(Conflict, match="B is in_progress"):
        tasks.link(store, "B", ["A"], at())


def test_a_link_is_made_once_per_key_and_only_in_the_wished_state(store):
    add(store, "A", "B")
    with pytest.raises(Conflict, match="B is ready, not pending"):
        tasks.link(store, "B", ["A"], at(if_status="pending"))
    first = tasks.link(store, "B", ["A"], at(key="k"))
    tasks.unlink(store, "B", ["A"], at())
    assert tasks.link(store, "B", ["A"], at(key="k")) == first
    assert status(store, "B") == "ready"


def test_a_new_timeout_keeps_the_time_already_counted(store):
    add(store, "A", timeout_minutes=30)
    transition(store, "start", ["A"], at(0))
    changed = tasks.set_timeout(store, ["A"], 20, at(15))
    assert (changed[0]["old_timeout_minutes"], changed[0]["timeout_minutes"]) == (30, 20)
    shown = show_task(store, "A", NOON + 16 * MINUTE)
    assert (shown["remaining_seconds"], shown["due_at"]) == (4 * 60, "2026-11-23T12:20:00Z")
    marks = store.connection.execute(
        "SELECT at, banked_ms, timeout_minutes FROM ledger ORDER BY id"
    ).fetchall()
    assert marks == [(NOON, 0, 30), (NOON + 15 * MINUTE, 15 * MINUTE, 20)]


def test_the_same_timeout_again_is_no_change(store):
    add(store, "A", timeout_minutes=30)
    before = kinds(store)
    tasks.set_timeout(store, ["A"], 30, at(1))
    assert kinds(store) == before


def alert(store, code, minutes):
    now = NOON + minutes * MINUTE
    with store.write() as tx:
        task = lookup.task(tx, code)
        save(tx, task, model.alerted(task, 0, now), now, None)


@pytest.mark.parametrize(("timeout", "retracted"), [(60, 1), (None, 1), (20, 0)])
def test_an_alert_is_taken_back_when_the_task_is_no_longer_late(store, timeout, retracted):
    add(store, "A", timeout_minutes=30)
    transition(store, "start", ["A"], at(0))
    alert(store, "A", 31)
    tasks.set_timeout(store, ["A"], timeout, at(32))
    assert kinds(store).count("task.sla.retracted") == retracted


def test_a_finished_cycle_keeps_its_timeout(store):
    add(store, "A", timeout_minutes=30)
    transition(store, "complete", ["A"], at())
    with pytest.raises(Conflict, match="A is completed"):
        tasks.set_timeout(store, ["A"], 60, at(1))


def test_a_timeout_is_changed_once_per_key_and_not_in_a_dry_run(store):
    add(store, "A", timeout_minutes=30)
    tasks.set_timeout(store, ["A"], 60, at(dry_run=True))
    assert show_task(store, "A", NOON)["timeout_minutes"] == 30
    first = tasks.set_timeout(store, ["A"], 60, at(key="k"))
    assert tasks.set_timeout(store, ["A"], 60, at(1, key="k")) == first
