"""Closing connections that keep us waiting: aiohttp itself would wait for ever.

A client has ten seconds to send its next request, whole: dripping it byte by byte does not win time. The same
holds for one that does not read its answer. Live clients read for ever and are watched by `Clients`.
"""

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import web

from taskwatch import clock

if TYPE_CHECKING:
    from aiohttp.web_protocol import RequestHandler

SECONDS = 9.0  # looking takes place every second: nobody is waited for longer than ten


class Sweeper:
    """Looks once a second at who keeps us waiting: `idle`, for what, since when."""

    def __init__(self, server: web.Server) -> None:
        self._server = server
        self.idle: dict[RequestHandler, _Wait] = {}

    async def run(self) -> None:
        """Sweep for ever."""
        while True:
            self.sweep(clock.monotonic())
            await asyncio.sleep(1)

    def sweep(self, now: float) -> None:
        """Close what has kept us waiting for too long."""
        self.idle = {each: self._look(each, now) for each in self._server.connections if _is_waiting(each)}
        for each, wait in self.idle.items():
            if now - wait.since > SECONDS:
                each.force_close()
                if wait.transport:
                    wait.transport.abort()

    def _look(self, connection: "RequestHandler", now: float) -> "_Wait":
        """What it is that we wait for now; as long as that stays the same, it is one wait."""
        known = self.idle.get(connection)
        transport = known.transport if known else connection.transport
        unread = transport.get_write_buffer_size() if transport else 0
        wait = _Wait(transport, connection._request_count, unread, now)  # noqa: SLF001 - nothing else tells
        return known if known and known[:3] == wait[:3] else wait


class _Wait(NamedTuple):
    """For a request behind so many others, or for so many bytes to be read; since when (monotonic s)."""

    transport: "asyncio.WriteTransport | None"
    requests: int
    unread: int
    since: float


def _is_waiting(connection: "RequestHandler") -> bool:
    """Whether no request is under way, or one whose body is not here yet."""
    request = connection._current_request  # noqa: SLF001 - nothing else tells
    return request is None or not request.content.is_eof()
