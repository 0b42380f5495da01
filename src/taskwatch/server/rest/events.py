"""Events: the newest, or page after page from a cursor on."""

from datetime import UTC
from typing import Annotated

from aiohttp import web
from msgspec import Meta, field

from taskwatch.actions import events
from taskwatch.actions.events import EventShape, Filter
from taskwatch.model.access import Identity, may_follow
from taskwatch.model.times import parse_instant
from taskwatch.server.answer import Page, page
from taskwatch.server.call import Limit, Shape, identity, query_params, read_query
from taskwatch.server.changing import read
from taskwatch.server.house import house
from taskwatch.server.policy import Policy
from taskwatch.server.route import Route


class EventQuery(Shape):
    """Which events, from where on."""

    kind: Annotated[list[str], Meta(description="Only of this kind; repeatable")] = field(
        default_factory=list
    )
    topic: Annotated[list[str], Meta(description="Only of this topic or workflow.bc.*; repeatable")] = field(
        default_factory=list
    )
    since: Annotated[str | None, Meta(description="Only from this time on")] = None
    limit: Limit = 100
    after: Annotated[str | None, Meta(description="Only what follows this cursor, without a gap")] = None


async def list_events(request: web.Request) -> web.Response:
    """The newest events, or those behind a cursor; `next` goes on behind them, also at the end of the log.

    A page holds fewer than were asked for when the identity may not see all that happened.
    """
    wanted = read_query(request, EventQuery)
    since = wanted.since
    start = None if since is None else parse_instant(since, now=house(request).now(), zone=UTC)
    chosen = Filter(tuple(wanted.kind), tuple(wanted.topic), start)
    if wanted.after is None:
        found = await read(request, events.newest, chosen, wanted.limit)
    else:
        found = await read(request, events.following, chosen, wanted.after, wanted.limit)
    who = identity(request)
    return page(request, [event for event in found.events if may_see(who, event)], found.cursor)


def may_see(who: Identity, event: EventShape) -> bool:
    """Whether an identity may see an event: it may follow one of its topics."""
    return (who.admin and who.sees_all) or any(may_follow(who, topic) for topic in event["topics"])


ROUTES = [
    Route(
        "GET",
        "/api/v1/events",
        list_events,
        Policy.KNOWN,
        "List events, the newest or those after a cursor",
        "Events",
        params=query_params(EventQuery),
        answer=Page[EventShape],
    )
]
