"""Events as sentences for people."""

from collections.abc import Callable
from typing import Any

from taskwatch.model import event


def sentence(kind: str, payload: dict[str, Any]) -> str:
    """An event as one line for people."""
    template = _SENTENCES.get(kind)
    return template(payload) if template else kind


def _workflow(payload: dict[str, Any]) -> str:
    return f"workflow {payload['workflow_type']} of {payload['taskable_type']} {payload['taskable_id']}"


def _who(payload: dict[str, Any]) -> str:
    given = payload["assignment"]
    return f"{given['type']}:{given['user_id'] if given['type'] == 'user' else given['role_name']}"


def _token(payload: dict[str, Any]) -> str:
    return f"token {payload['token_id']}" + (f" ({payload['name']})" if payload["name"] else "")


def _mute(payload: dict[str, Any]) -> str:
    return f"mute {payload['mute_id']} of {payload['scope']} {payload['target']}"


def _inbox(payload: dict[str, Any], verb: str) -> str:
    count = len(payload["notifications"])
    noun = "notification" if count == 1 else "notifications"
    return f"user {payload['user_id']}: {count} {noun} {verb}, {payload['unread_count']} unread"


def _deliveries(payload: dict[str, Any]) -> str:
    count = payload["count"]
    return "1 delivery is" if count == 1 else f"{count} deliveries are"


def _because(payload: dict[str, Any]) -> str:
    return f" ({payload['reason']})" if payload.get("reason") else ""


_SENTENCES: dict[str, Callable[[dict[str, Any]], str]] = {
    event.STATUS_CHANGED: lambda p: f"{p['task_code']}: {p['old_status']} -> {p['new_status']}{_because(p)}",
    event.BECAME_READY: lambda p: f"{p['task_code']} is ready",
    event.SLA_EXCEEDED: lambda p: (
        f"{p['task_code']} exceeded SLA by {p['exceeded_by_minutes']} minutes ({p['alert_level']})"
    ),
    event.SLA_RETRACTED: lambda p: f"{p['task_code']} is no longer late",
    event.TASK_CREATED: lambda p: f"{p['task_code']} was created",
    event.TASK_IMPORTED: lambda p: f"{p['task_code']} was imported as {p['status']}",
    event.TASK_ASSIGNED: lambda p: f"{p['task_code']} was assigned to {_who(p)}",
    event.TASK_UNASSIGNED: lambda p: f"{p['task_code']} was taken from {_who(p)}",
    event.TASK_CLAIMED: lambda p: f"{p['task_code']} was claimed by user {p['claimed_by']}",
    event.TASK_RELEASED: lambda p: f"{p['task_code']} was released",
    event.TASK_LINKED: lambda p: f"{p['task_code']} now comes after {p['after_task_code']}",
    event.TASK_UNLINKED: lambda p: f"{p['task_code']} no longer comes after {p['after_task_code']}",
    event.TIMEOUT_CHANGED: lambda p: (
        f"{p['task_code']}: timeout {p['old_timeout_minutes']} -> {p['timeout_minutes']} minutes"
    ),
    event.DEPENDENCY_REOPENED: lambda p: (
        f"{p['task_code']} is in progress, but {p['after_task_code']} was reopened"
    ),
    event.TASK_ACKNOWLEDGED: lambda p: f"{p['task_code']} is taken care of until {p['until']}{_because(p)}",
    event.TASK_SNOOZED: lambda p: f"{p['task_code']} is snoozed until {p['until']}{_because(p)}",
    event.TASK_UNACKNOWLEDGED: lambda p: f"{p['task_code']} alerts again{_because(p)}",
    event.WORKFLOW_STARTED: lambda p: f"{_workflow(p)} started",
    event.WORKFLOW_COMPLETED: lambda p: f"{_workflow(p)} completed",
    event.WORKFLOW_CANCELLED: lambda p: f"{_workflow(p)} was cancelled",
    event.WORKFLOW_REOPENED: lambda p: f"{_workflow(p)} is active again",
    event.TYPE_DEFINED: lambda p: f"workflow type {p['code']} has version {p['version']}",
    event.USER_CREATED: lambda p: f"user {p['user_id']} ({p['name']}) was added",
    event.USER_UPDATED: lambda p: f"user {p['user_id']} ({p['name']}) was changed",
    event.USER_REMOVED: lambda p: f"user {p['user_id']} ({p['name']}) was removed",
    event.ROLE_GRANTED: lambda p: f"user {p['user_id']} got the role {p['role_name']}",
    event.ROLE_REVOKED: lambda p: f"user {p['user_id']} lost the role {p['role_name']}",
    event.TOKEN_CREATED: lambda p: f"{_token(p)} was created",
    event.TOKEN_REVOKED: lambda p: f"{_token(p)} was revoked",
    event.SESSION_CLOSED: lambda p: f"somebody who came in by {_token(p)} signed out",
    event.MESSAGE_PUBLISHED: lambda p: f"{p['name']} was published to {', '.join(p['channels'])}",
    event.MUTE_ADDED: lambda p: f"{_mute(p)} was added until {p['until']}{_because(p)}",
    event.MUTE_ENDED: lambda p: f"{_mute(p)} was ended{_because(p)}",
    event.NOTIFICATION_CREATED: lambda p: _inbox(p, "new"),
    event.NOTIFICATION_SEEN: lambda p: _inbox(p, "seen"),
    event.NOTIFICATION_READ: lambda p: _inbox(p, "read"),
    event.NOTIFICATION_ARCHIVED: lambda p: _inbox(p, "archived"),
    event.CHANNEL_PAUSED: lambda p: f"channel {p['channel']} rests until {p['until']}{_because(p)}",
    event.CHANNEL_RESUMED: lambda p: f"channel {p['channel']} works again",
    event.DELIVERIES_RETRIED: lambda p: f"{_deliveries(p)} tried again{_because(p)}",
    event.DELIVERIES_DISCARDED: lambda p: f"{_deliveries(p)} discarded{_because(p)}",
}
