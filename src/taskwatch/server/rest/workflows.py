"""Workflows: a page of runs, start one, how far it is, a drawing, cancel."""

from typing import Annotated

from aiohttp import web
from msgspec import Meta

from taskwatch.actions import picture, progress, workflows
from taskwatch.actions.picture import FORMS, Drawing
from taskwatch.actions.progress import WORKFLOW_STATUSES, Progress, Run
from taskwatch.actions.workflows import Cancelled, Started
from taskwatch.errors import Forbidden
from taskwatch.model import names
from taskwatch.server.answer import Page, answer, page
from taskwatch.server.call import Limit, Shape, identity, query_params, read_body, read_query, segment
from taskwatch.server.changing import CHANGES, Circumstances, change, read, write
from taskwatch.server.house import house
from taskwatch.server.policy import Policy
from taskwatch.server.rest.tasks import check_workflow, read_place
from taskwatch.server.route import Route


class RunQuery(Shape):
    """Which runs to list."""

    type: Annotated[str | None, Meta(description="Of this type")] = None
    status: Annotated[str | None, Meta(description=f"One of {', '.join(WORKFLOW_STATUSES)}")] = None
    limit: Limit = 50
    after: Annotated[str | None, Meta(description="The `next` of the page before")] = None


class GraphQuery(Shape):
    """How to draw."""

    format: Annotated[str, Meta(description=f"One of {', '.join(FORMS)}")] = "tree"


class Starting(Circumstances, kw_only=True):
    """What to start, for what."""

    type: str
    taskable_type: str
    taskable_id: str | int


async def list_runs(request: web.Request) -> web.Response:
    """The runs that the identity may see, the newest first."""
    wanted, who = read_query(request, RunQuery), identity(request)
    if wanted.type is not None and not who.may_see_type(wanted.type):
        raise Forbidden(f"the type {names.shown(wanted.type)} is not for this identity")
    found = await read(
        request,
        progress.runs,
        house(request).now(),
        type_code=wanted.type,
        status=wanted.status,
        limit=wanted.limit + 1,
        types=who.workflows,
        before_id=read_place(wanted.after),
    )
    items = found[: wanted.limit]
    return page(request, items, str(items[-1]["id"]) if len(found) > wanted.limit else None)


async def start(request: web.Request) -> web.Response:
    """Start a workflow."""
    given = await read_body(request, Starting)
    subject = str(given.taskable_id)
    started = await write(
        request, workflows.start, given.type, given.taskable_type, subject, change(request, given)
    )
    if given.dry_run:
        return answer(started)
    return answer(started, status=201, headers={"Location": f"/api/v1/workflows/{started['id']}"})


async def show(request: web.Request) -> web.Response:
    """How far a workflow is."""
    ref = await _seen(request)
    return answer(await read(request, progress.progress, ref, house(request).now()))


async def graph(request: web.Request) -> web.Response:
    """A workflow as a drawing."""
    wanted = read_query(request, GraphQuery)
    return answer(await read(request, picture.draw, await _seen(request), wanted.format))


async def cancel(request: web.Request) -> web.Response:
    """Cancel a workflow and its open tasks."""
    given = await read_body(request, Circumstances)
    ref = segment(request, "workflow")
    return answer(await write(request, workflows.cancel, ref, change(request, given)))


async def _seen(request: web.Request) -> str:
    ref = segment(request, "workflow")
    await check_workflow(request, ref)
    return ref


_HERE = "/api/v1/workflows"
ROUTES = [
    Route(
        "GET",
        _HERE,
        list_runs,
        Policy.KNOWN,
        "List workflows and how far they are",
        "Workflows",
        params=query_params(RunQuery),
        answer=Page[Run],
    ),
    Route(
        "POST",
        _HERE,
        start,
        Policy.KNOWN,
        "Start a workflow for a subject",
        "Workflows",
        params=CHANGES,
        body=Starting,
        answer=Started,
        status=201,
    ),
    Route(
        "GET",
        f"{_HERE}/{{workflow}}",
        show,
        Policy.KNOWN,
        "Show a workflow's progress, by its id or as bc.114",
        "Workflows",
        answer=Progress,
    ),
    Route(
        "GET",
        f"{_HERE}/{{workflow}}/graph",
        graph,
        Policy.KNOWN,
        "Draw a workflow as a tree or for a drawing tool",
        "Workflows",
        params=query_params(GraphQuery),
        answer=Drawing,
    ),
    Route(
        "POST",
        f"{_HERE}/{{workflow}}/cancel",
        cancel,
        Policy.KNOWN,
        "Cancel a workflow and its open tasks",
        "Workflows",
        params=CHANGES,
        body=Circumstances,
        answer=Cancelled,
    ),
]
