"""The middles of pages, kept for a moment: many who look at one thing cost one rendering.

Whoever heard of an event asks with its cursor, and gets nothing that was begun before the event was known.
"""

import asyncio
from typing import Final, NamedTuple

from aiohttp import web

from taskwatch import clock
from taskwatch.model.access import Identity
from taskwatch.server.gate import IDENTITY
from taskwatch.server.house import house
from taskwatch.server.route import Handler

PART: Final = "Taskwatch-Part"
AFTER: Final = "Taskwatch-After"
LIFE_SECONDS = 1.0

_Key = tuple[str, Identity]


class _Part(NamedTuple):
    """A rendering under way or done: the last event it knows for sure, and when it began (monotonic)."""

    reach: int
    begun: float
    making: "asyncio.Task[web.StreamResponse]"


class Parts:
    """The renderings of the last second, by address and by who may see them."""

    def __init__(self) -> None:
        self._kept: dict[_Key, _Part] = {}

    async def answer(self, request: web.Request, make: Handler) -> web.Response:
        """What `make` answers, or has answered a moment ago to the same question."""
        key, wanted, now = (request.path_qs, request[IDENTITY]), _wanted(request), clock.monotonic()
        part = self._kept.get(key)
        if part is None or wanted is None or wanted > part.reach or now - part.begun > LIFE_SECONDS:
            known = max(house(request).hub.seq, wanted or 0)
            part = _Part(known, now, asyncio.ensure_future(_run(make, request)))
            self._keep(key, part)
        return _copy(await asyncio.shield(part.making))

    def _keep(self, key: _Key, part: _Part) -> None:
        oldest = part.begun - LIFE_SECONDS
        self._kept = {other: each for other, each in self._kept.items() if each.begun >= oldest}
        self._kept[key] = part


PARTS = web.AppKey("parts", Parts)


def reach(request: web.Request) -> str:
    """The cursor behind what a page that is begun now will know: another worker may be further on."""
    hub = house(request).hub
    return f"{hub.epoch}-{max(hub.seq, _wanted(request) or 0)}"


async def _run(make: Handler, request: web.Request) -> web.StreamResponse:
    return await make(request)


def _wanted(request: web.Request) -> int | None:
    """The event that has to be known; None if nothing older than the request will do."""
    epoch, _, seq = request.headers.get(AFTER, "").rpartition("-")
    known = epoch == house(request).hub.epoch and seq.isascii() and seq.isdecimal() and len(seq) < 16
    return int(seq) if known else None


def _copy(response: web.StreamResponse) -> web.Response:
    """A response can be sent once only."""
    assert isinstance(response, web.Response)  # noqa: S101 - every page is one
    return web.Response(body=response.body, status=response.status, headers=response.headers)
