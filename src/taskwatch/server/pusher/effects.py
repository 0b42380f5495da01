"""What a frame brings about: effects that the protocol decides and the connection's driver carries out."""

from typing import Any, NamedTuple

from taskwatch.server.pusher.names import Channel


class Seat(NamedTuple):
    """Who sits in a channel, or is signed in, as a signature vouches.

    A user, what the others may know of it, the credential (id of a token) it was let in by and when that
    ends (ms UTC); each is None where nobody vouched for it.
    """

    user_id: str | None = None
    user_info: Any = None
    credential: int | None = None
    expires_at: int | None = None


class Send(NamedTuple):
    """Send a frame to this client."""

    text: str


class Join(NamedTuple):
    """Enter a channel, then acknowledge it; on a presence channel the seat names a user.

    The ack comes first, on a cache channel followed by the last event or `cache_miss`, then what is live.
    """

    channel: Channel
    seat: Seat


class Acknowledge(NamedTuple):
    """Send the ack of a channel again; the client is in it already."""

    channel: Channel


class Leave(NamedTuple):
    """Leave a channel; there is no answer."""

    channel: Channel


class SignIn(NamedTuple):
    """The socket belongs to a user from now on, who wants to know when those on the watchlist come and go."""

    seat: Seat
    watchlist: tuple[str, ...]


class Whisper(NamedTuple):
    """Send a frame to everybody in a channel but this client."""

    channel: str
    text: str


class Close(NamedTuple):
    """Close the connection; a client takes from the code whether and when to come back."""

    code: int
    reason: str


Effect = Send | Join | Acknowledge | Leave | SignIn | Whisper | Close
