"""Tasks: a page of them by filters, and one with its history."""

from typing import Annotated

from aiohttp import web
from msgspec import Meta, field

from taskwatch.actions import listing, progress
from taskwatch.actions.listing import Filters
from taskwatch.actions.shown import TaskDetail, TaskShape
from taskwatch.errors import Forbidden, InvalidInput, NotFound
from taskwatch.model import names, sla
from taskwatch.model import task as model
from taskwatch.model.access import Identity
from taskwatch.server.answer import Page, answer, etag, page
from taskwatch.server.call import Id, Limit, Shape, identity, query_params, read_query, segment
from taskwatch.server.changing import read
from taskwatch.server.house import house
from taskwatch.server.policy import Policy
from taskwatch.server.route import Route


class TaskQuery(Shape):
    """The filters of the list; they add up."""

    status: Annotated[list[str], Meta(description=f"One of {', '.join(model.STATUSES)}; repeatable")] = field(
        default_factory=list
    )
    user: Annotated[Id | None, Meta(description="Theirs: by name, by role or claimed")] = None
    role: Annotated[str | None, Meta(description="Assigned to this role")] = None
    workflow: Annotated[str | None, Meta(description="Of this workflow: an id or bc.114")] = None
    type: Annotated[str | None, Meta(description="Of workflows of this type")] = None
    risk: Annotated[str | None, Meta(description=f"One of {', '.join(sla.RISK_LEVELS)}")] = None
    text: Annotated[str | None, Meta(description="With this in the code or name")] = None
    limit: Limit = 100
    after: Annotated[str | None, Meta(description="The `next` of the page before")] = None


async def list_tasks(request: web.Request) -> web.Response:
    """The tasks that the identity may see, by id."""
    wanted = read_query(request, TaskQuery)
    filters = _filters(wanted, identity(request))
    if wanted.workflow is not None:
        await check_workflow(request, wanted.workflow)
    found = await read(request, listing.list_tasks, filters, house(request).now())
    items = found[: wanted.limit]
    return page(request, items, str(items[-1]["id"]) if len(found) > wanted.limit else None)


async def show_task(request: web.Request) -> web.Response:
    """One task; its ETag is its version."""
    found = await seen_task(request)
    return answer(found, headers=etag(found["version"]))


async def seen_task(request: web.Request) -> TaskDetail:
    """The task that the path names.

    Raises:
        NotFound: there is none, or the identity may not see its type of workflow.
    """
    found = await read(request, listing.show_task, segment(request, "task"), house(request).now())
    if not identity(request).may_see_type(found["workflow_type"]):
        raise NotFound
    return found


async def check_sight(request: web.Request) -> str:
    """The task that the path names, by reference, after making sure that the identity may see it.

    Raises:
        NotFound: there is none, or it may not.
    """
    ref = segment(request, "task")
    if not identity(request).may_see_type(await read(request, listing.type_of, ref)):
        raise NotFound
    return ref


async def check_workflow(request: web.Request, ref: str) -> None:
    """Make sure that there is a workflow, and that the identity may see its type.

    Raises:
        NotFound: there is none, or it may not.
    """
    if not identity(request).may_see_type(await read(request, progress.type_of, ref)):
        raise NotFound


def read_place(after: str | None) -> int | None:
    """The id that a page begins behind.

    Raises:
        InvalidInput: this is the `next` of no page.
    """
    if after is None:
        return None
    if not (after.isascii() and after.isdecimal() and len(after) < 16):
        raise InvalidInput(f"after cannot be {names.shown(after)}", hint="send the `next` of the page before")
    return int(after)


def _filters(wanted: TaskQuery, who: Identity) -> Filters:
    if wanted.type is not None and not who.may_see_type(wanted.type):
        raise Forbidden(f"the type {names.shown(wanted.type)} is not for this identity")
    return Filters(
        statuses=tuple(wanted.status),
        user_id=wanted.user,
        role_name=wanted.role,
        workflow=wanted.workflow,
        workflow_type=wanted.type,
        risk=wanted.risk,
        text=wanted.text,
        limit=wanted.limit + 1,
        types=who.workflows,
        after_id=read_place(wanted.after) or 0,
    )


ROUTES = [
    Route(
        "GET",
        "/api/v1/tasks",
        list_tasks,
        Policy.KNOWN,
        "List tasks",
        "Tasks",
        params=query_params(TaskQuery),
        answer=Page[TaskShape],
    ),
    Route(
        "GET",
        "/api/v1/tasks/{task}",
        show_task,
        Policy.KNOWN,
        "Show a task with its finished cycles and its history",
        "Tasks",
        answer=TaskDetail,
    ),
]
