"""Taking care of late tasks: ack, snooze, and taking it back."""

from typing import Annotated

from aiohttp import web
from msgspec import Meta

from taskwatch.actions import acknowledgements
from taskwatch.actions.acknowledgements import AckShape, Unacked
from taskwatch.model.ack import ACK, SNOOZE
from taskwatch.server.answer import answer
from taskwatch.server.call import Shape, read_body, segment
from taskwatch.server.changing import CHANGES, IF_MATCH, Circumstances, change, until, write
from taskwatch.server.policy import Policy
from taskwatch.server.route import Handler, Route

Until = Annotated[str, Meta(description="How long, such as 2h, or until when")]


class Caring(Circumstances):
    """How long somebody takes care of a task."""

    until: Until = "2h"


class Snoozing(Circumstances, kw_only=True):
    """How long nobody is to hear of a task."""

    until: Until


def care(kind: str, shape: type[Caring] | type[Snoozing]) -> Handler:
    """The handler of an ack or a snooze."""

    async def handle(request: web.Request) -> web.Response:
        given = await read_body(request, shape)
        circumstances = change(request, given)
        end, refs = until(given.until, circumstances.now), [segment(request, "task")]
        done = await write(request, acknowledgements.acknowledge, refs, end, circumstances, kind=kind)
        return answer(done[0])

    return handle


async def unack(request: web.Request) -> web.Response:
    """Let a task alert again."""
    given = await read_body(request, Circumstances)
    refs = [segment(request, "task")]
    done = await write(request, acknowledgements.unacknowledge, refs, change(request, given))
    return answer(done[0])


def _route(verb: str, handler: Handler, summary: str, body: type[Shape], shape: object) -> Route:
    path, params = f"/api/v1/tasks/{{task}}/{verb}", [*CHANGES, IF_MATCH]
    return Route("POST", path, handler, Policy.KNOWN, summary, "SLA", params, body, shape)


ROUTES = [
    _route("ack", care(ACK, Caring), "Take care of a late task: it stops alerting", Caring, AckShape),
    _route("snooze", care(SNOOZE, Snoozing), "Hear of a late task later", Snoozing, AckShape),
    _route("unack", unack, "Let a late task alert again", Circumstances, Unacked),
]
