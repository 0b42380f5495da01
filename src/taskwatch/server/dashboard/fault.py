"""What went wrong, as a page for people: only where a browser asked for a page."""

from aiohttp import web

from taskwatch.errors import TaskwatchError, Unauthorized
from taskwatch.server.dashboard.page import render
from taskwatch.server.html import wants_html
from taskwatch.server.route import Handler

PAGES = web.AppKey("pages", frozenset[str])
_NOWHERE = "There is nothing at this address"


@web.middleware
async def readable(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Failures of pages as pages; all others are left to become problem documents."""
    try:
        return await handler(request)
    except Unauthorized:
        raise
    except TaskwatchError as error:
        if not (_is_page(request) and wants_html(request)):
            raise
        return await _page(request, error.http_status, error.message, error.hint)
    except web.HTTPNotFound:
        if not wants_html(request) or request.path.startswith("/api/"):
            raise
        return await _page(request, 404, _NOWHERE, None)


def _is_page(request: web.Request) -> bool:
    resource = request.match_info.route.resource
    return resource is not None and resource.canonical in request.app[PAGES]


async def _page(request: web.Request, status: int, message: str, hint: str | None) -> web.Response:
    sentence = message[:1].upper() + message[1:]
    return await render(request, "fault.html", title=sentence, status=status, message=sentence, hint=hint)
