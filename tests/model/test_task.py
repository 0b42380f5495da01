"""The transition table, the clock a task carries, and its alert calendar."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskwatch.errors import Conflict, InvalidInput
from taskwatch.model import sla
from taskwatch.model import task as model
from taskwatch.model.task import VERBS, alerted, apply, ledger_mark, may_become, new, retime

NOON = 1_795_435_200_000
MINUTE = 60_000

TABLE = {
    "ready": {"pending": "ready"},
    "withdraw": {"ready": "pending"},
    "start": {"ready": "in_progress"},
    "complete": {"ready": "completed", "in_progress": "completed"},
    "fail": {"ready": "failed", "in_progress": "failed", "on_hold": "failed"},
    "skip": dict.fromkeys(("pending", "ready", "in_progress", "on_hold", "failed"), "skipped"),
    "cancel": dict.fromkeys(("pending", "ready", "in_progress", "on_hold", "failed"), "cancelled"),
    "hold": {"ready": "on_hold", "in_progress": "on_hold"},
    "resume": {"on_hold": "in_progress"},
    "reopen": dict.fromkeys(("completed", "skipped", "cancelled"), "ready"),
    "retry": {"failed": "ready"},
}
PATHS = {
    "pending": [],
    "ready": ["ready"],
    "in_progress": ["ready", "start"],
    "on_hold": ["ready", "start", "hold"],
    "completed": ["ready", "start", "complete"],
    "failed": ["ready", "start", "fail"],
    "skipped": ["skip"],
    "cancelled": ["cancel"],
}


def task_after(verbs, timeout=30, step=MINUTE):
    task = new("PACK", "Pack", "task", timeout, NOON)
    for count, verb in enumerate(verbs, start=1):
        task = apply(task, VERBS[verb], NOON + count * step)
    return task


@pytest.mark.parametrize("status", model.STATUSES)
@pytest.mark.parametrize("verb", TABLE)
def test_a_verb_leads_where_the_table_says_or_is_refused_with_the_present_state(verb, status):
    task = task_after(PATHS[status])
    assert task.status == status
    later = task.changed_at + MINUTE
    if status in TABLE[verb]:
        assert apply(task, VERBS[verb], later).status == TABLE[verb][status]
    else:
        with pytest.raises(Conflict, match=f"PACK is {status}, so it cannot be") as refused:
            apply(task, VERBS[verb], later)
        assert refused.value.details["status"] == status


def test_a_transition_cannot_lie_before_the_last_one():
    task = task_after(["ready", "start"])
    with pytest.raises(InvalidInput, match="PACK changed at"):
        apply(task, VERBS["complete"], task.changed_at - 1)
    assert apply(task, VERBS["complete"], task.changed_at).status == "completed"


def test_the_clock_runs_in_progress_and_pauses_on_hold():
    started = task_after(["ready", "start"])
    held = apply(started, VERBS["hold"], started.changed_at + 7 * MINUTE)
    assert held.due_at is held.next_alert_at is held.at_risk_at is None
    resumed = apply(held, VERBS["resume"], held.changed_at + 60 * MINUTE)
    assert resumed.elapsed_ms(resumed.changed_at + MINUTE) == 8 * MINUTE
    assert resumed.due_at == resumed.changed_at + 23 * MINUTE
    assert resumed.started_at == started.started_at


def test_what_was_held_when_ready_resumes_to_ready_or_pending():
    held = task_after(["ready", "hold"])
    assert apply(held, VERBS["resume"], held.changed_at).status == "ready"
    assert apply(held, VERBS["resume"], held.changed_at, unblocked=False).status == "pending"
    begun = task_after(["ready", "start", "hold"])
    assert apply(begun, VERBS["resume"], begun.changed_at, unblocked=False).status == "in_progress"


def test_completing_from_ready_starts_implicitly_and_counts_nothing():
    done = task_after(["ready", "complete"])
    assert (done.started_at, done.ended_at) == (done.changed_at, done.changed_at)
    assert done.implicit_start == 1
    assert done.banked_ms == 0
    assert task_after(["ready", "start", "complete"]).implicit_start == 0


@pytest.mark.parametrize(
    ("status", "verb"), [("completed", "reopen"), ("failed", "retry"), ("skipped", "reopen")]
)
def test_a_new_cycle_begins_from_nothing(status, verb):
    ended = task_after(PATHS[status])._replace(claimed_by=5, alerts=3, alert_mark=1800, last_alert_at=NOON)
    again = apply(ended, VERBS[verb], ended.changed_at)
    assert again.cycle == 2
    assert (again.claimed_by, again.started_at, again.ended_at, again.alert_mark) == (None, None, None, None)
    assert (again.banked_ms, again.alerts, again.implicit_start) == (0, 0, 0)
    assert apply(ended, VERBS[verb], ended.changed_at, unblocked=False).status == "pending"


def test_giving_up_a_failed_task_keeps_when_it_ended():
    failed = task_after(PATHS["failed"])
    skipped = apply(failed, VERBS["skip"], failed.changed_at + MINUTE)
    assert (skipped.ended_at, skipped.cycle) == (failed.ended_at, 1)


def test_a_task_can_still_come_to_what_needs_no_new_cycle():
    assert may_become("pending", "completed")
    assert may_become("failed", "skipped")
    assert may_become("failed", "cancelled")
    assert not may_become("failed", "completed")
    assert not may_become("completed", "ready")


def test_a_new_timeout_counts_from_the_same_start():
    task = retime(task_after(["ready", "start"]), 10)
    assert task.due_at == task.running_since + 10 * MINUTE
    assert task.next_alert_at == task.due_at + 1000
    without = retime(task, None)
    assert without.due_at is without.next_alert_at is without.at_risk_at is None


def test_the_mark_of_a_new_timeout_holds_what_was_counted_until_then():
    before = task_after(["ready", "start"])
    mark = ledger_mark(before, retime(before, 10), before.running_since + 5 * MINUTE, None)
    assert (mark.state, mark.banked_ms, mark.timeout_minutes) == ("running", 5 * MINUTE, 10)


def test_the_clock_is_not_marked_before_it_runs():
    pending = new("PACK", "Pack", "task", 30, NOON)
    ready = apply(pending, VERBS["ready"], NOON)
    held = apply(ready, VERBS["hold"], NOON)
    assert ledger_mark(pending, ready, NOON, None) is None
    assert ledger_mark(ready, held, NOON, None) is None
    assert ledger_mark(pending, retime(pending, 5), NOON, None) is None


def test_an_ignored_task_alerts_on_the_calendar():
    task = task_after(["ready", "start"])
    due, slots = task.due_at, []
    for _ in range(6):
        slot = sla.next_slot(model.last_slot(task))
        slots.append(slot // 60)
        task = alerted(task, slot, task.next_alert_at)
    assert slots == [0, 60, 90, 120, 135, 150]
    assert task.alerts == 6
    assert task.next_alert_at == due + 165 * MINUTE


def test_after_a_longer_timeout_the_first_alert_is_due_anew():
    task = task_after(["ready", "start"])
    task = alerted(task, 0, task.next_alert_at)
    longer = retime(task, 60)
    assert model.last_slot(longer) is None
    assert longer.next_alert_at == longer.due_at + 1000


@given(st.lists(st.tuples(st.sampled_from(sorted(TABLE)), st.integers(0, 100_000)), max_size=15))
def test_next_instants_exist_exactly_while_the_clock_runs(steps):
    task, at = new("PACK", "Pack", "task", 30, NOON), NOON
    for verb, wait in steps:
        at += wait
        if task.status in VERBS[verb].sources:
            task = apply(task, VERBS[verb], at)
        running = task.status == "in_progress"
        assert (task.running_since is not None) == running
        assert (task.due_at is not None) == (task.next_alert_at is not None) == running
        assert (task.ended_at is not None) == (task.status not in model.OPEN)
        assert task.elapsed_ms(at) >= 0
