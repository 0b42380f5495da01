"""The plan of work: tasks that are added, what comes after what, and how long it may take."""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from aiohttp import web
from msgspec import Meta, field

from taskwatch.actions import tasks
from taskwatch.actions.shown import AssignmentShape
from taskwatch.actions.tasks import Added, Linked, Retimed
from taskwatch.model.times import parse_timeout
from taskwatch.server.answer import answer
from taskwatch.server.call import Shape, read_body, segment
from taskwatch.server.changing import CHANGES, IF_MATCH, Circumstances, change, write
from taskwatch.server.policy import Policy
from taskwatch.server.route import Handler, Route

Timeout = Annotated[int | str | None, Meta(description="Whole minutes or 1h30m; null for none")]
Refs = Annotated[list[str], Meta(description="Ids or codes", min_length=1, max_length=1000)]


class TaskWish(Shape):
    """A task to add, with the field names that a shown task has."""

    code: str
    name: str | None = None
    type: str | None = None
    timeout_minutes: Timeout = None
    after: Annotated[list[str], Meta(description="Ids or codes of tasks that come before")] = field(
        default_factory=list
    )
    assignments: list[str | AssignmentShape] = field(default_factory=list)
    workflow: Annotated[str | int | None, Meta(description="The active workflow it joins")] = None


class Adding(Circumstances, kw_only=True):
    """Tasks to add, all of them or none; one may come after another before it."""

    tasks: Annotated[list[TaskWish], Meta(min_length=1, max_length=1000)]


class Retiming(Circumstances, kw_only=True):
    """Another timeout."""

    timeout_minutes: Timeout


class Linking(Circumstances, kw_only=True):
    """What comes before."""

    after: Refs


async def add(request: web.Request) -> web.Response:
    """Add tasks."""
    given = await read_body(request, Adding)
    wanted = [tasks.from_json(msgspec.to_builtins(wish)) for wish in given.tasks]
    added = await write(request, tasks.add, wanted, change(request, given))
    return answer(added, status=200 if given.dry_run else 201)


async def set_timeout(request: web.Request) -> web.Response:
    """Give a task another timeout."""
    given = await read_body(request, Retiming)
    minutes = None if given.timeout_minutes is None else parse_timeout(given.timeout_minutes)
    ref = segment(request, "task")
    changed = await write(request, tasks.set_timeout, [ref], minutes, change(request, given))
    return answer(changed[0])


def _linking(action: Callable[..., list[Linked]]) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        given = await read_body(request, Linking)
        ref = segment(request, "task")
        return answer(await write(request, action, ref, given.after, change(request, given)))

    return handle


def _route(path: str, handler: Handler, summary: str, body: Any, shape: Any) -> Route:
    params = [*CHANGES, IF_MATCH]
    path = f"/api/v1/tasks/{{task}}/{path}"
    return Route("POST", path, handler, Policy.ADMIN, summary, "Plan", params, body, shape)


ROUTES = [
    Route(
        "POST",
        "/api/v1/tasks",
        add,
        Policy.ADMIN,
        "Add tasks",
        "Plan",
        params=CHANGES,
        body=Adding,
        answer=list[Added],
        status=201,
    ),
    _route("timeout", set_timeout, "Give a task another timeout, or none", Retiming, Retimed),
    _route("link", _linking(tasks.link), "Let a task come after others", Linking, list[Linked]),
    _route("unlink", _linking(tasks.unlink), "Let a task no longer come after others", Linking, list[Linked]),
]
