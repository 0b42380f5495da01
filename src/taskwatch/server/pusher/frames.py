"""The text of every frame that the server sends, as the Pusher protocol wants it.

Data travels as JSON inside a string, but as a plain object in `pusher:error`, `pusher:ping` and
`pusher:pong`; this is how the clients out there expect it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec


def connection_established(socket_id: str, activity_timeout: int) -> str:
    """The first frame of a connection; a client that hears nothing for `activity_timeout` s will ping."""
    return _frame(
        "pusher:connection_established",
        data=_json({"socket_id": socket_id, "activity_timeout": activity_timeout}),
    )


def ping() -> str:
    """Ask whether the client is still there; it answers `pusher:pong`."""
    return _frame("pusher:ping", data={})


def pong() -> str:
    """The answer to a client's ping."""
    return _frame("pusher:pong", data={})


def error(message: str, code: int | None = None) -> str:
    """What went wrong; the connection stays."""
    return _frame("pusher:error", data={"code": code, "message": message})


def subscription_succeeded(channel: str, members: Mapping[str, Any] | None = None) -> str:
    """The channel is joined; a presence channel tells its `members` (user id → info), the joiner too."""
    if members is None:
        return _frame("pusher_internal:subscription_succeeded", channel=channel, data="{}")
    presence = {"ids": list(members), "hash": dict(members), "count": len(members)}
    return _frame(
        "pusher_internal:subscription_succeeded", channel=channel, data=_json({"presence": presence})
    )


def subscription_error(channel: str, message: str, status: int) -> str:
    """The channel is not joined; `status` reads like that of an HTTP answer."""
    refusal = {"type": "AuthError", "error": message, "status": status}
    return _frame("pusher:subscription_error", channel=channel, data=_json(refusal))


def subscription_count(channel: str, count: int) -> str:
    """How many subscriptions a channel has."""
    return _frame(
        "pusher_internal:subscription_count", channel=channel, data=_json({"subscription_count": count})
    )


def member_added(channel: str, user_id: str, user_info: Any) -> str:
    """A user came to a presence channel."""
    member = {"user_id": user_id, "user_info": user_info}
    return _frame("pusher_internal:member_added", channel=channel, data=_json(member))


def member_removed(channel: str, user_id: str) -> str:
    """A user's last connection left a presence channel."""
    return _frame("pusher_internal:member_removed", channel=channel, data=_json({"user_id": user_id}))


def event(channel: str, name: str, data: str, cursor: str | None = None) -> str:
    """An event; `data` is text, mostly JSON. The cursor rides along as `id`, which stock clients ignore."""
    where = {"id": cursor} if cursor is not None else {}
    return _frame(name, channel=channel, data=data, **where)


def whisper(channel: str, name: str, data: Any, user_id: str | None = None) -> str:
    """A client's event, its data as the client sent it; on a presence channel with who sent it."""
    who = {"user_id": user_id} if user_id is not None else {}
    return _frame(name, channel=channel, data=data, **who)


def cache_miss(channel: str) -> str:
    """A cache channel has no last event to repeat."""
    return _frame("pusher:cache_miss", channel=channel)


def signin_success(user_data: str) -> str:
    """The socket is signed in; `user_data` is the text that was signed."""
    return _frame("pusher:signin_success", data=_json({"user_data": user_data}))


def watchlist_events(name: Literal["online", "offline"], user_ids: Sequence[str]) -> str:
    """Users on a watchlist came or went."""
    return _frame(
        "pusher_internal:watchlist_events", data=_json({"events": [{"name": name, "user_ids": user_ids}]})
    )


def _frame(name: str, **rest: Any) -> str:
    return _json({"event": name, **rest})


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
