"""The SLA: who is on time, at risk and late; why, and what it comes to."""

from datetime import UTC
from typing import Annotated

from aiohttp import web
from msgspec import Meta

from taskwatch.actions import alerts, standing
from taskwatch.actions.alerts import MonitorShape
from taskwatch.actions.explain import ExplanationShape
from taskwatch.actions.explain import explain as account
from taskwatch.actions.report import ReportShape
from taskwatch.actions.report import report as sum_up
from taskwatch.actions.simulate import LONGEST_DAYS, SimulationShape
from taskwatch.actions.simulate import simulate as foresee
from taskwatch.actions.standing import AtRiskShape, StatisticsShape, ViolationShape
from taskwatch.model.report import GROUPINGS
from taskwatch.model.sla import AT_RISK_PERCENT
from taskwatch.model.times import parse_instant, parse_zone
from taskwatch.server.answer import answer
from taskwatch.server.call import Shape, identity, query_params, read_body, read_query
from taskwatch.server.changing import read, write
from taskwatch.server.house import house
from taskwatch.server.policy import Policy
from taskwatch.server.rest.tasks import check_sight
from taskwatch.server.route import Handler, Route

Now = Annotated[str | None, Meta(description="Judge as if the clock stood there")]


class NowQuery(Shape):
    """The instant to judge at."""

    now: Now = None


class AtRiskQuery(NowQuery):
    """Which tasks run out of time."""

    threshold: Annotated[int, Meta(ge=1, le=100, description="Less than this per cent left")] = (
        AT_RISK_PERCENT
    )
    include_exceeded: Annotated[bool, Meta(description="Also those that have run out of it")] = False


class SimulateQuery(NowQuery):
    """How far to look ahead."""

    until: Annotated[str, Meta(description=f"At most {LONGEST_DAYS} days ahead")] = "in 24h"


class ReportQuery(NowQuery):
    """Which finished cycles to sum up, by what."""

    by: Annotated[str, Meta(description=f"One of {', '.join(GROUPINGS)}")] = "activity"
    since: Annotated[str | None, Meta(description="Only what ended from then on")] = None
    until: Annotated[str | None, Meta(description="Only what ended before then; now, if not given")] = None
    zone: Annotated[str, Meta(description="Whose days count, such as Europe/Paris")] = "UTC"


class Monitoring(Shape):
    """A pass of the monitor."""

    dry_run: Annotated[bool, Meta(description="Claim no alert, tell how many would be")] = False


async def statistics(request: web.Request) -> web.Response:
    """Count who is on time, at risk and late."""
    at, now = _moments(request, read_query(request, NowQuery).now)
    return answer(await read(request, standing.stats, at, now))


async def at_risk(request: web.Request) -> web.Response:
    """List tasks that run out of time."""
    wanted = read_query(request, AtRiskQuery)
    at, now = _moments(request, wanted.now)
    found = await read(
        request,
        standing.at_risk,
        at,
        now,
        threshold=wanted.threshold,
        include_exceeded=wanted.include_exceeded,
        types=identity(request).workflows,
    )
    return answer(found)


async def violations(request: web.Request) -> web.Response:
    """List tasks that are late."""
    at, now = _moments(request, read_query(request, NowQuery).now)
    return answer(await read(request, standing.violations, at, now, types=identity(request).workflows))


async def monitor(request: web.Request) -> web.Response:
    """Claim every alert that is due."""
    wanted, here = await read_body(request, Monitoring), house(request)
    now, on_rise = here.now(), here.settings.alert_on_rise
    done = await write(request, alerts.monitor, now, on_rise=on_rise, dry_run=wanted.dry_run)
    found = await read(request, standing.survey, now, now)
    return answer({"violations": found.violations, "alerts_sent": done.sent, "statistics": found.statistics})


async def explain(request: web.Request) -> web.Response:
    """Account for a task and its alerts."""
    at, _ = _moments(request, read_query(request, NowQuery).now)
    ref = await check_sight(request)
    return answer(await read(request, account, ref, at, on_rise=house(request).settings.alert_on_rise))


async def simulate(request: web.Request) -> web.Response:
    """Foresee the alerts of a task."""
    wanted = read_query(request, SimulateQuery)
    at, now = _moments(request, wanted.now)
    until = parse_instant(wanted.until, now=at, zone=UTC)
    ref, on_rise = await check_sight(request), house(request).settings.alert_on_rise
    return answer(await read(request, foresee, ref, at, now, until, on_rise=on_rise))


async def report(request: web.Request) -> web.Response:
    """Sum up what was met and missed."""
    wanted = read_query(request, ReportQuery)
    zone = parse_zone(wanted.zone)
    at, _ = _moments(request, wanted.now)
    since = None if wanted.since is None else parse_instant(wanted.since, now=at, zone=zone)
    until = at + 1 if wanted.until is None else parse_instant(wanted.until, now=at, zone=zone)
    return answer(await read(request, sum_up, wanted.by, zone, since=since, until=until))


def _moments(request: web.Request, text: str | None) -> tuple[int, int]:
    """The instant to judge at, and what the clock says (ms)."""
    now = house(request).now()
    return now if text is None else parse_instant(text, now=now, zone=UTC), now


def _route(  # noqa: PLR0917 - a row of a table
    path: str, handler: Handler, policy: Policy, summary: str, query: type[Shape], shape: object
) -> Route:
    return Route("GET", path, handler, policy, summary, "SLA", query_params(query), answer=shape)


_SLA, _TASK = "/api/v1/sla", "/api/v1/tasks/{task}"
ROUTES = [
    _route(
        f"{_SLA}/statistics",
        statistics,
        Policy.SEES_ALL,
        "Count who is on time, at risk and late",
        NowQuery,
        StatisticsShape,
    ),
    _route(
        f"{_SLA}/at-risk",
        at_risk,
        Policy.KNOWN,
        "List tasks that run out of time",
        AtRiskQuery,
        list[AtRiskShape],
    ),
    _route(
        f"{_SLA}/violations",
        violations,
        Policy.KNOWN,
        "List tasks that are late",
        NowQuery,
        list[ViolationShape],
    ),
    _route(
        f"{_SLA}/report", report, Policy.SEES_ALL, "Sum up what was met and missed", ReportQuery, ReportShape
    ),
    _route(
        f"{_TASK}/explain",
        explain,
        Policy.KNOWN,
        "Account for a task and its alerts",
        NowQuery,
        ExplanationShape,
    ),
    _route(
        f"{_TASK}/simulate",
        simulate,
        Policy.KNOWN,
        "Foresee the alerts of a task",
        SimulateQuery,
        SimulationShape,
    ),
    Route(
        "POST",
        f"{_SLA}/monitor",
        monitor,
        Policy.ADMIN,
        "Send every alert that is due",
        "SLA",
        body=Monitoring,
        answer=MonitorShape,
    ),
]
