"""REST: a resource for everything that the command line can do, and the paths that front ends know."""

from taskwatch.server.rest import (
    backend,
    check,
    events,
    moves,
    people,
    plan,
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
    *sla.ROUTES,
    *check.ROUTES,
    *events.ROUTES,
    *tokens.ROUTES,
    *backend.ROUTES,
)
