"""One socket of the Pusher protocol: what the protocol knows of it, and the way out to it."""

from collections.abc import Callable

from taskwatch.model.access import Identity
from taskwatch.server.frames import text_frame
from taskwatch.server.outlet import Outlet
from taskwatch.server.pusher.state import Connection
from taskwatch.server.revocation import Revocation


class Line:
    """A socket. `end` closes it with a code; it hears of the users on `watchlist` as they come and go.

    `identity` is who opened it, if known: what it hears without a signature, it hears by that. `since` is how
    many revocations the switchboard knew of then.
    """

    __slots__ = ("end", "identity", "outlet", "since", "state", "watchlist")

    def __init__(
        self, state: Connection, outlet: Outlet, end: Callable[[int], None], identity: Identity | None = None
    ) -> None:
        self.state = state
        self.outlet = outlet
        self.end = end
        self.identity = identity
        self.since = 0
        self.watchlist: frozenset[str] = frozenset()

    @property
    def socket_id(self) -> str:
        """The id by which the protocol calls it."""
        return self.state.socket_id

    def send(self, text: str) -> None:
        """Send a frame."""
        self.outlet.send(text_frame(text))

    def keep_until(self, expires_at: int | None) -> None:
        """Let it end when what it was let in by does (ms UTC), or earlier."""
        if expires_at is not None:
            self.outlet.expires_at = min(expires_at, self.outlet.expires_at or expires_at)

    def is_user(self, user_id: str) -> bool:
        """Whether it is signed in as that user."""
        return self.state.user is not None and self.state.user.user_id == user_id

    def is_of(self, revocation: Revocation) -> bool:
        """Whether it was opened by, or is in anything granted to, somebody whose rights may be fewer now."""
        if self.identity is not None and revocation.concerns_identity(self.identity):
            return True
        seats = [*self.state.channels.values(), *([self.state.user] if self.state.user else [])]
        return any(revocation.concerns(seat.user_id, seat.credential) for seat in seats)
