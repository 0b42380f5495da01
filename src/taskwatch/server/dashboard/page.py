"""How a page is made: a template over what actions tell, whole or only its middle, behind a strict policy.

The server renders every view; a page that is open asks for its middle again when something happened.
"""

import asyncio
from collections.abc import Sequence
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from taskwatch.actions.visitor import Visitor, visitor
from taskwatch.model.access import Identity, may_follow
from taskwatch.server import place
from taskwatch.server.call import read_query
from taskwatch.server.dashboard.assets import asset_path
from taskwatch.server.dashboard.parts import PART, PARTS, reach
from taskwatch.server.dashboard.words import FILTERS
from taskwatch.server.following import MOST_TOPICS
from taskwatch.server.gate import COOKIE, IDENTITY
from taskwatch.server.house import house
from taskwatch.server.policy import Policy
from taskwatch.server.route import Handler, Route

CURSOR: Final = web.RequestKey("cursor", str)
CUT: Final = 200
S = TypeVar("S", bound=msgspec.Struct)
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Without any referrer, browsers hide the origin of a form too, and the gate would refuse it.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": PART,
}


class Link(NamedTuple):
    """An entry of the navigation."""

    path: str
    label: str
    is_here: bool


def route(path: str, handler: Handler, summary: str, policy: Policy = Policy.KNOWN) -> Route:
    """The route of a page: its handler reads, then calls `render`."""
    return Route("GET", path, _opened(handler), policy, summary, "Pages", hidden=True)


async def render(
    request: web.Request,
    template: str,
    *,
    title: str,
    topics: Sequence[str] = (),
    status: int = 200,
    stale_at: int | None = None,
    **values: Any,
) -> web.Response:
    """A page from a template, or only its `<main>` if the request asks for that part.

    Args:
        request: of a route made by `route`.
        template: a file in `templates`; it extends `base.html`.
        title: the page's, a text.
        topics: what the page follows; it is rendered anew when one of them tells something.
        status: of the response.
        stale_at: when (ms) the page will differ even if nothing happens.
        **values: for the template, beside those of every page.
    """
    frame = await _frame(request)
    frame |= {"title": title, "topics": list(topics)[:MOST_TOPICS], "stale_at": stale_at, **values}
    # In a thread of its own: a long page must not keep the live streams waiting.
    text = await asyncio.to_thread(_environment().get_template(template).render, frame)
    return web.Response(
        body=text.encode("utf-8", "replace"),
        status=status,
        content_type="text/html",
        charset="utf-8",
        headers=HEADERS,
    )


def all_topics(identity: Identity) -> list[str]:
    """The topics that tell of everything an identity may see, and of its own inbox."""
    types = None if identity.workflows is None else sorted(identity.workflows)
    wanted = ["workflow.*", "task.*"] if types is None else [f"workflow.{each}.*" for each in types]
    return [*own_topics(identity), *wanted]


def own_topics(identity: Identity) -> list[str]:
    """The topic that tells of the inbox of who looks."""
    own = f"user.{identity.user_id}.tasks"
    return [own] if identity.user_id is not None and may_follow(identity, own) else []


def cut(request: web.Request, rows: Sequence[Any]) -> tuple[Sequence[Any], int]:
    """The rows to show and how many more there are: at most `CUT`, all of them with `?all=1`."""
    shown = rows if request.query.get("all") == "1" else rows[:CUT]
    return shown, len(rows) - len(shown)


def read_wishes(request: web.Request, shape: type[S]) -> S:
    """The query as a shape; what a form sends empty was left out.

    Raises:
        InvalidInput: it does not fit.
    """
    filled = [(name, value) for name, value in request.query.items() if value]
    return read_query(request.clone(rel_url=request.rel_url.with_query(filled)), shape)


def address(request: web.Request, **changed: str | None) -> str:
    """This page's path with other values in its query; None takes one out. It begins with the base."""
    query = {name: value for name, value in request.query.items() if name != "ticket"}
    query = {name: value for name, value in {**query, **changed}.items() if value is not None}
    return place.base(request) + str(request.rel_url.with_query(query))


def _opened(handler: Handler) -> Handler:
    async def open_page(request: web.Request) -> web.StreamResponse:
        # Before anything is read: what happens in between is told again, never left out.
        request[CURSOR] = reach(request)
        if PART in request.headers:
            return await request.app[PARTS].answer(request, handler)
        return await handler(request)

    return open_page


async def _frame(request: web.Request) -> dict[str, Any]:
    """What every template gets."""
    here, base = house(request), place.base(request)
    identity: Identity | None = request.get(IDENTITY)
    return {
        "base": base,
        "url": lambda path: base + path,
        "asset": lambda name: base + asset_path(name),
        "address": lambda **changed: address(request, **changed),
        "part": PART in request.headers,
        "identity": identity,
        "user": await _visitor(request, identity),
        "signed_in": COOKIE in request.cookies and identity is not None and identity.credential is not None,
        "now": here.now(),
        "cursor": request.get(CURSOR, here.hub.cursor),
        "nav": _nav(request.path, identity) if identity else [],
    }


async def _visitor(request: web.Request, identity: Identity | None) -> Visitor | None:
    if identity is None or identity.user_id is None:
        return None
    found = await house(request).database.read(visitor, identity.user_id)
    return found if found is None or identity.sees_all else found._replace(unread=0)


def _nav(here: str, identity: Identity) -> list[Link]:
    found = [("/", "Board"), ("/workflows", "Workflows")]
    found += [("/inbox", "Inbox")] if identity.sees_all else []
    found += [("/admin/operations", "Operations")] if identity.admin and identity.sees_all else []
    return [Link(path, label, _is_at(here, path)) for path, label in found]


def _is_at(here: str, path: str) -> bool:
    return here == path or (path != "/" and here.startswith(f"{path}/"))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("taskwatch.server.dashboard"),
        autoescape=True,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= FILTERS
    return environment
