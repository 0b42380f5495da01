"""Mutes: what is kept quiet, and until when."""

from typing import Annotated

from aiohttp import web
from msgspec import Meta

from taskwatch.actions import mutes
from taskwatch.actions.mutes import MuteShape
from taskwatch.model.mute import SCOPES
from taskwatch.server.answer import answer
from taskwatch.server.call import Shape, number, query_params, read_body, read_query
from taskwatch.server.changing import CHANGES, Circumstances, change, read, until, write
from taskwatch.server.house import house
from taskwatch.server.policy import Policy
from taskwatch.server.route import Route


class MuteQuery(Shape):
    """Which mutes."""

    all: Annotated[bool, Meta(description="Also those that are over")] = False


class Muting(Circumstances, kw_only=True):
    """What to keep quiet, and how long."""

    scope: Annotated[str, Meta(description=f"One of {', '.join(SCOPES)}")]
    target: Annotated[str, Meta(description="A task, a workflow, a type or a role")]
    until: Annotated[str, Meta(description="How long, such as 2h, or until when; at most 30 days")]


async def list_mutes(request: web.Request) -> web.Response:
    """The mutes that stand."""
    past = read_query(request, MuteQuery).all
    return answer(await read(request, mutes.mutes, house(request).now(), past=past))


async def add_mute(request: web.Request) -> web.Response:
    """Keep something quiet."""
    given = await read_body(request, Muting)
    circumstances = change(request, given)
    end = until(given.until, circumstances.now)
    made = await write(request, mutes.add, given.scope, given.target, end, circumstances)
    return answer(made, status=200 if given.dry_run else 201)


async def end_mute(request: web.Request) -> web.Response:
    """End a mute before its time."""
    given = await read_body(request, Circumstances)
    return answer(await write(request, mutes.end, number(request, "mute"), change(request, given)))


ROUTES = [
    Route(
        "GET",
        "/api/v1/mutes",
        list_mutes,
        Policy.SEES_ALL,
        "List what is kept quiet",
        "SLA",
        params=query_params(MuteQuery),
        answer=list[MuteShape],
    ),
    Route(
        "POST",
        "/api/v1/mutes",
        add_mute,
        Policy.ADMIN,
        "Keep a task, a workflow, a type or a role quiet for a while",
        "SLA",
        params=CHANGES,
        body=Muting,
        answer=MuteShape,
        status=201,
    ),
    Route(
        "DELETE",
        "/api/v1/mutes/{mute}",
        end_mute,
        Policy.ADMIN,
        "End a mute before its time",
        "SLA",
        params=CHANGES,
        body=Circumstances,
        answer=MuteShape,
    ),
]
