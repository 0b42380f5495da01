"""The check: OK, WARNING or CRITICAL by limits, as `taskwatch check` says it."""

from typing import Annotated

from aiohttp import web
from msgspec import Meta, field

from taskwatch.actions import standing, verdict
from taskwatch.actions.standing import CheckShape
from taskwatch.server.answer import answer
from taskwatch.server.call import Shape, query_params, read_query
from taskwatch.server.changing import read
from taskwatch.server.house import house
from taskwatch.server.policy import Policy
from taskwatch.server.route import Route

Ranges = Annotated[
    list[str], Meta(description="[METRIC=]RANGE, such as exceeded=3 or compliance=60:; repeatable")
]


class CheckQuery(Shape):
    """When to warn, and when it is critical; without any, no task may be late."""

    warning: Ranges = field(default_factory=list)
    critical: Ranges = field(default_factory=list)


async def check(request: web.Request) -> web.Response:
    """The verdict as JSON; the status is 200 whatever it is."""
    wanted = read_query(request, CheckQuery)
    limits = verdict.read_limits(wanted.warning, wanted.critical)
    now = house(request).now()
    return answer(verdict.judge(await read(request, standing.survey, now, now), limits))


ROUTES = [
    Route(
        "GET",
        "/api/v1/check",
        check,
        Policy.SEES_ALL,
        "Report lateness to a monitoring system",
        "SLA",
        params=query_params(CheckQuery),
        answer=CheckShape,
    )
]
