"""Taking care of late tasks: who may, what is kept, what is told, and what the report makes of it."""

from datetime import UTC

import pytest

from taskwatch.actions import acknowledgements, alerts, events, people, tasks, transitions
from taskwatch.actions.acknowledgements import LONGEST_MS, acknowledge, unacknowledge
from taskwatch.actions.people import NewUser
from taskwatch.actions.report import report
from taskwatch.actions.standing import violations
from taskwatch.actions.tasks import NewTask
from taskwatch.errors import Conflict, Forbidden, InvalidInput, NotFound
from taskwatch.model.access import Identity
from taskwatch.model.ack import SNOOZE, covering
from taskwatch.model.assignment import Assignment

HOUR = 3_600_000


@pytest.fixture
def late(store, clock):
    """Task A, 45 minutes into its 30, of user 5; B has not begun."""
    for number in (5, 6):
        people.add(store, NewUser(f"user {number}", id=number), clock.change())
    owner = (Assignment("user", 5, None),)
    wanted = [NewTask("A", timeout_minutes=30, assignments=owner), NewTask("B", timeout_minutes=30)]
    tasks.add(store, wanted, clock.change())
    transitions.transition(store, "start", ["A"], clock.change())
    clock.advance(minutes=45)
    alerts.monitor(store, clock.now)
    return store


def standing(store, clock, *, level="low", cycle=1):
    with store.read() as tx:
        return covering(acknowledgements.standing(tx, 1, clock.now), cycle=cycle, level=level, now=clock.now)


def kinds(store):
    return [each["kind"] for each in events.newest(store, events.Filter(), 100).events]


def test_an_ack_stands_until_it_ends_or_the_level_rises(late, clock):
    (done,) = acknowledge(late, ["A"], clock.now + HOUR, clock.change(by=5, reason="on it"))
    assert (done["task_code"], done["kind"], done["level"]) == ("A", "ack", "low")
    assert (done["acknowledged_by"], done["reason"]) == (5, "on it")
    assert standing(late, clock).user_id == 5
    assert standing(late, clock, level="medium") is None
    clock.advance(minutes=60)
    assert standing(late, clock) is None


def test_the_alerts_themselves_go_on(late, clock):
    acknowledge(late, ["A"], clock.now + 10 * HOUR, clock.change())
    clock.advance(minutes=180)
    assert alerts.monitor(late, clock.now).sent == 1


def test_a_snooze_replaces_an_ack_and_holds_at_every_level(late, clock):
    acknowledge(late, ["A"], clock.now + 2 * HOUR, clock.change())
    acknowledge(late, ["A"], clock.now + HOUR, clock.change(), kind=SNOOZE)
    assert standing(late, clock, level="critical").kind == SNOOZE
    clock.advance(minutes=60)
    assert standing(late, clock) is None


def test_what_was_taken_back_no_longer_stands(late, clock):
    acknowledge(late, ["A"], clock.now + HOUR, clock.change())
    assert unacknowledge(late, ["A"], clock.change()) == [{"task_id": 1, "task_code": "A"}]
    assert standing(late, clock) is None
    with pytest.raises(Conflict, match="nobody takes care of A"):
        unacknowledge(late, ["A"], clock.change())


def test_everybody_who_sees_the_task_is_told(late, clock):
    acknowledge(late, ["A"], clock.now + HOUR, clock.change(by=5))
    acknowledge(late, ["A"], clock.now + HOUR, clock.change(by=5), kind=SNOOZE)
    unacknowledge(late, ["A"], clock.change(by=5))
    told = events.newest(late, events.Filter(), 3).events
    assert [each["kind"] for each in told] == ["task.acknowledged", "task.snoozed", "task.unacknowledged"]
    assert set(told[0]["topics"]) == {"task.1", "user.5.tasks"}
    assert (told[0]["data"]["level"], told[0]["data"]["changed_by"]) == ("low", 5)


def test_only_what_is_late_now_can_be_taken_care_of(late, clock):
    before = kinds(late)
    for refs in (["B"], ["A", "B"]):
        with pytest.raises(Conflict, match="B is not late"):
            acknowledge(late, refs, clock.now + HOUR, clock.change())
    transitions.transition(late, "complete", ["A"], clock.change())
    with pytest.raises(Conflict, match="A is not late"):
        acknowledge(late, ["A"], clock.now + HOUR, clock.change())
    assert "task.acknowledged" not in kinds(late)
    assert len(before) < len(kinds(late))


def test_only_who_may_change_the_task_can_take_care_of_it(late, clock):
    def asked(who):
        change = clock.change(by=who.user_id)._replace(identity=who)
        return acknowledge(late, ["A"], clock.now + HOUR, change)

    with pytest.raises(Forbidden, match="assigned to user:5"):
        asked(Identity(6))
    with pytest.raises(NotFound):
        asked(Identity(5, workflows=frozenset({"bc"})))
    assert asked(Identity(5))
    assert asked(Identity(6, admin=True))


def test_an_end_in_the_past_or_beyond_a_week_is_refused(late, clock):
    for until in (clock.now, clock.now - 1, clock.now + LONGEST_MS + 1):
        with pytest.raises(InvalidInput):
            acknowledge(late, ["A"], until, clock.change())
    assert acknowledge(late, ["A"], clock.now + LONGEST_MS, clock.change())


def test_a_dry_run_and_a_repeated_key_change_nothing_more(late, clock):
    acknowledge(late, ["A"], clock.now + HOUR, clock.change()._replace(dry_run=True))
    assert standing(late, clock) is None
    change = clock.change()._replace(key="k")
    first = acknowledge(late, ["A"], clock.now + HOUR, change)
    assert acknowledge(late, ["A"], clock.now + HOUR, change) == first
    assert kinds(late).count("task.acknowledged") == 1


def test_another_cycle_begins_without_an_ack(late, clock):
    acknowledge(late, ["A"], clock.now + 5 * HOUR, clock.change())
    for verb in ("complete", "reopen", "start"):
        transitions.transition(late, verb, ["A"], clock.change())
    assert standing(late, clock, cycle=2) is None


def test_the_list_of_what_is_late_says_who_takes_care_as_long_as_it_counts(late, clock):
    def cared():
        (row,) = violations(late, clock.now, clock.now)
        return row["acknowledged_by"], row["acknowledged_until"]

    assert cared() == (None, None)
    acknowledge(late, ["A"], clock.now + HOUR, clock.change(by=6))
    acknowledge(late, ["A"], clock.now + 2 * HOUR, clock.change(by=5))
    assert cared() == (5, "2025-12-24T12:45:00Z")
    clock.advance(minutes=30)
    assert cared() == (None, None)


def test_the_report_tells_how_long_it_took_to_care_and_to_end(late, clock):
    clock.advance(minutes=1)
    acknowledge(late, ["A"], clock.now + HOUR, clock.change(), kind=SNOOZE)
    clock.advance(minutes=5)
    acknowledge(late, ["A"], clock.now + HOUR, clock.change())
    clock.advance(minutes=4)
    acknowledge(late, ["A"], clock.now + HOUR, clock.change())
    clock.advance(minutes=20)
    transitions.transition(late, "complete", ["A", "B"], clock.change())
    total = report(late, "activity", UTC, since=None, until=clock.now + 1)["total"]
    assert (total["alerted"], total["acknowledged"]) == (1, 1)
    assert (total["mtta_seconds"], total["mttr_seconds"]) == (360, 1800)
