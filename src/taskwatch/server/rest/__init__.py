"""REST: a resource for everything that the command line can do, and the paths that front ends know."""

from taskwatch.server.rest import (
    acks,
    backend,
    check,
    deliveries,
    events,
    inbox,
    moves,
    mutes,
    people,
    plan,
    reach,
    sla,
    tasks,
    tokens,
    types,
    workflows,
)
from taskwatch.server.route import Route

ROUTES: tuple[Route, ...] = (
    *tasks.ROUTES,
    *moves.ROUTES,
    *plan.ROUTES,
    *workflows.ROUTES,
    *types.ROUTES,
    *people.ROUTES,
    *reach.ROUTES,
    *inbox.ROUTES,
    *sla.ROUTES,
    *acks.ROUTES,
    *mutes.ROUTES,
    *deliveries.ROUTES,
    *check.ROUTES,
    *events.ROUTES,
    *tokens.ROUTES,
    *backend.ROUTES,
)
