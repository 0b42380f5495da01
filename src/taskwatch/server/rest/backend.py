"""The paths that front ends know: `/api/backend/…` with `{"success": true, …}`, and `/admin/tasks/{id}`."""

from html import escape
from typing import TypedDict

from aiohttp import web

from taskwatch.actions import declared, progress, standing
from taskwatch.actions.progress import Progress
from taskwatch.actions.shown import TaskDetail
from taskwatch.actions.standing import AtRiskShape, StatisticsShape
from taskwatch.actions.transitions import Moved
from taskwatch.errors import NotFound
from taskwatch.server.answer import answer, etag
from taskwatch.server.call import identity, read_body, segment
from taskwatch.server.changing import CHANGES, IF_MATCH, Circumstances, change, read, write
from taskwatch.server.house import house
from taskwatch.server.html import html, table, wants_html
from taskwatch.server.policy import Policy
from taskwatch.server.rest.tasks import seen_task
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


async def task_page(request: web.Request) -> web.Response:
    """A task where notifications point to: JSON for programs, a page for browsers."""
    found = await seen_task(request)
    return _page(found) if wants_html(request) else answer(found, headers=etag(found["version"]))


def _page(task: TaskDetail) -> web.Response:
    workflow = (
        f"{task['workflow_type']} {task['taskable_type']} {task['taskable_id']}"
        if task["workflow_type"]
        else ""
    )
    facts = {
        "Code": task["code"],
        "Status": task["status"],
        "Workflow": workflow,
        "Assigned": ", ".join(_who(each["user_id"], each["role_name"]) for each in task["assignments"]),
        "Claimed by": task["claimed_by"] and f"user {task['claimed_by']}",
        "After": ", ".join(task["after"]),
        "Before": ", ".join(task["dependents"]),
        "Started": task["started_at"],
        "Due": task["due_at"],
        "Timeout": task["timeout_minutes"] and f"{task['timeout_minutes']} min",
        "Exceeded by": task["exceeded_by_minutes"] and f"{task['exceeded_by_minutes']} min",
        "Risk": task["risk_level"],
    }
    history = "".join(
        f"<li>{escape(each['at'])}: {escape(each['sentence'])}</li>" for each in task["history"]
    )
    return html(task["name"], f"{table(facts)}\n<h2>History</h2>\n<ol>{history}</ol>")


def _who(user_id: int | None, role_name: str | None) -> str:
    return f"role {role_name}" if user_id is None else f"user {user_id}"


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
    Route("GET", "/admin/tasks/{task}", task_page, Policy.KNOWN, "Show a task", "Backend", answer=TaskDetail),
]
