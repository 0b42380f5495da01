"""Deliveries: how each channel does, and what could not be delivered, to be tried again or discarded."""

from collections.abc import Callable
from typing import Annotated

from aiohttp import web
from msgspec import Meta

from taskwatch.actions import dead, resting
from taskwatch.actions.dead import DeliveryShape, MovedShape
from taskwatch.actions.resting import ChannelShape
from taskwatch.server.answer import answer
from taskwatch.server.call import Id, Limit, Shape, query_params, read_body, read_query
from taskwatch.server.changing import CHANGES, Circumstances, change, read, write
from taskwatch.server.house import house
from taskwatch.server.policy import Policy
from taskwatch.server.route import Handler, Route


class DeadQuery(Shape):
    """Which dead letters to list."""

    channel: Annotated[str | None, Meta(description="Of this channel alone")] = None
    limit: Limit = 50


Ids = Annotated[list[Id], Meta(min_length=1, max_length=1_000)]


class Reviving(Circumstances):
    """Dead letters to do something about."""

    ids: Annotated[Ids | None, Meta(description="Which; null for every one")] = None


async def list_channels(request: web.Request) -> web.Response:
    """How every channel does."""
    return answer(await channels(request))


async def list_dead(request: web.Request) -> web.Response:
    """What could not be delivered, the newest first."""
    wanted = read_query(request, DeadQuery)
    return answer(await read(request, dead.dead, wanted.channel, wanted.limit))


async def channels(request: web.Request) -> list[ChannelShape]:
    """How every channel does, those of the configuration first."""
    here = house(request)
    configured = sorted(here.notify.plan.planner.channels) if here.notify else []
    return await read(request, resting.status, configured, here.now())


def _revive(action: Callable[..., MovedShape]) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        given = await read_body(request, Reviving)
        return answer(await write(request, action, given.ids, change(request, given)))

    return handle


def _route(verb: str, handler: Handler, summary: str) -> Route:
    path, body, shape = f"/api/v1/deliveries/{verb}", Reviving, MovedShape
    return Route("POST", path, handler, Policy.ADMIN, summary, "Deliveries", CHANGES, body, shape)


ROUTES = [
    Route(
        "GET",
        "/api/v1/channels",
        list_channels,
        Policy.ADMIN,
        "Show how each channel does",
        "Deliveries",
        answer=list[ChannelShape],
    ),
    Route(
        "GET",
        "/api/v1/deliveries/dead",
        list_dead,
        Policy.ADMIN,
        "List what could not be delivered",
        "Deliveries",
        params=query_params(DeadQuery),
        answer=list[DeliveryShape],
    ),
    _route("retry", _revive(dead.retry), "Try dead letters again, under their ids"),
    _route("discard", _revive(dead.discard), "Give dead letters up"),
]
