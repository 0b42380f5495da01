"""The last look before sending: what is no longer true, or no longer this person's, is not sent."""

import pytest

from outbox import column, put, user
from taskwatch.actions import acknowledgements, holders, lookup, mutes, tasks, transitions
from taskwatch.actions.deliveries import claim
from taskwatch.actions.tasks import NewTask
from taskwatch.model.assignment import Assignment
from taskwatch.model.event import BECAME_READY, SLA_EXCEEDED

DANA = Assignment("user", 1, None)
HOUR = 3_600_000


@pytest.fixture
def late(store, clock):
    """A task of user 1 that is 31 minutes over, its `medium` alert waiting to be sent."""
    user(store, clock)
    tasks.add(store, [NewTask("A", timeout_minutes=30, assignments=(DANA,))], clock.change())
    transitions.transition(store, "start", ["A"], clock.change())
    clock.advance(minutes=61)
    alert(store, clock)
    return "A"


def alert(store, clock):
    with store.read() as tx:
        task = lookup.task(tx, "A")
        seq = tx.value("events.last")
    put(store, clock, kind=SLA_EXCEEDED, level="medium", task=task, event_seq=seq)


def sent(store, clock):
    """What becomes of the alert now: None if it is sent, else why not."""
    if claim(store, "w", {"mail": 9}, clock.now, 1000):
        return None
    return column(store, "reason", 1)


def test_an_alert_about_a_task_that_is_still_late_goes_out(store, clock, late):
    assert sent(store, clock) is None


@pytest.mark.parametrize("verb", ["complete", "cancel", "skip", "fail"])
def test_an_alert_about_a_task_that_ended_does_not(store, clock, late, verb):
    transitions.transition(store, verb, [late], clock.change(reason="done"))
    assert sent(store, clock) == "no_longer_true"


def test_an_alert_about_a_task_on_hold_still_does(store, clock, late):
    transitions.transition(store, "hold", [late], clock.change(reason="lunch"))
    assert sent(store, clock) is None


def test_an_alert_of_an_earlier_cycle_does_not(store, clock, late):
    transitions.transition(store, "complete", [late], clock.change())
    transitions.transition(store, "reopen", [late], clock.change())
    transitions.transition(store, "start", [late], clock.change())
    clock.advance(minutes=61)
    assert sent(store, clock) == "no_longer_true"


def test_an_alert_does_not_reach_who_was_relieved_of_the_task(store, clock, late):
    holders.unassign(store, [late], [DANA], clock.change())
    assert sent(store, clock) == "no_longer_assigned"


def test_an_acknowledged_alert_waits_for_nobody(store, clock, late):
    acknowledgements.acknowledge(store, [late], clock.now + HOUR, clock.change(by=1))
    assert sent(store, clock) == "acknowledged"


def test_a_muted_task_is_quiet(store, clock, late):
    mutes.add(store, "task", late, clock.now + HOUR, clock.change())
    assert sent(store, clock) == "muted"


def test_that_a_task_is_ready_is_no_news_once_somebody_began(store, clock):
    user(store, clock)
    tasks.add(store, [NewTask("A", assignments=(DANA,))], clock.change())
    put_ready(store, clock)
    put_ready(store, clock)
    assert len(claim(store, "w", {"mail": 1}, clock.now, 1000)) == 1
    transitions.transition(store, "start", ["A"], clock.change())
    assert claim(store, "w", {"mail": 1}, clock.now, 1000) == []
    assert column(store, "reason", 2) == "no_longer_true"


def put_ready(store, clock):
    with store.read() as tx:
        task = lookup.task(tx, "A")
    put(store, clock, kind=BECAME_READY, task=task)
