"""Names of the Pusher protocol: channels and the topics behind them, events, users and sockets.

A channel's prefixes say who may join it and how it behaves; what is left is its topic:

    workflow.bc.114                          public
    private-…   presence-…                   joined with a signature; a presence channel knows its members
    cache-…  private-cache-…  presence-cache-…           the last event is repeated to whoever joins
    private-encrypted-…  private-encrypted-cache-…       relayed only: the server cannot read the events
    #server-to-user-7                        what is sent to a signed-in user
"""

import re
from typing import Literal, NamedTuple

_ALPHABET = r"A-Za-z0-9_\-=@,.;"
_CHANNEL = re.compile(rf"[{_ALPHABET}]{{1,200}}")
_PREFIXED = re.compile(r"(?:(private)-(encrypted-)?+|(presence)-)?+(cache-)?+(.+)")
_USER_ID = re.compile(rf"[{_ALPHABET}]{{1,128}}")
_SOCKET_ID = re.compile(r"[0-9]{1,20}\.[0-9]{1,20}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_VARIANTS = ("", "private-", "presence-", "cache-", "private-cache-", "presence-cache-")
_TO_USER = "#server-to-user-"
_RESERVED = ("pusher:", "pusher_internal:")

CLIENT_EVENT = "client-"
MAX_EVENT_NAME = 200


class Channel(NamedTuple):
    """A channel: its whole name, what its prefixes say, and the topic that is left without them."""

    name: str
    access: Literal["public", "private", "presence", "user"]
    encrypted: bool
    cached: bool
    topic: str


def parse(name: str) -> Channel | None:
    """The channel of a name, or None when no channel can be called so."""
    user_id = user_of(name)
    if user_id is not None:
        return Channel(name, "user", encrypted=False, cached=False, topic=name[1:])
    found = _PREFIXED.fullmatch(name) if _CHANNEL.fullmatch(name) else None
    if found is None:
        return None
    private, encrypted, presence, cached, topic = found.groups()
    access: Literal["public", "private", "presence"]
    access = "private" if private else "presence" if presence else "public"
    return Channel(name, access, encrypted=bool(encrypted), cached=bool(cached), topic=topic)


def topic_of(name: str) -> str | None:
    """The topic behind a channel, or None when no channel can be called so."""
    channel = parse(name)
    return channel.topic if channel else None


def channels_of(topic: str) -> tuple[str, ...]:
    """Every channel that carries a topic's own events; encrypted ones cannot, so they are not among them."""
    return tuple(name for name in (f"{prefix}{topic}" for prefix in _VARIANTS) if topic_of(name) == topic)


def server_to_user(user_id: str) -> str:
    """The channel of what is sent to one user."""
    return f"{_TO_USER}{user_id}"


def user_of(name: str) -> str | None:
    """The user whose own channel this is, or None when it is nobody's."""
    user_id = name.removeprefix(_TO_USER)
    return user_id if name.startswith(_TO_USER) and is_user_id(user_id) else None


def is_channel(name: str) -> bool:
    """Whether a channel can be called so; a user's own channel counts."""
    return parse(name) is not None


def is_event_name(name: str) -> bool:
    """Whether an application may publish an event called so: the protocol's own names are reserved."""
    return 0 < len(name) <= MAX_EVENT_NAME and not _CONTROL.search(name) and not name.startswith(_RESERVED)


def is_user_id(user_id: str) -> bool:
    """Whether a user may be called so."""
    return _USER_ID.fullmatch(user_id) is not None


def is_socket_id(socket_id: str) -> bool:
    """Whether this is the id of a socket: two numbers with a dot between."""
    return _SOCKET_ID.fullmatch(socket_id) is not None


def socket_id(first: int, second: int) -> str:
    """The id of a socket, of two numbers that nobody can guess."""
    return f"{first}.{second}"
