"""Moving tasks on a real database: states, dependents, workflows, ledger, events."""

import json

import pytest

from taskwatch.actions import lookup, tasks, workflows
from taskwatch.actions.change import Change
from taskwatch.actions.listing import show_task
from taskwatch.actions.tasks import NewTask
from taskwatch.actions.transitions import save, transition
from taskwatch.errors import Conflict, InvalidInput, NotFound
from taskwatch.model import definition
from taskwatch.model import task as model

NOON = 1_795_435_200_000
MINUTE = 60_000
BC = {
    "workflow": {"code": "bc", "name": "Order"},
    "task": [
        {"code": "REVIEW", "name": "Review", "type": "review", "timeout": 30},
        {"code": "PACK", "name": "Pack", "type": "packing", "after": ["REVIEW"]},
        {"code": "INVOICE", "name": "Invoice", "type": "billing", "after": ["REVIEW"]},
        {"code": "SHIP", "name": "Ship", "type": "delivery", "after": ["PACK", "INVOICE"]},
    ],
}
REACHED = {
    "pending": [],
    "ready": [],
    "in_progress": ["start"],
    "on_hold": ["start", "hold"],
    "completed": ["start", "complete"],
    "failed": ["start", "fail"],
    "skipped": ["skip"],
    "cancelled": ["cancel"],
}
VERBS = [verb for verb in model.VERBS.values() if not verb.automatic]


def at(minutes=0, **more):
    return Change(now=NOON + minutes * MINUTE, **more)


def add(store, *codes, **wishes):
    return tasks.add(store, [NewTask(code, **wishes) for code in codes], at())


def chain(store, *codes):
    for before, code in zip((None, *codes), codes, strict=False):
        add(store, code, after=(before,) if before else (), timeout_minutes=30)


def move(store, verb, *refs, minutes=1, **more):
    return transition(store, verb, list(refs), at(minutes, **more))


def status(store, *codes):
    with store.read() as tx:
        found = [lookup.task(tx, code).status for code in codes]
    return found if len(found) > 1 else found[0]


def snapshot(store):
    tables = (
        "tasks",
        "ledger",
        "cycles",
        "events",
        "workflows",
        "assignments",
        "dependencies",
        "idempotency",
    )
    return {table: store.connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}


def kinds(store):
    return [row[0] for row in store.connection.execute("SELECT kind FROM events ORDER BY seq")]


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
@pytest.mark.parametrize("state", model.STATUSES)
def test_every_transition_is_done_or_refused_with_the_present_state_and_without_a_trace(store, state, verb):
    add(store, "GATE")
    add(store, "PACK", after=("GATE",) if state == "pending" else ())
    for step in REACHED[state]:
        move(store, step, "PACK")
    before = snapshot(store)
    if state in verb.sources:
        moved = move(store, verb.name, "PACK", minutes=2)[0]
        assert (moved["old_status"], moved["new_status"]) == (state, status(store, "PACK"))
        assert moved["new_status"] != state
    else:
        with pytest.raises(Conflict, match=f"PACK is {state}, so it cannot be {verb.done}"):
            move(store, verb.name, "PACK", minutes=2)
        assert snapshot(store) == before


def test_the_last_event_of_every_task_tells_its_state(store):
    chain(store, "A", "B", "C")
    move(store, "start", "A")
    move(store, "complete", "A", "B", minutes=2)
    move(store, "reopen", "A", minutes=3)
    with store.read() as tx:
        assert tx.all(tuple, "events.disagreeing") == []


def test_completing_makes_ready_only_what_waits_for_nothing_else(store):
    add(store, "A", "B")
    add(store, "C", after=("A", "B"))
    assert move(store, "complete", "A")[0]["became_ready"] == []
    assert move(store, "skip", "B")[0]["became_ready"] == ["C"]
    assert kinds(store)[-3:] == ["task.status.changed", "task.status.changed", "task.became.ready"]


def test_a_chain_named_in_one_call_is_moved_link_by_link(store):
    chain(store, "A", "B", "C")
    moved = move(store, "complete", "A", "B", "C")
    assert [one["old_status"] for one in moved] == ["ready", "ready", "ready"]
    assert [one["became_ready"] for one in moved] == [["B"], ["C"], []]


def test_a_task_named_twice_is_moved_once(store):
    add(store, "A")
    assert len(move(store, "complete", "A", "1", "A")) == 1


def test_one_that_cannot_move_keeps_all_from_moving(store):
    add(store, "A", "B")
    move(store, "complete", "B")
    before = snapshot(store)
    with pytest.raises(Conflict):
        move(store, "complete", "A", "B", minutes=2)
    with pytest.raises(NotFound, match="there is no task 'C'"):
        move(store, "complete", "A", "C", minutes=2)
    with pytest.raises(InvalidInput, match="no task was named"):
        move(store, "complete")
    assert snapshot(store) == before


def test_a_failed_or_cancelled_dependency_blocks_and_is_named(store):
    chain(store, "A", "B")
    move(store, "fail", "A")
    assert show_task(store, "B", NOON)["blocked_by"] == ["A"]
    move(store, "cancel", "A", minutes=2)
    assert show_task(store, "B", NOON)["blocked_by"] == ["A"]
    assert status(store, "B") == "pending"
    move(store, "reopen", "A", minutes=3)
    assert show_task(store, "B", NOON)["blocked_by"] == []


def test_reopening_opens_a_cycle_and_the_old_verdict_stays(store):
    chain(store, "A", "B")
    move(store, "start", "A")
    move(store, "complete", "A", minutes=40)
    move(store, "reopen", "A", minutes=50)
    move(store, "start", "A", minutes=51)
    move(store, "complete", "A", minutes=52)
    detail = show_task(store, "A", NOON)
    assert detail["cycle"] == 2
    facts = [(c["cycle"], c["verdict"], c["elapsed_seconds"]) for c in detail["cycles"]]
    assert facts == [(1, "missed", 39 * 60), (2, "met", 60)]


def test_reopening_withdraws_ready_dependents_and_only_flags_those_worked_on(store):
    add(store, "A")
    add(store, "READY", "STARTED", "HELD", "DONE", after=("A",))
    move(store, "complete", "A")
    move(store, "start", "STARTED", "HELD", minutes=2)
    move(store, "hold", "HELD", minutes=2)
    move(store, "complete", "DONE", minutes=2)
    moved = move(store, "reopen", "A", minutes=3)[0]
    assert moved["withdrawn"] == ["READY"]
    assert moved["flagged"] == ["STARTED", "HELD"]
    assert status(store, "READY", "STARTED", "HELD", "DONE") == [
        "pending",
        "in_progress",
        "on_hold",
        "completed",
    ]
    assert kinds(store).count("task.dependency.reopened") == 2


def test_what_was_held_when_ready_resumes_to_pending_if_something_was_reopened(store):
    chain(store, "A", "B")
    move(store, "complete", "A")
    move(store, "hold", "B", minutes=2)
    move(store, "reopen", "A", minutes=3)
    assert move(store, "resume", "B", minutes=4)[0]["new_status"] == "pending"


def test_reopening_or_retrying_a_blocked_task_makes_it_pending(store):
    chain(store, "A", "B")
    move(store, "complete", "A", "B")
    move(store, "reopen", "A", minutes=2)
    assert move(store, "reopen", "B", minutes=3)[0]["new_status"] == "pending"


def test_a_hold_pauses_the_clock_and_keeps_its_reason(store):
    add(store, "A", timeout_minutes=30)
    move(store, "start", "A")
    move(store, "hold", "A", minutes=11, reason="lunch")
    move(store, "resume", "A", minutes=60)
    move(store, "complete", "A", minutes=65)
    assert show_task(store, "A", NOON)["elapsed_seconds"] == 15 * 60
    marks = store.connection.execute("SELECT state, banked_ms, reason FROM ledger ORDER BY id").fetchall()
    assert marks == [
        ("running", 0, None),
        ("paused", 10 * MINUTE, "lunch"),
        ("running", 10 * MINUTE, None),
        ("stopped", 15 * MINUTE, None),
    ]


def test_it_may_have_happened_earlier_but_not_before_the_last_transition_nor_in_the_future(store):
    add(store, "A")
    move(store, "start", "A", minutes=10, at=NOON + 4 * MINUTE)
    assert show_task(store, "A", NOON)["started_at"] == "2026-11-23T12:04:00Z"
    with pytest.raises(InvalidInput, match="A changed at 2026-11-23T12:04:00Z"):
        move(store, "complete", "A", minutes=10, at=NOON + 3 * MINUTE)
    with pytest.raises(InvalidInput, match="in the future"):
        move(store, "complete", "A", minutes=10, at=NOON + 11 * MINUTE)


def test_who_waited_for_another_change_is_not_refused_for_having_asked_before_it(store):
    add(store, "A")
    move(store, "start", "A", minutes=2)
    assert move(store, "complete", "A", minutes=1)[0]["new_status"] == "completed"
    assert show_task(store, "A", NOON)["ended_at"] == "2026-11-23T12:02:00Z"


def test_what_follows_is_never_dated_before_the_dependent_s_last_change(store):
    add(store, "A")
    move(store, "start", "A", minutes=1)
    tasks.add(store, [NewTask("B", after=("A",))], at(20))
    moved = move(store, "complete", "A", minutes=30, at=NOON + 5 * MINUTE)
    assert moved[0]["became_ready"] == ["B"]
    assert show_task(store, "B", NOON)["ready_at"] == "2026-11-23T12:20:00Z"


def test_a_condition_on_the_status_is_kept(store):
    add(store, "A")
    with pytest.raises(Conflict, match="A is ready, not in_progress"):
        move(store, "complete", "A", if_status="in_progress")
    with pytest.raises(InvalidInput, match="there is no status 'redy'") as refused:
        move(store, "complete", "A", if_status="redy")
    assert refused.value.hint == "did you mean ready?"
    assert move(store, "complete", "A", if_status="ready")[0]["new_status"] == "completed"


def test_a_guarded_update_lets_only_the_first_win_and_names_the_present_state(store):
    add(store, "A")
    with store.read() as tx:
        seen = lookup.task(tx, "A")
    move(store, "start", "A")
    after = model.apply(seen, model.VERBS["skip"], NOON + 2 * MINUTE)
    with (
        pytest.raises(Conflict, match="A was changed by somebody else and is in_progress now"),
        store.write() as tx,
    ):
        save(tx, seen, after, NOON + 2 * MINUTE, None)
    assert status(store, "A") == "in_progress"


def test_a_dry_run_answers_as_if_and_leaves_no_trace(store):
    chain(store, "A", "B")
    before = snapshot(store)
    tried = move(store, "complete", "A", dry_run=True, key="k")
    assert snapshot(store) == before
    assert move(store, "complete", "A", key="k") == tried


@pytest.fixture
def bc(store):
    workflows.define(store, definition.check(BC)[0], at())
    workflows.start(store, "bc", "Order", "114", at())
    return store


def workflow_status(store):
    return store.connection.execute("SELECT status FROM workflows").fetchone()[0]


def test_a_workflow_completes_with_its_last_task_and_is_active_again_when_one_is_reopened(bc):
    moved = move(bc, "complete", "REVIEW_BC114", "PACK_BC114", "INVOICE_BC114")
    assert moved[-1]["workflow_status"] == "active"
    last = move(bc, "skip", "SHIP_BC114", minutes=2)[0]
    assert (last["workflow"], last["workflow_status"]) == ("bc.114", "completed")
    assert move(bc, "reopen", "PACK_BC114", minutes=3)[0]["workflow_status"] == "active"
    assert workflow_status(bc) == "active"
    assert [kind for kind in kinds(bc) if kind.startswith("workflow.")] == [
        "workflow.started",
        "workflow.completed",
        "workflow.reopened",
    ]


def test_nothing_is_reopened_in_a_finished_run_while_a_newer_one_is_active(bc):
    move(bc, "complete", "REVIEW_BC114", "PACK_BC114", "INVOICE_BC114", "SHIP_BC114")
    with bc.read() as tx:
        first = str(lookup.task(tx, "PACK_BC114").id)
    workflows.start(bc, "bc", "Order", "114", at(2))
    with pytest.raises(Conflict, match="a newer run of bc Order 114 is active"):
        move(bc, "reopen", first, minutes=3)


def test_nothing_is_reopened_in_a_cancelled_workflow(bc):
    workflows.cancel(bc, "bc.114", at(1))
    assert status(bc, "REVIEW_BC114", "SHIP_BC114") == ["cancelled", "cancelled"]
    with pytest.raises(Conflict, match="the workflow of REVIEW_BC114 was cancelled"):
        move(bc, "reopen", "REVIEW_BC114", minutes=2)


def test_the_payload_of_a_status_change_has_the_known_keys(bc):
    move(bc, "complete", "REVIEW_BC114", reason="fine")
    row = bc.connection.execute(
        "SELECT payload, topics FROM events WHERE kind = 'task.status.changed' AND status = 'completed'"
    ).fetchone()
    payload = json.loads(row[0])
    expected = {
        "task_code": "REVIEW_BC114",
        "workflow_type": "bc",
        "taskable_type": "Order",
        "taskable_id": 114,
        "old_status": "ready",
        "new_status": "completed",
        "can_start": False,
        "reason": "fine",
        "changed_at": "2026-11-23T12:01:00Z",
    }
    assert expected.items() <= payload.items()
    assert " workflow.bc.114 " in row[1]
