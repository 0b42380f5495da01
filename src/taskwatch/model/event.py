"""Events: facts stored once, in the transaction that made them true. Kinds, payloads and topics.

The payloads of `task.status.changed`, `task.became.ready` and `task.sla.exceeded` have the keys and types
that front ends already know; keys are only ever added.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from taskwatch.model import sla
from taskwatch.model.assignment import Assignment
from taskwatch.model.task import READY, Task
from taskwatch.model.times import rfc3339

STATUS_CHANGED = "task.status.changed"
BECAME_READY = "task.became.ready"
SLA_EXCEEDED = "task.sla.exceeded"
SLA_RETRACTED = "task.sla.retracted"
TASK_CREATED = "task.created"
TASK_IMPORTED = "task.imported"
TASK_ASSIGNED = "task.assigned"
TASK_UNASSIGNED = "task.unassigned"
TASK_CLAIMED = "task.claimed"
TASK_RELEASED = "task.released"
TASK_LINKED = "task.linked"
TASK_UNLINKED = "task.unlinked"
TIMEOUT_CHANGED = "task.timeout.changed"
DEPENDENCY_REOPENED = "task.dependency.reopened"
TASK_ACKNOWLEDGED = "task.acknowledged"
TASK_SNOOZED = "task.snoozed"
TASK_UNACKNOWLEDGED = "task.unacknowledged"
WORKFLOW_STARTED = "workflow.started"
WORKFLOW_COMPLETED = "workflow.completed"
WORKFLOW_CANCELLED = "workflow.cancelled"
WORKFLOW_REOPENED = "workflow.reopened"
TYPE_DEFINED = "type.defined"
USER_CREATED = "user.created"
USER_UPDATED = "user.updated"
USER_REMOVED = "user.removed"
ROLE_GRANTED = "role.granted"
ROLE_REVOKED = "role.revoked"
TOKEN_CREATED = "token.created"  # noqa: S105  a kind, no secret
TOKEN_REVOKED = "token.revoked"  # noqa: S105  a kind, no secret
SESSION_CLOSED = "session.closed"
MESSAGE_PUBLISHED = "message.published"
MUTE_ADDED = "mute.added"
MUTE_ENDED = "mute.ended"
NOTIFICATION_CREATED = "notification.created"
NOTIFICATION_SEEN = "notification.seen"
NOTIFICATION_READ = "notification.read"
NOTIFICATION_ARCHIVED = "notification.archived"
CHANNEL_PAUSED = "channel.paused"
CHANNEL_RESUMED = "channel.resumed"
DELIVERIES_RETRIED = "delivery.retried"
DELIVERIES_DISCARDED = "delivery.discarded"

# A kind has a dot in it; a status, which stands here as well, has none.
KINDS = tuple(sorted(value for name, value in globals().items() if name.isupper() and "." in str(value)))

ALERTS_TOPIC = "admin.sla.alerts"
PEOPLE_TOPIC = "admin.people"
TYPES_TOPIC = "admin.types"
TOKENS_TOPIC = "admin.tokens"
MUTES_TOPIC = "admin.mutes"
DELIVERIES_TOPIC = "admin.deliveries"

Assignments = Iterable[Assignment]


class Event(NamedTuple):
    """A fact about to be recorded. `status` is the task's status from now on, where the event sets one."""

    kind: str
    at: int
    payload: dict[str, Any]
    topics: tuple[str, ...]
    task_id: int | None = None
    workflow_id: int | None = None
    status: str | None = None


def status_changed(
    before: Task, after: Task, assignments: Assignments, *, by: int | None, at: int, reason: str | None
) -> Event:
    """Any change of a task's status."""
    payload = {
        **_subject(after),
        "old_status": before.status,
        "new_status": after.status,
        "can_start": after.status == READY,
        "changed_by": by,
        "changed_at": rfc3339(at),
        "reason": reason,
        "cycle": after.cycle,
    }
    topics = (*workflow_topics(after), f"task.{after.id}", *_user_topics(assignments))
    return Event(STATUS_CHANGED, at, payload, topics, after.id, after.workflow_id, after.status)


def became_ready(task: Task, assignments: Assignments, *, at: int) -> Event:
    """All dependencies of a task are satisfied: the assigned can start."""
    assigned = list(assignments)
    payload = {
        **_subject(task, task_type=task.type),
        "timeout_minutes": task.timeout_minutes,
        "assignments": [a._asdict() for a in assigned],
        "became_ready_at": rfc3339(at),
    }
    topics = (*workflow_topics(task), *_user_topics(assigned), *_role_topics(assigned))
    return Event(BECAME_READY, at, payload, topics, task.id, task.workflow_id)


def sla_exceeded(
    task: Task,
    standing: sla.Standing,
    assignments: Assignments,
    *,
    at: int,
    ordinal: int,
    missed: int,
    late_by_seconds: int,
) -> Event:
    """An alert was claimed. `late_by_seconds`: how long after its slot it was noticed."""
    assigned = list(assignments)
    payload = {
        **_subject(task),
        "timeout_minutes": task.timeout_minutes,
        "exceeded_by_minutes": standing.exceeded_by_minutes,
        "started_at": rfc3339(task.started_at or at),
        "alert_level": standing.alert_level,
        "alerted_at": rfc3339(at),
        "exceeded_by_seconds": standing.exceeded_by_seconds,
        "cycle": task.cycle,
        "ordinal": ordinal,
        "missed_alerts": missed,
        "detected_late_by_seconds": late_by_seconds,
    }
    topics = (*workflow_topics(task), ALERTS_TOPIC, *_user_topics(assigned), *_role_topics(assigned))
    return Event(SLA_EXCEEDED, at, payload, topics, task.id, task.workflow_id)


def task_born(kind: str, task: Task, assignments: Assignments, *, by: int | None, at: int) -> Event:
    """A task was created, or imported with its history."""
    assigned = list(assignments)
    payload = {
        **_subject(task, task_type=task.type),
        "status": task.status,
        "timeout_minutes": task.timeout_minutes,
        "assignments": [a._asdict() for a in assigned],
        **_stamp(by, at),
    }
    topics = (*workflow_topics(task), f"task.{task.id}", *_user_topics(assigned))
    return Event(kind, at, payload, topics, task.id, task.workflow_id, task.status)


def task_changed(
    kind: str, task: Task, assignments: Assignments, *, by: int | None, at: int, **facts: Any
) -> Event:
    """Any other change of a task: assigned, claimed, linked, given another timeout."""
    assigned = list(assignments)
    payload = {**_subject(task), **facts, **_stamp(by, at)}
    topics = (
        *workflow_topics(task),
        f"task.{task.id}",
        *_user_topics(assigned),
        *_role_topics(assigned),
    )
    return Event(kind, at, payload, topics, task.id, task.workflow_id)


def workflow_changed(
    kind: str, workflow: tuple[int, str, str, str], *, by: int | None, at: int, **facts: Any
) -> Event:
    """A workflow started, ended or began anew. `workflow` is (id, type, subject type, subject id)."""
    from taskwatch.model.names import wire_id

    workflow_id, kind_of, taskable_type, subject = workflow
    payload = {
        "workflow_id": workflow_id,
        "workflow_type": kind_of,
        "taskable_type": taskable_type,
        "taskable_id": wire_id(subject),
        **facts,
        **_stamp(by, at),
    }
    return Event(kind, at, payload, (f"workflow.{kind_of}.{subject}",), None, workflow_id)


def house_changed(kind: str, topic: str, *, by: int | None, at: int, **facts: Any) -> Event:
    """A user, a role, a token or a workflow type changed. `facts` never hold a secret."""
    return Event(kind, at, {**facts, **_stamp(by, at)}, (topic,))


def inbox_changed(kind: str, user_id: int, notifications: list[int], told: dict[str, Any], at: int) -> Event:
    """Entries came into a user's inbox, or were seen, read or archived; `told` has the counts of now.

    New ones come with `broadcast`, the data of those that open pages show. A client that missed an event is
    right again after the next: `unread_count` and `unseen_count` are absolute.
    """
    payload = {"user_id": user_id, "notifications": notifications, **told, "changed_at": rfc3339(at)}
    return Event(kind, at, payload, (f"user.{user_id}.tasks",))


def message_published(  # noqa: PLR0917  the parts of a message, in the order the protocol has them
    name: str, channels: list[str], data: str, socket_id: str | None, topics: Iterable[str], at: int
) -> Event:
    """Another application sent `data`, a text, to channels; `socket_id` names the client to leave out."""
    payload = {"name": name, "channels": channels, "data": data, "socket_id": socket_id}
    return Event(MESSAGE_PUBLISHED, at, payload, tuple(topics))


def workflow_topics(task: Task) -> tuple[str, ...]:
    """`workflow.bc.114`, or nothing for a task that stands alone."""
    return (f"workflow.{task.workflow_type}.{task.subject_id}",) if task.workflow_type else ()


def _subject(task: Task, **more: Any) -> dict[str, Any]:
    return {
        "task_id": task.id,
        "task_code": task.code,
        "task_name": task.name,
        **more,
        "workflow_type": task.workflow_type,
        "taskable_type": task.taskable_type,
        "taskable_id": task.taskable_id,
    }


def _stamp(by: int | None, at: int) -> dict[str, Any]:
    return {"changed_by": by, "changed_at": rfc3339(at)}


def _user_topics(assignments: Assignments) -> tuple[str, ...]:
    return tuple(f"user.{a.user_id}.tasks" for a in assignments if a.user_id is not None)


def _role_topics(assignments: Assignments) -> tuple[str, ...]:
    return tuple(f"role.{a.role_name}.tasks" for a in assignments if a.role_name is not None)
