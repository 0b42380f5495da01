"""`/workflows`: the runs and how far they are; `/workflows/bc/114`: one of them as a picture and a table."""

from typing import Annotated, Final

from aiohttp import web
from msgspec import Meta

from taskwatch.actions import runs
from taskwatch.actions.progress import WORKFLOW_STATUSES, RunFilters
from taskwatch.errors import Forbidden, NotFound
from taskwatch.model import names, sla
from taskwatch.model.access import Identity
from taskwatch.server.call import Id, Shape, identity, read_query, segment
from taskwatch.server.changing import read
from taskwatch.server.dashboard import page
from taskwatch.server.dashboard.people import known_names, namer
from taskwatch.server.dashboard.tiles import Scene, Tile, compose, mark
from taskwatch.server.dashboard.words import moment
from taskwatch.server.house import house
from taskwatch.server.rest.tasks import seen_task

ANY: Final = "any"
NEWEST: Final = 12


class RunsQuery(Shape):
    """Which runs to list. A form sends empty texts for what was not chosen."""

    type: Annotated[str, Meta(description="Of this type")] = ""
    status: Annotated[str, Meta(description=f"One of {', '.join(WORKFLOW_STATUSES)}, or any")] = "active"
    text: Annotated[str, Meta(description="With this in the subject's id")] = ""
    late: Annotated[bool, Meta(description="Only those with a task that is late")] = False
    all: Annotated[bool, Meta(description="However many there are")] = False


class ViewQuery(Shape):
    """Which run of a subject: its id, else the active one, else the newest."""

    run: Id | None = None


async def list_runs(request: web.Request) -> web.Response:
    """The runs, the newest first."""
    wanted, who = read_query(request, RunsQuery), identity(request)
    found = await read(
        request, runs.find, _filters(wanted, who), house(request).now(), None if wanted.all else page.CUT
    )
    return await page.render(
        request,
        "workflows.html",
        title="Workflows",
        topics=_topics(who),
        wanted=wanted,
        statuses=(*WORKFLOW_STATUSES, ANY),
        types=found.types,
        runs=found.items,
        total=found.total,
        left_out=found.total - len(found.items),
    )


async def show(request: web.Request) -> web.Response:
    """One run."""
    type_code, subject = await _path(request)
    view = await read(
        request, runs.view, type_code, subject, read_query(request, ViewQuery).run, house(request).now()
    )
    scene = compose(view.progress)
    return await page.render(
        request,
        "workflow.html",
        title=f"{type_code} {subject}",
        topics=[f"workflow.{type_code}.{subject}"],
        stale_at=_stale_at(scene),
        run=view.progress,
        siblings=view.siblings,
        scene=scene,
        name=namer(await known_names(request), identity(request).user_id),
    )


async def show_history(request: web.Request) -> web.Response:
    """What happened to one task of a run: what the workflow's page shows beside its picture."""
    type_code, subject = await _path(request)
    task = await seen_task(request)
    if (task["workflow_type"], str(task["taskable_id"])) != (type_code, subject):
        raise NotFound(f"{task['code']} is no task of {names.shown(f'{type_code}.{subject}')}")
    return await page.render(
        request,
        "task_history.html",
        title=task["name"],
        topics=[f"workflow.{type_code}.{subject}"],
        task=task,
        mark=mark(task),
        happened=task["history"][: -NEWEST - 1 : -1],
        older=max(0, len(task["history"]) - NEWEST),
        name=namer(await known_names(request), identity(request).user_id),
    )


def _filters(wanted: RunsQuery, who: Identity) -> RunFilters:
    if wanted.type and not who.may_see_type(wanted.type):
        raise Forbidden(f"the type {names.shown(wanted.type)} is not for this identity")
    status = None if wanted.status == ANY else wanted.status or "active"
    return RunFilters(wanted.type or None, status, wanted.text or None, wanted.late, who.workflows)


def _topics(who: Identity) -> list[str]:
    """All workflows that may be seen."""
    return (
        ["workflow.*"] if who.workflows is None else [f"workflow.{each}.*" for each in sorted(who.workflows)]
    )


async def _path(request: web.Request) -> tuple[str, str]:
    """The type and the subject's id.

    Raises:
        NotFound: the identity may not see the type.
    """
    type_code = segment(request, "type")
    if not identity(request).may_see_type(type_code):
        raise NotFound
    return type_code, segment(request, "subject")


def _stale_at(scene: Scene) -> int | None:
    """When (ms) the next task will be at risk or late, if nothing happens."""
    return min(filter(None, (_turn(tile) for tile in scene.tiles)), default=None)


def _turn(tile: Tile) -> int | None:
    due, timeout = tile.task["due_at"], tile.task["timeout_minutes"]
    if due is None or timeout is None or tile.mark == "late":
        return None
    at_risk = timeout * 60 - sla.at_risk_after(timeout)
    return moment(due) + sla.SECOND * (1 if tile.mark == "risk" else -at_risk)


ROUTES = [
    page.route("/workflows", list_runs, "Workflows and how far they are"),
    page.route("/workflows/{type}/{subject}", show, "A workflow as a picture and a table"),
    page.route(
        "/workflows/{type}/{subject}/history/{task}", show_history, "What happened to a task of a workflow"
    ),
]
