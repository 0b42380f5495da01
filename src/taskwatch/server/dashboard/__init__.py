"""The dashboard: pages for people, rendered by the server and kept fresh by the event log."""

from aiohttp import web

from taskwatch.server.dashboard import assets, board, inbox, operations, task, workflows
from taskwatch.server.dashboard.fault import PAGES, readable
from taskwatch.server.dashboard.memo import MEMO, Memo
from taskwatch.server.dashboard.parts import PARTS, Parts
from taskwatch.server.route import Route

__all__ = ["ROUTES", "furnish", "readable"]

ROUTES: tuple[Route, ...] = (
    *assets.ROUTES,
    *board.ROUTES,
    *workflows.ROUTES,
    *inbox.ROUTES,
    *task.ROUTES,
    *operations.ROUTES,
)


def furnish(app: web.Application) -> None:
    """Give an application what the pages share."""
    app[PARTS] = Parts()
    app[MEMO] = Memo()
    app[PAGES] = frozenset(route.path for route in ROUTES)
