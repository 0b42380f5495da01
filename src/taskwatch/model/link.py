"""Links in messages that let one person do one thing for a while: what they say, sealed against change."""

import base64
import hashlib
import hmac
import json
from typing import NamedTuple

from taskwatch.errors import InvalidInput

ACK, UNSUBSCRIBE = "ack", "unsubscribe"

# What stands in the data of a message for its reader alone.
PRIVATE = frozenset({"ack_url", "unsubscribe_url"})

_LONGEST = 1_000
_SEAL_BYTES = 16


class Link(NamedTuple):
    """What a link lets a user do until it expires (ms).

    `about` names the rest: the task's id and cycle for an ack, a kind of events and a channel to unsubscribe.
    """

    action: str
    user_id: int
    about: tuple[str, str]
    expires_at: int


def seal(secret: bytes, link: Link) -> str:
    """A link as text for an address: letters, digits, `-`, `_` and one dot."""
    said = _encode(json.dumps(link, separators=(",", ":")).encode())
    return f"{said}.{_encode(_sign(secret, said))}"


def unseal(secret: bytes, text: str, now: int) -> Link:
    """What a link says.

    Raises:
        InvalidInput: it was not sealed here, or has expired at `now` (ms).
    """
    said, _, sign = text.partition(".")
    if (
        len(text) > _LONGEST
        or not text.isascii()
        or not hmac.compare_digest(_encode(_sign(secret, said)), sign)
    ):
        raise InvalidInput("this link is not whole", hint="open it from the message once more")
    action, user_id, about, expires_at = json.loads(_decode(said))
    if expires_at <= now:
        raise InvalidInput("this link has expired", hint="use the newest message, or: taskwatch sla ack")
    return Link(action, user_id, tuple(about), expires_at)


def _sign(secret: bytes, said: str) -> bytes:
    return hmac.digest(secret, said.encode(), hashlib.sha256)[:_SEAL_BYTES]


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
