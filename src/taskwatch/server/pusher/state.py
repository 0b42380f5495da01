"""What the protocol knows of one socket, and the shape of what comes in."""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from taskwatch.server.settings import PusherApp

if TYPE_CHECKING:
    from taskwatch.server.pusher.effects import Seat

RATE = 10  # client events in a second


class Rules(NamedTuple):
    """What an application lets its sockets do. A client that hears nothing for `activity_timeout` s pings."""

    app: PusherApp
    client_events: bool = False
    activity_timeout: int = 30


class Frame(msgspec.Struct):
    """What a client sends; keys that are not named here are ignored."""

    event: str
    channel: str | None = None
    data: Any = None


class Connection:
    """A socket: the channels it is in, with its seat in each, and the user signed in, if any.

    `may_listen` tells for the topic of a public channel whether this socket may join without a signature;
    `whispered` holds the instants (ms) of its last client events.
    """

    __slots__ = ("channels", "may_listen", "rules", "socket_id", "user", "version", "whispered")

    def __init__(self, rules: Rules, socket_id: str, version: int, may_listen: Callable[[str], bool]) -> None:
        self.rules = rules
        self.socket_id = socket_id
        self.version = version
        self.may_listen = may_listen
        self.channels: dict[str, Seat] = {}
        self.user: Seat | None = None
        self.whispered: deque[int] = deque(maxlen=RATE)
