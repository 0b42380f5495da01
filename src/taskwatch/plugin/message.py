"""What a channel is given to send: whole and rendered, the same at every try."""

from typing import Any, NamedTuple

VERSION = 1


class Recipient(NamedTuple):
    """Whom it is for; `timezone` is an IANA name, or None for that of the system."""

    user_id: int
    name: str
    timezone: str | None = None


class Message(NamedTuple):
    """A message for one person at one address.

    `id` is constant over all tries: receivers drop what they have. `reason` is why now: first, repeat,
    level_raised, resolved, digest or test. `data` has the keys of the inbox entry, `event` the payload of
    what happened. Instants are ms UTC; `deadline` is when this try must have ended. `thread` is the same for
    all messages about one task.
    """

    id: str
    recipient: Recipient
    address: str
    title: str
    text: str
    url: str
    kind: str
    reason: str
    level: str | None
    data: dict[str, Any]
    event: dict[str, Any]
    occurred_at: int
    deadline: int
    thread: str
    html: str | None = None
    attempt: int = 1
    is_test: bool = False
    version: int = VERSION
