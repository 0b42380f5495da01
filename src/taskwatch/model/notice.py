"""What a user is told of an event, in the words and keys that front ends know from their inbox."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from taskwatch.model.event import BECAME_READY, SLA_EXCEEDED

# What nobody records as an event: a task that was alerted for is late no more; a summary of several messages.
RESOLVED = "task.sla.resolved"
DIGEST = "digest"

_SAME = (
    "task_id", "task_code", "task_name", "workflow_type", "taskable_type", "taskable_id", "timeout_minutes",
)  # fmt: skip
_TYPES = {
    BECAME_READY: "App\\Notifications\\TaskReadyNotification",
    SLA_EXCEEDED: "App\\Notifications\\TaskSLAExceededNotification",
    RESOLVED: "App\\Notifications\\TaskSLAResolvedNotification",
}
_EXTRA = {
    BECAME_READY: ("task_type",),
    SLA_EXCEEDED: ("exceeded_by_minutes", "alert_level"),
    RESOLVED: ("new_status",),
}
KINDS = frozenset(_TYPES)


def notice(
    kind: str, payload: dict[str, Any], *, user_id: str, event_id: str, public_url: str
) -> dict[str, Any]:
    """The notification of a user for an event of one of `KINDS`; its id is the same whenever it is made."""
    return {
        **{key: payload.get(key) for key in (*_SAME, *_EXTRA[kind])},
        "message": _message(kind, payload),
        "action_url": f"{public_url}/admin/tasks/{payload.get('task_id')}",
        "id": notice_id(event_id, user_id),
        "type": _TYPES[kind],
    }


def notice_id(event_id: str, user_id: str) -> str:
    """The id of a user's notification for an event; all else in it is the same for everybody."""
    return str(uuid5(NAMESPACE_URL, f"taskwatch:{event_id}:user:{user_id}"))


def digest(entries: list[dict[str, Any]], count: int, public_url: str) -> dict[str, Any]:
    """The summary of `count` messages; `entries` have message and action_url of the latest for each task."""
    messages = f"{count} message{'' if count == 1 else 's'}"
    return {
        "message": f"Summary: {messages} about {len(entries)} task{'' if len(entries) == 1 else 's'}",
        "action_url": f"{public_url}/",
        "entries": entries,
    }


def _message(kind: str, payload: dict[str, Any]) -> str:
    name = payload.get("task_name")
    if kind == BECAME_READY:
        return f"Task '{name}' is ready for you"
    if kind == RESOLVED:
        return f"Task '{name}' is no longer late"
    return f"Task '{name}' exceeded SLA by {payload.get('exceeded_by_minutes')} minutes"
