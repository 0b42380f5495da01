"""What a shown task looks like: the shapes of the answers, and how a record becomes one."""

import json
from typing import NamedTuple, TypedDict

from taskwatch.model import sla
from taskwatch.model import task as model
from taskwatch.model.sentence import sentence
from taskwatch.model.times import rfc3339

BEGUN = (model.IN_PROGRESS, model.ON_HOLD)
_BROKEN = (model.FAILED, model.CANCELLED)


class AssignmentShape(TypedDict):
    """Exactly one of `user_id` and `role_name` is set."""

    type: str
    user_id: int | None
    role_name: str | None


class TaskShape(TypedDict):
    """A task at one instant. Instants are RFC 3339 texts, durations whole seconds, minutes floored.

    What remains and what is exceeded is null without a timeout and before the task began; the levels are
    null as well once it has ended. `blocked_by` holds the codes of failed or cancelled dependencies that
    keep a pending task from ever becoming ready.
    """

    id: int
    code: str
    name: str
    type: str
    status: str
    cycle: int
    version: int
    timeout_minutes: int | None
    after: list[str]
    assignments: list[AssignmentShape]
    workflow_id: int | None
    workflow_type: str | None
    taskable_type: str | None
    taskable_id: int | str | None
    template: str | None
    claimed_by: int | None
    implicit_start: bool
    can_start: bool
    blocked_by: list[str]
    created_at: str
    changed_at: str
    ready_at: str | None
    started_at: str | None
    ended_at: str | None
    due_at: str | None
    next_alert_at: str | None
    alerts: int
    elapsed_seconds: int
    remaining_seconds: int | None
    remaining_minutes: int | None
    exceeded_by_seconds: int | None
    exceeded_by_minutes: int | None
    risk_level: str | None
    alert_level: str | None


class CycleShape(TypedDict):
    """A finished cycle and its verdict, which never changes."""

    cycle: int
    outcome: str
    verdict: str
    ready_at: str | None
    started_at: str | None
    ended_at: str
    elapsed_seconds: int
    timeout_minutes: int | None
    implicit_start: bool
    ended_by: int | None


class HistoryShape(TypedDict):
    """An event of the task, as one sentence."""

    seq: int
    at: str
    kind: str
    sentence: str
    by: int | None


class TaskDetail(TaskShape):
    """A task with what comes after it and what happened to it."""

    dependents: list[str]
    cycles: list[CycleShape]
    history: list[HistoryShape]


class Dependency(NamedTuple):
    """What a task comes after."""

    task_id: int
    after_id: int
    code: str
    status: str


class Assigned(NamedTuple):
    """Who has a task."""

    task_id: int
    type: str
    user_id: int | None
    role_name: str | None


class Cycle(NamedTuple):
    """A row of the finished cycles. Instants are ms UTC."""

    cycle: int
    outcome: str
    verdict: str
    ready_at: int | None
    started_at: int | None
    ended_at: int
    elapsed_ms: int
    timeout_minutes: int | None
    implicit_start: int
    ended_by: int | None


class Happened(NamedTuple):
    """A row of the event log."""

    seq: int
    kind: str
    at: int
    topics: str
    payload: str


def show(task: model.Task, after: list[Dependency], assigned: list[Assigned], now: int) -> TaskShape:
    """A task as it is at `now` (ms), with what it comes after and who has it."""
    found = standing(task, now)
    risky = found if task.status in BEGUN else None
    waits = task.status == model.PENDING
    return {
        "id": task.id,
        "code": task.code,
        "name": task.name,
        "type": task.type,
        "status": task.status,
        "cycle": task.cycle,
        "version": task.version,
        "timeout_minutes": task.timeout_minutes,
        "after": [earlier.code for earlier in after],
        "assignments": [
            {"type": entry.type, "user_id": entry.user_id, "role_name": entry.role_name} for entry in assigned
        ],
        "workflow_id": task.workflow_id,
        "workflow_type": task.workflow_type,
        "taskable_type": task.taskable_type,
        "taskable_id": task.taskable_id,
        "template": task.template,
        "claimed_by": task.claimed_by,
        "implicit_start": bool(task.implicit_start),
        "can_start": task.status == model.READY,
        "blocked_by": [earlier.code for earlier in after if waits and earlier.status in _BROKEN],
        "created_at": rfc3339(task.created_at),
        "changed_at": rfc3339(task.changed_at),
        "ready_at": _stamp(task.ready_at),
        "started_at": _stamp(task.started_at),
        "ended_at": _stamp(task.ended_at),
        "due_at": _stamp(task.due_at),
        "next_alert_at": _stamp(task.next_alert_at),
        "alerts": task.alerts,
        "elapsed_seconds": task.elapsed_ms(now) // 1000,
        "remaining_seconds": found and found.remaining_seconds,
        "remaining_minutes": found and found.remaining_minutes,
        "exceeded_by_seconds": found and found.exceeded_by_seconds,
        "exceeded_by_minutes": found and found.exceeded_by_minutes,
        "risk_level": risky and risky.risk_level,
        "alert_level": risky and risky.alert_level,
    }


def show_cycle(row: Cycle) -> CycleShape:
    """A finished cycle."""
    return {
        "cycle": row.cycle,
        "outcome": row.outcome,
        "verdict": row.verdict,
        "ready_at": _stamp(row.ready_at),
        "started_at": _stamp(row.started_at),
        "ended_at": rfc3339(row.ended_at),
        "elapsed_seconds": row.elapsed_ms // 1000,
        "timeout_minutes": row.timeout_minutes,
        "implicit_start": bool(row.implicit_start),
        "ended_by": row.ended_by,
    }


def show_event(row: Happened) -> HistoryShape:
    """An event of a task."""
    payload = json.loads(row.payload)
    return {
        "seq": row.seq,
        "at": rfc3339(row.at),
        "kind": row.kind,
        "sentence": sentence(row.kind, payload),
        "by": payload.get("changed_by"),
    }


def standing(task: model.Task, now: int) -> sla.Standing | None:
    """How late or early a task is at `now`; None without a timeout, and before it began."""
    return None if task.started_at is None else task.standing(now)


def _stamp(at: int | None) -> str | None:
    return None if at is None else rfc3339(at)
