"""The paths that front ends know: `/api/backend/…` with `{"success": true, …}`."""

from typing import TypedDict

from aiohttp import web

from taskwatch.actions import declared, progress, standing
from taskwatch.actions.progress import Progress
from taskwatch.actions.standing import AtRiskShape, StatisticsShape
from taskwatch.actions.transitions import Moved
from taskwatch.errors import NotFound
from taskwatch.server.answer import answer, etag
from taskwatch.server.call import identity, read_body, segment
from taskwatch.server.changing import CHANGES, IF_MATCH, Circumstances, change, read, write
from taskwatch.server.house import house
from taskwatch.server.policy import Policy
from taskwatch.server.route import Route


class StatisticsAnswer(TypedDict):
    """The statistics."""

    success: bool
    statistics: StatisticsShape


class AtRiskAnswer(TypedDict):
    """Tasks at risk, and how many."""

    success: bool
    tasks_at_risk: list[AtRiskShape]
    count: int


class ProgressAnswer(TypedDict):
    """How far a workflow is, with what a graph component needs to draw it."""

    success: bool
    progress: Progress


class ActionAnswer(TypedDict):
    """What an action did."""

    success: bool
    task: Moved


async def statistics(request: web.Request) -> web.Response:
    """Count who is on time, at risk and late."""
    now = house(request).now()
    return answer({"success": True, "statistics": await read(request, standing.stats, now, now)})


async def at_risk(request: web.Request) -> web.Response:
    """List tasks that run out of time."""
    now = house(request).now()
    found = await read(request, standing.at_risk, now, now, types=identity(request).workflows)
    return answer({"success": True, "tasks_at_risk": found, "count": len(found)})


async def workflow_progress(request: web.Request) -> web.Response:
    """How far the run of a subject is."""
    kind, subject_type, subject = (segment(request, name) for name in ("type", "taskable_type", "id"))
    if not identity(request).may_see_type(kind):
        raise NotFound
    now = house(request).now()
    found = await read(request, progress.subject_progress, kind, subject_type, subject, now)
    return answer({"success": True, "progress": found})


async def act(request: web.Request) -> web.Response:
    """Do what the workflow type declares under this name."""
    given = await read_body(request, Circumstances)
    noun, kind, subject, name = (segment(request, part) for part in ("noun", "type", "id", "action"))
    moved = await write(request, declared.act, kind, subject, noun, name, change(request, given))
    return answer({"success": True, "task": moved}, headers=etag(moved["version"]))


_TASKS = "/api/backend/tasks"
ROUTES = [
    Route(
        "GET",
        f"{_TASKS}/sla/statistics",
        statistics,
        Policy.SEES_ALL,
        "Count who is on time, at risk and late",
        "Backend",
        answer=StatisticsAnswer,
    ),
    Route(
        "GET",
        f"{_TASKS}/sla/at-risk",
        at_risk,
        Policy.KNOWN,
        "List tasks that run out of time",
        "Backend",
        answer=AtRiskAnswer,
    ),
    Route(
        "GET",
        f"{_TASKS}/workflow/{{type}}/{{taskable_type}}/{{id}}/progress",
        workflow_progress,
        Policy.KNOWN,
        "Show how far the workflow of a subject is",
        "Backend",
        answer=ProgressAnswer,
    ),
    Route(
        "POST",
        "/api/backend/{noun}/{type}/{id}/{action}",
        act,
        Policy.KNOWN,
        "Do what the workflow type declares, such as adv/bc/114/approve",
        "Backend",
        params=[*CHANGES, IF_MATCH],
        body=Circumstances,
        answer=ActionAnswer,
    ),
]
