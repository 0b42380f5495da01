"""The way out to one live client: bytes go straight to its socket, and one that does not read is cut off.

Nothing is queued here: what the kernel does not take, the transport keeps, and its size is the measure.
While the transport keeps nothing, it is passed by: that saves a tenth of all work in a broadcast.
"""

import asyncio
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskwatch.server.revocation import Revocation
    from taskwatch.services.hub import Crowd, Encoding, Push

LIMIT_BYTES = 256 * 1024
STALL_SECONDS = 10.0

Kind = Literal["sse", "websocket", "pusher"]


class Outlet:
    """A live client.

    `pulse` keeps its connection warm, `heard` is when it spoke last (monotonic seconds), `farewell` asks it
    to come back, `is_of` tells whether a revocation is about it, `expires_at` (ms) ends its identity.
    """

    __slots__ = (
        "_drained", "_kept", "_moved", "_stopped", "crowd", "encoding", "expires_at", "farewell",
        "heard", "is_of", "kind", "name", "pulse", "push", "transport", "was_cut",
    )  # fmt: skip

    def __init__(
        self,
        transport: asyncio.Transport,
        kind: Kind,
        encoding: "Encoding",
        *,
        pulse: bytes,
        now: float,
        name: str | None = None,
    ) -> None:
        self.transport = transport
        self.kind: Kind = kind
        self.encoding = encoding
        self.pulse = pulse
        self.name = name
        self.crowd: Crowd | None = None
        self.was_cut = False
        self.heard = self._moved = now
        self.farewell: Callable[[], None] = self.cut
        self.is_of: Callable[[Revocation], bool] = lambda _revocation: False
        self.expires_at: int | None = None
        self._kept = self._drained = 0
        # What asyncio shows of a socket cannot send. One that was closed raises OSError.
        self.push: Push = transport.get_extra_info("socket")._sock.send  # noqa: SLF001
        self._stopped: asyncio.Event | None = None

    @property
    def is_behind(self) -> bool:
        """Whether bytes wait for it."""
        return self.transport.get_write_buffer_size() > 0

    def send(self, data: bytes) -> None:
        """Write without waiting; cut off whoever is too far behind."""
        if self.is_behind:
            self.keep(data)
            return
        try:
            sent = self.push(data)
        except BlockingIOError:
            sent = 0
        except OSError:  # it is gone, and the transport is about to notice
            return
        if sent < len(data):
            self.keep(data[sent:])

    def keep(self, data: bytes) -> None:
        """Let bytes wait that the socket would not take; too many, and it is cut off."""
        self.transport.write(data)
        self._kept += len(data)
        if self.crowd:
            self.crowd.fell_behind(self)
        if self.transport.get_write_buffer_size() > LIMIT_BYTES:
            self.cut()

    def cut(self) -> None:
        """Drop the connection and what it did not read; a client resumes by its cursor."""
        self.was_cut = True
        self.transport.abort()
        self.stop()

    def is_stalled(self, now: float) -> bool:
        """Whether bytes have waited and none has moved for too long; asked every few seconds."""
        waiting = self.transport.get_write_buffer_size()
        drained = self._kept - waiting
        if not waiting or drained != self._drained:
            self._drained, self._moved = drained, now
        return now - self._moved >= STALL_SECONDS

    async def stopped(self) -> None:
        """Wait until it is to end."""
        self._stopped = self._stopped or asyncio.Event()
        await self._stopped.wait()

    def stop(self) -> None:
        """Let it end."""
        self._stopped = self._stopped or asyncio.Event()
        self._stopped.set()
