"""A task, its states and the one table of what may follow what.

pending → ready → in_progress → completed; further on_hold, failed, skipped, cancelled.
Deciding is pure: a task and a verb go in, the task as it will be comes out, or an error that names
the present state.
"""

from typing import NamedTuple

from taskwatch.errors import Conflict, InvalidInput
from taskwatch.model import ledger, names, sla
from taskwatch.model.times import rfc3339

PENDING = "pending"
READY = "ready"
IN_PROGRESS = "in_progress"
ON_HOLD = "on_hold"
COMPLETED = "completed"
FAILED = "failed"
SKIPPED = "skipped"
CANCELLED = "cancelled"

STATUSES = (PENDING, READY, IN_PROGRESS, ON_HOLD, COMPLETED, FAILED, SKIPPED, CANCELLED)
OPEN = (PENDING, READY, IN_PROGRESS, ON_HOLD)
SATISFYING = (COMPLETED, SKIPPED)
WAITING = "ready or pending"
HELD_FROM = "the state it was held from"


class Verb(NamedTuple):
    """One transition: the states it may start from, the state it leads to, and how to say it was done."""

    name: str
    sources: tuple[str, ...]
    target: str
    done: str
    automatic: bool = False


VERBS = {
    verb.name: verb
    for verb in (
        Verb("ready", (PENDING,), READY, "became ready", automatic=True),
        Verb("withdraw", (READY,), PENDING, "went back to pending", automatic=True),
        Verb("start", (READY,), IN_PROGRESS, "started"),
        Verb("complete", (READY, IN_PROGRESS), COMPLETED, "completed"),
        Verb("fail", (READY, IN_PROGRESS, ON_HOLD), FAILED, "failed"),
        Verb("skip", (*OPEN, FAILED), SKIPPED, "skipped"),
        Verb("cancel", (*OPEN, FAILED), CANCELLED, "cancelled"),
        Verb("hold", (READY, IN_PROGRESS), ON_HOLD, "put on hold"),
        Verb("resume", (ON_HOLD,), HELD_FROM, "resumed"),
        Verb("reopen", (COMPLETED, SKIPPED, CANCELLED), WAITING, "reopened"),
        Verb("retry", (FAILED,), WAITING, "put back to try again"),
    )
}


class Task(NamedTuple):
    """A task as the record keeps it. Instants are ms UTC; `workflow_type` and the subject are its workflow's.

    `banked_ms` is the time counted before `running_since`; `alert_mark` is how many seconds had elapsed
    at the last alert's slot. `due_at`, `at_risk_at` and `next_alert_at` are set only while the clock runs.
    """

    id: int
    workflow_id: int | None
    template: str | None
    code: str
    name: str
    type: str
    status: str
    cycle: int
    version: int
    timeout_minutes: int | None
    claimed_by: int | None
    held_from: str | None
    implicit_start: int
    created_at: int
    changed_at: int
    ready_at: int | None
    started_at: int | None
    ended_at: int | None
    banked_ms: int
    running_since: int | None
    due_at: int | None
    at_risk_at: int | None
    next_alert_at: int | None
    alerts: int
    alert_mark: int | None
    last_alert_at: int | None
    workflow_type: str | None
    taskable_type: str | None
    subject_id: str | None

    @property
    def taskable_id(self) -> int | str | None:
        """The subject's id as payloads carry it."""
        return names.wire_id(self.subject_id)

    def elapsed_ms(self, now: int) -> int:
        """The time counted in this cycle up to `now`."""
        return self.banked_ms + (max(0, now - self.running_since) if self.running_since is not None else 0)

    def standing(self, now: int) -> sla.Standing | None:
        """How late or early the task is at `now`; None without a timeout."""
        if self.timeout_minutes is None:
            return None
        return sla.judge(self.elapsed_ms(now) // 1000, self.timeout_minutes)


def new(  # noqa: PLR0917 - a task is born with all its properties
    code: str,
    name: str,
    kind: str,
    timeout_minutes: int | None,
    now: int,
    workflow: tuple[int, str, str, str] | None = None,
    template: str | None = None,
) -> Task:
    """A pending task, not yet kept: its id is 0. `workflow` is (id, type, subject type, subject id)."""
    workflow_id, workflow_type, taskable_type, subject = workflow or (None, None, None, None)
    return Task(
        0, workflow_id, template, code, name, kind, PENDING, 1, 1, timeout_minutes, None, None, 0,
        now, now, None, None, None, 0, None, None, None, None, 0, None, None,
        workflow_type, taskable_type, subject,
    )  # fmt: skip


def apply(task: Task, verb: Verb, at: int, *, unblocked: bool = True, on_rise: bool = False) -> Task:
    """The task after `verb` at the instant `at`. `unblocked`: all its dependencies are satisfied.

    Raises:
        Conflict: the present state does not allow it.
        InvalidInput: `at` lies before the previous transition.
    """
    if task.status not in verb.sources:
        raise _not_allowed(task, verb)
    if at < task.changed_at:
        raise InvalidInput(
            f"{task.code} changed at {rfc3339(task.changed_at)}, which is after {rfc3339(at)}",
            hint="give a later --at",
        )
    status = _target(task, verb, unblocked=unblocked)
    after = task._replace(status=status, version=task.version + 1, changed_at=at)
    return schedule(_ENTER[status](_stop_clock(after, at), task, at), on_rise=on_rise)


def retime(task: Task, timeout_minutes: int | None, *, on_rise: bool = False) -> Task:
    """The task with another timeout; the time already counted stays counted."""
    return schedule(task._replace(timeout_minutes=timeout_minutes, version=task.version + 1), on_rise=on_rise)


def schedule(task: Task, *, on_rise: bool = False) -> Task:
    """The task with its next instants worked out: when it is due, at risk, and when to alert next."""
    if task.running_since is None or task.timeout_minutes is None:
        return task._replace(due_at=None, at_risk_at=None, next_alert_at=None)
    due = sla.due_at(task.running_since, task.banked_ms, task.timeout_minutes)
    at_risk = due + (sla.at_risk_after(task.timeout_minutes) - task.timeout_minutes * 60) * sla.SECOND
    slot = sla.next_slot(last_slot(task), on_rise=on_rise)
    return task._replace(due_at=due, at_risk_at=at_risk, next_alert_at=sla.alert_at(due, slot))


def may_become(status: str, wished: str) -> bool:
    """Whether a task in one state can still come to another without a new cycle."""
    return status in OPEN or any(status in verb.sources and verb.target == wished for verb in VERBS.values())


def alerted(task: Task, slot: int, now: int, *, on_rise: bool = False) -> Task:
    """The task after an alert for `slot` (seconds exceeded) was claimed at `now`."""
    timeout = (task.timeout_minutes or 0) * 60
    return schedule(
        task._replace(
            alerts=task.alerts + 1, alert_mark=timeout + slot, last_alert_at=now, version=task.version + 1
        ),
        on_rise=on_rise,
    )


def last_slot(task: Task) -> int | None:
    """The last alert's slot under the present timeout; None before the first, or when it would lie ahead."""
    if task.alert_mark is None or task.timeout_minutes is None:
        return None
    slot = task.alert_mark - task.timeout_minutes * 60
    return slot if slot >= 0 else None


def ledger_mark(before: Task, after: Task, at: int, reason: str | None) -> ledger.Mark | None:
    """What the clock ledger must note about a change; None when clock and timeout stay as they were."""
    old, new = _clock(before), _clock(after)
    if new is None or (old == new and before.cycle == after.cycle):
        return None
    banked_ms = after.elapsed_ms(at)
    return ledger.Mark(after.id, after.cycle, at, new[0], banked_ms, after.timeout_minutes, reason)


def _not_allowed(task: Task, verb: Verb) -> Conflict:
    possible = [v.name for v in VERBS.values() if task.status in v.sources and not v.automatic]
    return Conflict(
        f"{task.code} is {task.status}, so it cannot be {verb.done}",
        hint=f"from {task.status} a task can: {', '.join(possible)}",
        task_id=task.id,
        task_code=task.code,
        status=task.status,
        version=task.version,
    )


def _target(task: Task, verb: Verb, *, unblocked: bool) -> str:
    waiting = READY if unblocked else PENDING
    if verb.target == WAITING:
        return waiting
    if verb.target == HELD_FROM:
        return IN_PROGRESS if task.held_from == IN_PROGRESS else waiting
    return verb.target


def _stop_clock(task: Task, at: int) -> Task:
    return task._replace(banked_ms=task.elapsed_ms(at), running_since=None)


def _enter_waiting(after: Task, before: Task, at: int) -> Task:
    if before.status in OPEN:
        return after._replace(ready_at=at if after.status == READY else None, held_from=None)
    return after._replace(
        cycle=before.cycle + 1, claimed_by=None, held_from=None, implicit_start=0,
        ready_at=at if after.status == READY else None, started_at=None, ended_at=None,
        banked_ms=0, alerts=0, alert_mark=None, last_alert_at=None,
    )  # fmt: skip


def _enter_progress(after: Task, before: Task, at: int) -> Task:
    return after._replace(started_at=before.started_at or at, running_since=at, held_from=None)


def _enter_hold(after: Task, before: Task, at: int) -> Task:  # noqa: ARG001 - one shape for all entrances
    return after._replace(held_from=before.status)


def _enter_completed(after: Task, before: Task, at: int) -> Task:
    implicit = before.started_at is None
    return after._replace(
        started_at=at if implicit else before.started_at, implicit_start=int(implicit), ended_at=at
    )


def _enter_end(after: Task, before: Task, at: int) -> Task:
    return after._replace(held_from=None, ended_at=at if before.status in OPEN else before.ended_at)


_ENTER = {
    PENDING: _enter_waiting,
    READY: _enter_waiting,
    IN_PROGRESS: _enter_progress,
    ON_HOLD: _enter_hold,
    COMPLETED: _enter_completed,
    FAILED: _enter_end,
    SKIPPED: _enter_end,
    CANCELLED: _enter_end,
}


def _clock(task: Task) -> tuple[str, int | None] | None:
    """What the clock does, with the timeout in force; None before it first runs."""
    if task.running_since is not None:
        return ledger.RUNNING, task.timeout_minutes
    if task.started_at is None:
        return None
    state = ledger.PAUSED if task.status == ON_HOLD else ledger.STOPPED
    return state, task.timeout_minutes
