"""Moving tasks from state to state, and what follows from it for their dependents and their workflow."""

from typing import NamedTuple, TypedDict

from taskwatch.actions import lookup
from taskwatch.actions.change import Change, check, expect, once
from taskwatch.actions.journal import record
from taskwatch.errors import Conflict
from taskwatch.model import event, sla
from taskwatch.model.task import (
    HELD_FROM,
    IN_PROGRESS,
    ON_HOLD,
    OPEN,
    READY,
    SATISFYING,
    VERBS,
    WAITING,
    Task,
    Verb,
    apply,
    ledger_mark,
)
from taskwatch.store import Store, Tx


class Moved(TypedDict):
    """What one transition did, and what followed from it for the tasks that come after.

    `withdrawn` went back to pending, `flagged` are worked on although something before them was reopened.
    `workflow` is `bc.114`, `workflow_status` its status now; both null for a task that stands alone.
    """

    id: int
    code: str
    old_status: str
    new_status: str
    version: int
    became_ready: list[str]
    withdrawn: list[str]
    flagged: list[str]
    workflow: str | None
    workflow_status: str | None


class Effects(NamedTuple):
    """The codes of the dependents that a move touched."""

    became_ready: list[str]
    withdrawn: list[str]
    flagged: list[str]


def transition(store: Store, verb: str, refs: list[str], change: Change) -> list[Moved]:
    """Move tasks, all of them or none. `verb` is a key of `model.task.VERBS` that is not automatic.

    Raises:
        NotFound: a task or the user does not exist.
        Conflict: the present state of one of them does not allow it.
        InvalidInput: the time is not possible.
    """
    with store.write(dry_run=change.dry_run, concurrent=True) as tx:
        return transition_within(tx, verb, refs, change)


def transition_within(tx: Tx, verb: str, refs: list[str], change: Change) -> list[Moved]:
    """The same inside a transaction that is open already."""
    change = check(tx, change)

    def move_all() -> list[Moved]:
        lookup.hold(tx, refs)
        return [_move_named(tx, found, VERBS[verb], change) for found in lookup.tasks(tx, refs)]

    moved: list[Moved] = once(tx, change, [verb, refs, change.at], move_all)
    return moved


def make_ready(tx: Tx, task: Task, change: Change) -> Task:
    """Let a pending task become ready, when nothing stands before it any more."""
    return _move(tx, task, VERBS["ready"], change)


def withdraw(tx: Tx, task: Task, change: Change) -> Task:
    """Send a ready task back to pending, since something stands before it again."""
    return _move(tx, task, VERBS["withdraw"], change)


def settle(tx: Tx, workflow_id: int | None, change: Change) -> str | None:
    """Complete a workflow whose tasks are all satisfied, or reopen one in which something is to do again."""
    if workflow_id is None:
        return None
    workflow = tx.one(lookup.Workflow, "workflows.by_id", id=workflow_id)
    if workflow is None or workflow.status == "cancelled":
        return workflow and workflow.status
    status = "active" if tx.value("workflows.unsatisfied", id=workflow_id) else "completed"
    if status != workflow.status:
        end_workflow(tx, workflow, status, change)
    return status


def end_workflow(tx: Tx, workflow: lookup.Workflow, status: str, change: Change) -> None:
    """Set a workflow's status (`active` again, `completed` or `cancelled`) and record it."""
    if status == "active" and tx.one(lookup.Workflow, "workflows.active", **_subject(workflow)):
        raise Conflict(f"a newer run of {workflow} is active", hint="finish or cancel that one first")
    ended_at = None if status == "active" else change.moment
    tx.run("workflows.settle", id=workflow.id, status=status, ended_at=ended_at, was_status=workflow.status)
    kind = {
        "active": event.WORKFLOW_REOPENED,
        "completed": event.WORKFLOW_COMPLETED,
        "cancelled": event.WORKFLOW_CANCELLED,
    }[status]
    record(
        tx,
        event.workflow_changed(kind, workflow.identity, by=change.by, at=change.moment, reason=change.reason),
    )


def save(tx: Tx, before: Task, after: Task, at: int, reason: str | None) -> None:
    """Keep a changed task, unless somebody changed it first; note what its clock did.

    Raises:
        Conflict: somebody was first; the error names the present state.
    """
    changed = tx.run("tasks.update", **after._asdict(), was_status=before.status, was_version=before.version)
    if changed == 0:
        present = lookup.task(tx, str(before.id))
        raise Conflict(
            f"{before.code} was changed by somebody else and is {present.status} now",
            hint="look and try again",
        )
    mark = ledger_mark(before, after, at, reason)
    if mark is not None:
        tx.run("tasks.mark", **mark._asdict())


def judge(tx: Tx, before: Task, verb: Verb, change: Change) -> Task:
    """The task as a transition would leave it; nothing is written.

    Raises:
        Conflict: the present state does not allow it.
        Forbidden: who asks may not change this task.
        InvalidInput: the time is not possible.
    """
    expect(tx, before, change)
    if verb.name == "start":
        _check_holder(before, change)
    _check_workflow(tx, before, verb)
    return _after(tx, before, verb, change)


def _move_named(tx: Tx, before: Task, verb: Verb, change: Change) -> Moved:
    after = _keep(tx, before, judge(tx, before, verb, change), change)
    effects = _propagate(tx, before, after, change)
    workflow_status = settle(tx, after.workflow_id, change) if _settles(before, after) else _status(tx, after)
    return {
        "id": after.id,
        "code": after.code,
        "old_status": before.status,
        "new_status": after.status,
        "version": after.version,
        "became_ready": effects.became_ready,
        "withdrawn": effects.withdrawn,
        "flagged": effects.flagged,
        "workflow": f"{after.workflow_type}.{after.subject_id}" if after.workflow_type else None,
        "workflow_status": workflow_status,
    }


def _move(tx: Tx, before: Task, verb: Verb, change: Change) -> Task:
    return _keep(tx, before, _after(tx, before, verb, change), change)


def _after(tx: Tx, before: Task, verb: Verb, change: Change) -> Task:
    at = _instant(before, verb, change)
    unblocked = verb.target not in {WAITING, HELD_FROM} or not _blocked(tx, before)
    after = apply(before, verb, at, unblocked=unblocked, on_rise=change.on_rise)
    if verb.name == "start" and change.by is not None and before.claimed_by is None:
        return after._replace(claimed_by=change.by)
    return after


def _keep(tx: Tx, before: Task, after: Task, change: Change) -> Task:
    at = after.changed_at
    save(tx, before, after, at, change.reason)
    if before.status in OPEN and after.status not in OPEN:
        _finish_cycle(tx, after, change.by)
    _tell(tx, before, after, at, change)
    return after


def _instant(before: Task, verb: Verb, change: Change) -> int:
    """When it happens: what somebody else changed while this one waited came before it."""
    if change.at is not None and not verb.automatic:
        return change.at
    return max(change.moment, before.changed_at)


def _tell(tx: Tx, before: Task, after: Task, at: int, change: Change) -> None:
    assigned = lookup.assignments(tx, after.id)
    record(tx, event.status_changed(before, after, assigned, by=change.by, at=at, reason=change.reason))
    if after.status == READY:
        record(tx, event.became_ready(after, assigned, at=at))
    if after.claimed_by != before.claimed_by and after.claimed_by is not None:
        facts = {"claimed_by": after.claimed_by}
        record(tx, event.task_changed(event.TASK_CLAIMED, after, assigned, by=change.by, at=at, **facts))


def _propagate(tx: Tx, before: Task, after: Task, change: Change) -> Effects:
    """What a task's end or reopening means for those that come after it."""
    effects = Effects([], [], [])
    was, is_now = before.status in SATISFYING, after.status in SATISFYING
    if is_now and not was:
        for dependent in tx.all(Task, "tasks.unblocked_dependents", id=after.id):
            effects.became_ready.append(make_ready(tx, dependent, change).code)
    if was and not is_now:
        for dependent in tx.all(Task, "tasks.dependents", id=after.id):
            _block_again(tx, dependent, after, change, effects)
    return effects


def _block_again(tx: Tx, dependent: Task, reopened: Task, change: Change, effects: Effects) -> None:
    """A ready dependent goes back to pending; one that somebody works on is flagged only."""
    if dependent.status == READY:
        effects.withdrawn.append(withdraw(tx, dependent, change).code)
    elif dependent.status in {IN_PROGRESS, ON_HOLD}:
        effects.flagged.append(dependent.code)
        _flag(tx, dependent, reopened, change)


def _flag(tx: Tx, dependent: Task, reopened: Task, change: Change) -> None:
    facts = {"after_task_id": reopened.id, "after_task_code": reopened.code}
    assigned = lookup.assignments(tx, dependent.id)
    kind = event.DEPENDENCY_REOPENED
    record(tx, event.task_changed(kind, dependent, assigned, by=change.by, at=change.moment, **facts))


def _finish_cycle(tx: Tx, task: Task, by: int | None) -> None:
    standing = task.standing(task.changed_at)
    exceeded = standing is not None and standing.exceeded
    tx.run(
        "tasks.finish_cycle",
        task_id=task.id,
        cycle=task.cycle,
        outcome=task.status,
        verdict=sla.verdict(task.status, exceeded, task.timeout_minutes),
        ready_at=task.ready_at,
        started_at=task.started_at,
        ended_at=task.ended_at,
        elapsed_ms=task.banked_ms,
        timeout_minutes=task.timeout_minutes,
        implicit_start=task.implicit_start,
        ended_by=by,
    )


def _blocked(tx: Tx, task: Task) -> bool:
    return bool(tx.all(Task, "tasks.blockers", id=task.id))


def _check_holder(task: Task, change: Change) -> None:
    if task.claimed_by is not None and change.by != task.claimed_by:
        raise Conflict(
            f"{task.code} is claimed by user {task.claimed_by}",
            hint=f"start it --by {task.claimed_by}, or: taskwatch task release {task.code}",
        )


def _check_workflow(tx: Tx, task: Task, verb: Verb) -> None:
    if verb.target == WAITING and _status(tx, task) == "cancelled":
        raise Conflict(
            f"the workflow of {task.code} was cancelled", hint="start the workflow anew for this subject"
        )


def _settles(before: Task, after: Task) -> bool:
    return (before.status in SATISFYING) != (after.status in SATISFYING)


def _status(tx: Tx, task: Task) -> str | None:
    if task.workflow_id is None:
        return None
    workflow = tx.one(lookup.Workflow, "workflows.by_id", id=task.workflow_id)
    return workflow and workflow.status


def _subject(workflow: lookup.Workflow) -> dict[str, str]:
    return {
        "type": workflow.type,
        "taskable_type": workflow.taskable_type,
        "subject_id": workflow.subject_id,
    }
