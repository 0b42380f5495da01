"""What a user is told of an event, in the words and keys that front ends know from their inbox."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from taskwatch.model.event import BECAME_READY, SLA_EXCEEDED

_SAME = (
    "task_id", "task_code", "task_name", "workflow_type", "taskable_type", "taskable_id", "timeout_minutes",
)  # fmt: skip
_TYPES = {
    BECAME_READY: "App\\Notifications\\TaskReadyNotification",
    SLA_EXCEEDED: "App\\Notifications\\TaskSLAExceededNotification",
}
KINDS = frozenset(_TYPES)


def notice(
    kind: str, payload: dict[str, Any], *, user_id: str, event_id: str, public_url: str
) -> dict[str, Any]:
    """The notification of a user for an event of one of `KINDS`; its id is the same whenever it is made."""
    extra = ("task_type",) if kind == BECAME_READY else ("exceeded_by_minutes", "alert_level")
    return {
        **{key: payload.get(key) for key in (*_SAME, *extra)},
        "message": _message(kind, payload),
        "action_url": f"{public_url}/admin/tasks/{payload.get('task_id')}",
        "id": str(uuid5(NAMESPACE_URL, f"taskwatch:{event_id}:user:{user_id}")),
        "type": _TYPES[kind],
    }


def _message(kind: str, payload: dict[str, Any]) -> str:
    name = payload.get("task_name")
    if kind == BECAME_READY:
        return f"Task '{name}' is ready for you"
    return f"Task '{name}' exceeded SLA by {payload.get('exceeded_by_minutes')} minutes"
