"""`/healthz` and `/readyz`: whether the worker is alive, and whether it can serve."""

from typing import TypedDict

from aiohttp import web

from taskwatch import clock
from taskwatch.actions import events
from taskwatch.errors import Unavailable
from taskwatch.server.house import House, house
from taskwatch.server.policy import Policy
from taskwatch.server.route import Route
from taskwatch.services.watch import LONGEST_REST

# A database that is away is waited for: its loop is not dead for that.
LATE_TICKS = 30


class HealthShape(TypedDict):
    """`status` is ok."""

    status: str


async def healthz(request: web.Request) -> web.Response:
    """Alive: the SLA loop ticks, where this worker has it."""
    watch = house(request).watch
    if (
        watch
        and watch.last_tick is not None
        and clock.monotonic() - watch.last_tick > LATE_TICKS * LONGEST_REST
    ):
        raise Unavailable("the SLA loop does not tick", hint="look at the log of the daemon")
    return web.json_response({"status": "ok"})


async def readyz(request: web.Request) -> web.Response:
    """Ready: the database answers, and this worker is not about to end."""
    here: House = house(request)
    if here.clients.is_draining:
        raise Unavailable("this worker is about to end", hint="ask again in a moment")
    await here.database.read(events.position)
    return web.json_response({"status": "ok"})


ROUTES = [
    Route(
        "GET",
        "/healthz",
        healthz,
        Policy.ANYONE,
        "Tell whether the daemon is alive",
        "Health",
        answer=HealthShape,
    ),
    Route(
        "GET",
        "/readyz",
        readyz,
        Policy.ANYONE,
        "Tell whether the daemon can serve",
        "Health",
        answer=HealthShape,
    ),
]
