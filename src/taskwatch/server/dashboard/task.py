"""`/admin/tasks/{task}`, where notifications point to: JSON for programs, for browsers the page of a task."""

from typing import Annotated, Any

from aiohttp import web
from msgspec import Meta

from taskwatch.actions import choices, neighbours, roles, why
from taskwatch.actions.change import Change
from taskwatch.actions.explain import explain
from taskwatch.actions.planner import Planner, asked
from taskwatch.actions.shown import TaskDetail
from taskwatch.actions.why import WhyShape
from taskwatch.errors import Forbidden, NotFound
from taskwatch.model.access import Identity, may_follow
from taskwatch.model.sla import SECOND
from taskwatch.server.answer import answer, etag
from taskwatch.server.call import Id, Shape, identity, read_query
from taskwatch.server.changing import read
from taskwatch.server.dashboard import page
from taskwatch.server.dashboard.offers import sort_out
from taskwatch.server.dashboard.parts import PART
from taskwatch.server.dashboard.people import known_names, knows_all, namer
from taskwatch.server.dashboard.words import moment
from taskwatch.server.house import house
from taskwatch.server.html import wants_html
from taskwatch.server.rest.tasks import seen_task
from taskwatch.store import Store


class PageQuery(Shape):
    """Whose messages to account for, and whether to show all of a long history."""

    user: Annotated[Id | None, Meta(description="Who is told what, and why; others are for admins")] = None
    all: bool = False


async def show(request: web.Request) -> web.Response:
    """A task: JSON for programs, a page for browsers."""
    found = await seen_task(request)
    if not (wants_html(request) or PART in request.headers):
        return answer(found, headers={**etag(found["version"]), "Vary": "Accept"})
    wanted = read_query(request, PageQuery)
    values = await _gather(request, found, wanted.user)
    response = await page.render(
        request,
        "task.html",
        title=found["name"],
        topics=_topics(identity(request), found),
        stale_at=_stale_at(found, house(request).now()),
        **values,
    )
    response.headers["Vary"] = f"Accept, {PART}"
    return response


async def _gather(request: web.Request, task: TaskDetail, user: int | None) -> dict[str, Any]:
    """Everything that the page shows, of one task at one instant."""
    here, who, ref = house(request), identity(request), str(task["id"])
    now, names = here.now(), await known_names(request)
    change = Change(now, by=who.user_id, identity=who)
    reader = _reader(who, user, task)
    shown, hidden = page.cut(request, task["history"][::-1])
    account = await read(request, explain, ref, now, on_rise=here.settings.alert_on_rise)
    return {
        "task": task,
        "cycles": account["cycles"][::-1],
        "beside": await read(request, neighbours.neighbours, ref),
        "offers": sort_out(await read(request, choices.choices, ref, change)),
        "history": shown,
        "hidden": hidden,
        "name": namer(names, who.user_id),
        "names": names if knows_all(who) else {},
        "roles": await _roles(request, who),
        "reader": reader,
        "why": await _why(request, ref, reader, now),
        "told": await read(request, why.told, ref) if knows_all(who) else None,
    }


def _topics(who: Identity, task: TaskDetail) -> list[str]:
    """The task and its workflow: what happens beside it decides what may be done."""
    topics = [f"task.{task['id']}"]
    if task["workflow_type"]:
        topics.append(f"workflow.{task['workflow_type']}.{task['taskable_id']}")
    return [topic for topic in topics if may_follow(who, topic)]


def _stale_at(task: TaskDetail, now: int) -> int | None:
    """When it becomes late, which no event tells at that very second; None if it will not."""
    due = None if task["due_at"] is None else moment(task["due_at"]) + SECOND
    return due if due is not None and due > now else None


def _reader(who: Identity, wanted: int | None, task: TaskDetail) -> int | None:
    """Whose messages are looked at: the one asked for, else who asks, else who has the task.

    Raises:
        Forbidden: it is somebody else, and who asks is no admin.
    """
    if wanted is not None and wanted != who.user_id and not knows_all(who):
        raise Forbidden("what other people are told is for admins", hint="look at your own")
    if wanted is not None or who.user_id is not None or not knows_all(who):
        return who.user_id if wanted is None else wanted
    assigned = (each["user_id"] for each in task["assignments"] if each["user_id"] is not None)
    return task["claimed_by"] if task["claimed_by"] is not None else next(assigned, None)


async def _roles(request: web.Request, who: Identity) -> list[str]:
    return [each["name"] for each in await read(request, roles.roles)] if who.sees_all else []


async def _why(request: web.Request, ref: str, reader: int | None, now: int) -> WhyShape | None:
    notify = house(request).notify
    if reader is None or notify is None:
        return None
    return await read(request, _account, ref, reader, now, notify.plan.planner)


def _account(store: Store, ref: str, reader: int, now: int, planner: Planner) -> WhyShape | None:
    try:
        return why.why(store, ref, reader, now, asked(planner, now))
    except NotFound:
        return None


_PAGE = page.route("/admin/tasks/{task}", show, "Show a task")
# It is data as well: programs have always asked for it here.
ROUTES = (_PAGE._replace(tag="Backend", hidden=False, answer=TaskDetail),)
