"""Many who write to PostgreSQL at once: each thing once, nothing lost, and no two wait for each other."""

from contextlib import ExitStack, closing

import pytest

import postgres
from crowd import MINUTE, asked, meanwhile, move, race, start_runs
from outbox import user
from taskwatch.actions import alerts, tasks, transitions
from taskwatch.actions.change import Change
from taskwatch.actions.tasks import NewTask
from taskwatch.errors import Conflict, Unavailable
from taskwatch.model.task import Task
from taskwatch.store import open_store
from taskwatch.testing import START


@pytest.fixture
def url():
    made = postgres.new_database()
    yield made
    postgres.drop_database(made)


@pytest.fixture
def store(url):
    with closing(open_store(url)) as opened:
        postgres.accept_sqlite(opened.connection)
        yield opened


@pytest.fixture
def another(url):
    """Opens further stores on the same database; they wait for nobody longer than told."""
    with ExitStack() as stack:
        yield lambda patience=10.0: stack.enter_context(closing(open_store(url, patience=patience)))


def test_a_join_never_loses_the_ready_event_when_both_before_it_end_at_once(store, another):
    start_runs(store, 1)
    first, second = another(), another()
    with first.write(concurrent=True) as tx:
        transitions.transition_within(tx, "complete", ["LEFT_JOIN0"], Change(START))
        other = meanwhile(store, lambda: move(second, "complete", "RIGHT_JOIN0"))
    assert other.result()[0]["became_ready"] == ["LAST_JOIN0"]


def test_joins_never_lose_the_ready_event_in_a_race(store, another):
    start_runs(store, 25)

    def complete_all(own, number):
        for run in range(25):
            move(own, "complete", f"{('LEFT', 'RIGHT')[number]}_JOIN{run}")

    race(another, 2, complete_all)
    ready = "SELECT count(*) FROM events WHERE kind = 'task.became.ready' AND payload LIKE '%LAST_JOIN%'"
    assert asked(store, ready) == [(25,)]
    assert asked(store, "SELECT count(*) FROM tasks WHERE template = 'LAST' AND status = 'ready'") == [(25,)]


def test_a_task_of_two_workflows_is_ready_once_when_both_end_at_once(store, another):
    start_runs(store, 30)
    for run in range(0, 30, 2):
        after = (f"LEFT_JOIN{run}", f"LEFT_JOIN{run + 1}")
        tasks.add(store, [NewTask(f"BOTH{run}", after=after)], Change(START))

    def complete_all(own, number):
        for run in range(number, 30, 2):
            move(own, "complete", f"LEFT_JOIN{run}")

    race(another, 2, complete_all)
    assert asked(store, "SELECT count(*) FROM tasks WHERE code LIKE 'BOTH%' AND status = 'ready'") == [(15,)]


def test_what_moves_in_one_workflow_waits_there_and_nowhere_else(store, another):
    start_runs(store, 2)
    with store.write(concurrent=True) as tx:
        transitions.transition_within(tx, "complete", ["LEFT_JOIN0"], Change(START))
        move(another(), "complete", "LEFT_JOIN1")
        with pytest.raises(Unavailable, match="another process holds"):
            move(another(0.2), "complete", "RIGHT_JOIN0")
    move(another(), "complete", "RIGHT_JOIN0")


@pytest.mark.parametrize(("first", "second"), [(False, False), (False, True), (True, False)])
def test_who_writes_alone_waits_for_all_and_all_wait_for_them(store, another, first, second):
    with (
        store.write(concurrent=first),
        pytest.raises(Unavailable, match="another process holds"),
        another(0.2).write(concurrent=second),
    ):
        pass
    with store.write(concurrent=True), another(0.2).write(concurrent=True):
        pass


def test_of_many_who_move_the_same_task_one_alone_succeeds(store, another):
    tasks.add(store, [NewTask("A")], Change(START))

    def start(own, _number):
        try:
            return bool(move(own, "start", "A"))
        except Conflict:
            return False

    assert sorted(race(another, 8, start)) == [False] * 7 + [True]


def test_a_key_that_eight_use_at_once_does_the_deed_once(store, another):
    tasks.add(store, [NewTask("A")], Change(START))
    answers = race(another, 8, lambda own, _number: move(own, "start", "A", key="k"))
    assert answers == [answers[0]] * 8
    assert asked(store, "SELECT count(*) FROM events WHERE status = 'in_progress'") == [(1,)]


def test_keys_that_have_passed_are_forgotten_by_many_at_once(store, another):
    tasks.add(store, [NewTask(f"T{number}") for number in range(8)], Change(START))
    rows = [(f"old {number}", "f", "1", START - 90_000_000) for number in range(200)]
    with store.connection.cursor() as cursor:
        cursor.executemany("INSERT INTO idempotency VALUES (%s, %s, %s, %s)", rows)
    race(another, 8, lambda own, number: move(own, "start", f"T{number}", key=f"old {number}"))
    assert asked(store, "SELECT count(*) FROM idempotency") == [(8,)]


def test_who_forgets_keys_that_have_passed_waits_for_nobody(store, another):
    start_runs(store, 2)
    store.connection.execute("INSERT INTO idempotency VALUES ('old', 'f', '1', 0)")
    with store.write(concurrent=True) as tx:
        transitions.transition_within(tx, "start", ["LEFT_JOIN0"], Change(START, key="a"))
        move(another(0.3), "start", "LEFT_JOIN1", key="b")
    assert asked(store, "SELECT key FROM idempotency ORDER BY key") == [("a",), ("b",)]


def test_eight_who_alert_send_each_alert_once(store, another):
    codes = [f"T{number}" for number in range(120)]
    tasks.add(store, [NewTask(code, timeout_minutes=30) for code in codes], Change(START))
    transitions.transition(store, "start", codes, Change(START))
    due = START + 31 * MINUTE
    sent = race(another, 8, lambda own, _number: alerts.monitor(own, due, batch=7).sent)
    assert sum(sent) + alerts.monitor(store, due).sent == 120
    assert asked(store, "SELECT count(*) FROM alerts") == [(120,)]
    assert asked(store, "SELECT count(*) FROM events WHERE kind = 'task.sla.exceeded'") == [(120,)]


def test_a_task_that_somebody_moves_is_alerted_for_after_that(store, another):
    tasks.add(store, [NewTask("A", timeout_minutes=30), NewTask("B", timeout_minutes=30)], Change(START))
    transitions.transition(store, "start", ["A", "B"], Change(START))
    due, other = START + 31 * MINUTE, another(0.2)
    with store.write(concurrent=True) as tx:
        transitions.transition_within(tx, "hold", ["A"], Change(due))
        assert alerts.monitor(other, due).sent == 1
    assert alerts.monitor(other, due).sent == 0
    move(store, "resume", "A", due)
    assert alerts.monitor(other, due).sent == 1


def test_a_move_waits_for_the_alert_that_is_being_sent_and_is_not_refused(store, another):
    tasks.add(store, [NewTask("A", timeout_minutes=30)], Change(START))
    move(store, "start", "A")
    due, first, second = START + 31 * MINUTE, another(), another()
    with first.write(concurrent=True) as tx:
        [task] = tx.all(Task, "sla.alerts_due", now=due, after_at=0, after_id=0, limit=9)
        assert alerts.claim(tx, task, due, on_rise=False)
        other = meanwhile(store, lambda: move(second, "complete", "A", due))
    assert other.result()[0]["new_status"] == "completed"


def test_who_refers_to_a_task_does_not_wait_for_who_moves_it(store, another, clock):
    tasks.add(store, [NewTask("A", assignments=()), NewTask("B")], Change(START))
    user(store, clock, 5)
    with store.write(concurrent=True) as tx:
        transitions.transition_within(tx, "start", ["A", "B"], Change(START))
        with another(0.3).write(concurrent=True) as other:
            row = {
                "id": 1,
                "task_id": 1,
                "cycle": 1,
                "kind": "ack",
                "user_id": 5,
                "at": START,
                "until": START,
            }
            other.run("dump.add_acknowledgements", **row, level=None, reason=None, ended_at=None)
