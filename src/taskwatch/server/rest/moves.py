"""Moving a task: every transition, and who has it."""

from collections.abc import Callable
from typing import Annotated, Any

from aiohttp import web
from msgspec import Meta

from taskwatch.actions import holders, transitions
from taskwatch.actions.holders import Assigned, Held
from taskwatch.actions.transitions import Moved
from taskwatch.model import assignment
from taskwatch.model.task import VERBS
from taskwatch.server.answer import answer, etag
from taskwatch.server.call import read_body, segment
from taskwatch.server.changing import CHANGES, IF_MATCH, Circumstances, change, write
from taskwatch.server.policy import Policy
from taskwatch.server.route import Handler, Route

Who = Annotated[str, Meta(description="user:5 or role:dispatcher", examples=["user:5", "role:dispatcher"])]


class Assigning(Circumstances, kw_only=True):
    """Whom to assign a task to, or to take it from."""

    who: Annotated[list[Who], Meta(min_length=1, max_length=100)]


def move(verb: str) -> Handler:
    """The handler of a transition."""

    async def handle(request: web.Request) -> web.Response:
        given = await read_body(request, Circumstances)
        refs = [segment(request, "task")]
        moved = await write(request, transitions.transition, verb, refs, change(request, given))
        return answer(moved[0], headers=etag(moved[0]["version"]))

    return handle


def hold(action: Callable[..., list[Held]]) -> Handler:
    """The handler of a claim or a release."""

    async def handle(request: web.Request) -> web.Response:
        given = await read_body(request, Circumstances)
        held = await write(request, action, [segment(request, "task")], change(request, given))
        return answer(held[0])

    return handle


def hand(action: Callable[..., list[Assigned]]) -> Handler:
    """The handler of an assignment, or of taking one away."""

    async def handle(request: web.Request) -> web.Response:
        given = await read_body(request, Assigning)
        who = [assignment.parse(each) for each in given.who]
        assigned = await write(request, action, [segment(request, "task")], who, change(request, given))
        return answer(assigned[0])

    return handle


def _route(verb: str, handler: Handler, summary: str, body: Any, shape: Any) -> Route:
    return Route(
        "POST",
        f"/api/v1/tasks/{{task}}/{verb}",
        handler,
        Policy.KNOWN,
        summary,
        "Tasks",
        params=[*CHANGES, IF_MATCH],
        body=body,
        answer=shape,
    )


ROUTES = [
    *(
        _route(verb.name, move(verb.name), f"{verb.name.capitalize()} a task", Circumstances, Moved)
        for verb in VERBS.values()
        if not verb.automatic
    ),
    _route("claim", hold(holders.claim), "Claim a task: nobody else can start it", Circumstances, Held),
    _route("release", hold(holders.release), "Give a claimed task back", Circumstances, Held),
    _route("assign", hand(holders.assign), "Assign a task to users and roles", Assigning, Assigned),
    _route("unassign", hand(holders.unassign), "Take a task from users and roles", Assigning, Assigned),
]
