"""`/events`: the event log as a stream of server-sent events, from a cursor on or from now."""

import random
from typing import TYPE_CHECKING, cast

from aiohttp import HttpVersion11, web

from taskwatch import clock
from taskwatch.errors import InvalidInput
from taskwatch.server.encoding import SSE, SSE_PLAIN, chunk
from taskwatch.server.following import Return, catch_up, choose, come_back, reset_data
from taskwatch.server.gate import IDENTITY
from taskwatch.server.house import House, house
from taskwatch.server.outlet import Outlet
from taskwatch.server.policy import Policy
from taskwatch.server.route import Param, Route
from taskwatch.services.fact import Fact

if TYPE_CHECKING:
    import asyncio

OPENING = b"retry: 3000\n: ok\n\n"
PULSE = b": \n\n"
CURRENT = b": current\n\n"  # behind all that was missed; EventSource passes it over
HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
}


async def stream(request: web.Request) -> web.StreamResponse:
    """Follow topics for as long as the client likes."""
    here, identity = house(request), request[IDENTITY]
    generation = here.keeper.generation
    topics = choose(identity, request.query.getall("topic", []))
    place = await _place(here, request)
    response = web.StreamResponse(headers=HEADERS)
    await response.prepare(request)
    await response.write(OPENING)
    outlet = _outlet(request)
    outlet.is_of = lambda revocation: revocation.concerns_identity(identity)
    outlet.expires_at = identity.expires_at
    here.clients.enter(outlet)
    if here.keeper.generation != generation:  # rights changed before anybody could tell this client
        outlet.farewell()
    try:
        await _go_on(here, response, outlet, topics, place)
        _send(outlet, CURRENT)
        await outlet.stopped()
    finally:
        here.hub.leave(outlet)
        here.clients.leave(outlet)
    return response


async def _place(here: House, request: web.Request) -> Return | None:
    """Where the client stood; None is now."""
    # A header that is no cursor is from elsewhere: a reset, since an error makes a browser give up for good.
    if kept := request.headers.get("Last-Event-ID"):
        try:
            return await come_back(here, kept)
        except InvalidInput as error:
            return Return(0, error.message)
    after = request.query.get("after")
    return await come_back(here, after) if after else None


async def _go_on(
    here: House,
    response: web.StreamResponse,
    outlet: Outlet,
    topics: frozenset[str],
    place: Return | None,
) -> None:
    """From what was missed to what happens from now on; no wait between the last of it and `follow`."""

    async def send(facts: list[Fact]) -> None:
        await response.write(SSE_PLAIN.encode(facts, topics, {}))

    why = await catch_up(here, topics, place, send) if place else None
    if why:
        reset = f"id: {here.hub.cursor}\nevent: reset\ndata: {reset_data(here, why)}\n\n"
        _send(outlet, reset.encode())
    here.hub.follow(outlet, topics)


def _outlet(request: web.Request) -> Outlet:
    chunked = request.version >= HttpVersion11
    outlet = Outlet(
        cast("asyncio.Transport", request.transport),
        "sse",
        SSE if chunked else SSE_PLAIN,
        pulse=chunk(PULSE) if chunked else PULSE,
        now=clock.monotonic(),
    )
    outlet.farewell = lambda: _say_bye(outlet)
    return outlet


def _say_bye(outlet: Outlet) -> None:
    retry = random.randint(200, 2000)  # noqa: S311 - only spreads load
    _send(outlet, f"event: bye\nretry: {retry}\ndata: {{}}\n\n".encode())
    outlet.stop()


def _send(outlet: Outlet, data: bytes) -> None:
    outlet.send(chunk(data) if outlet.encoding is SSE else data)


ROUTES = [
    Route(
        "GET",
        "/events",
        stream,
        Policy.KNOWN,
        "Follow topics as server-sent events",
        "Live",
        params=[
            Param(
                "topic",
                "query",
                "A topic, or a pattern such as workflow.bc.*; repeatable",
                {"type": "array", "items": {"type": "string"}},
                required=True,
            ),
            Param("after", "query", "Go on behind this cursor", {"type": "string"}),
            Param("Last-Event-ID", "header", "The same; it wins", {"type": "string"}),
        ],
    )
]
