"""`/`: the SLA board: what is late, what will be, who has it, and how it went of late."""

import asyncio
from datetime import UTC
from typing import Annotated, Any

from aiohttp import web
from msgspec import Meta

from taskwatch.actions import board, definitions, events, inbox, roles, trends
from taskwatch.actions.board import Board, Focus, Row
from taskwatch.actions.events import EventShape
from taskwatch.actions.inbox import EntryShape
from taskwatch.errors import Forbidden
from taskwatch.model import names
from taskwatch.model.access import Identity, may_move
from taskwatch.model.assignment import Assignment
from taskwatch.model.sla import LEVELS
from taskwatch.server.call import Id, Shape, identity
from taskwatch.server.changing import read
from taskwatch.server.dashboard import charts, page, people
from taskwatch.server.dashboard.memo import MEMO
from taskwatch.server.house import house

RECENT = 10


class BoardQuery(Shape):
    """Whose tasks the board shows."""

    type: Annotated[str | None, Meta(description="Of workflows of this type")] = None
    role: Annotated[str | None, Meta(description="Assigned to this role")] = None
    user: Annotated[Id | None, Meta(description="Theirs: by name, by role or claimed")] = None
    all: Annotated[bool, Meta(description="Every row of the lists")] = False


async def show(request: web.Request) -> web.StreamResponse:
    """Who is on time, at risk and late."""
    wanted, who = page.read_wishes(request, BoardQuery), identity(request)
    focus = _focus(wanted, who)
    now, limit = house(request).now(), None if wanted.all else page.CUT
    seen, went, recent, known, choices = await asyncio.gather(
        read(request, board.board, focus, now, limit=limit),
        request.app[MEMO].get((focus, "trends"), lambda: read(request, trends.trends, focus, now, UTC)),
        _recent(request, who),
        people.known_names(request),
        _choices(request, who),
    )
    return await page.render(
        request,
        "board.html",
        title="Board",
        topics=page.all_topics(who),
        stale_at=seen.changes_at,
        wanted=wanted,
        board=seen,
        late=_by_level(seen),
        hidden=_hidden(seen),
        shares=charts.shares([seen.statistics[name] for name in ("on_time", "at_risk", "exceeded")]),
        trends=went,
        columns=charts.columns(went.days),
        reaches=charts.reaches(went.types),
        recent=recent,
        choices={**choices, "users": known},
        type_names={each["code"]: each["name"] for each in choices["types"]},
        name=people.namer(known, who.user_id),
        may_care=lambda row: _may_care(who, row),
    )


def _focus(wanted: BoardQuery, who: Identity) -> Focus:
    if wanted.type is not None and not who.may_see_type(wanted.type):
        raise Forbidden(f"the type {names.shown(wanted.type)} is not for this identity")
    return Focus(wanted.type, wanted.role, wanted.user, who.workflows)


def _by_level(seen: Board) -> list[tuple[str, list[Row]]]:
    """What is late by its level, the worst first."""
    groups = [(level.name, [row for row in seen.late if row.task["alert_level"] == level.name])
              for level in reversed(LEVELS)]  # fmt: skip
    return [(name, rows) for name, rows in groups if rows]


def _hidden(seen: Board) -> dict[str, int]:
    """How many rows were cut off."""
    return {
        "at_risk": seen.statistics["at_risk"] - len(seen.at_risk),
        "late": seen.statistics["exceeded"] - len(seen.late),
    }


async def _recent(request: web.Request, who: Identity) -> list[EntryShape] | list[EventShape]:
    """What the user was told of late; for nobody in particular, what happened."""
    if who.user_id is not None and who.sees_all:
        return await read(request, inbox.entries, who.user_id, inbox.Wish(limit=RECENT))
    topics = tuple(topic for topic in page.all_topics(who) if topic not in page.own_topics(who))
    if not topics:
        return []
    found = await read(request, events.newest, events.Filter(topics=topics), RECENT)
    return found.events[::-1]


async def _choices(request: web.Request, who: Identity) -> dict[str, Any]:
    """What the filters offer: what who asks may read elsewhere."""
    kinds = await read(request, definitions.types)
    known = await read(request, roles.roles) if who.sees_all else []
    return {
        "types": [each for each in kinds if who.may_see_type(each["code"])],
        "roles": [each["name"] for each in known],
    }


def _may_care(who: Identity, row: Row) -> bool:
    given = row.task["assignments"]
    owners = [Assignment(each["type"], each["user_id"], each["role_name"]) for each in given]
    return may_move(who, row.record, owners)


ROUTES = [page.route("/", show, "Show the SLA board")]
