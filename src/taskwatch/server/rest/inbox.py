"""The inbox: what a user was told. Everybody has their own; an admin may look into any."""

from typing import Annotated

from aiohttp import web
from msgspec import Meta

from taskwatch.actions import inbox
from taskwatch.actions.inbox import CountsShape, EntryShape, MarkedShape, Wish
from taskwatch.errors import Forbidden, InvalidInput
from taskwatch.server.answer import Page, answer, page
from taskwatch.server.call import Id, Limit, Shape, identity, query_params, read_body, read_query
from taskwatch.server.changing import CHANGES, Circumstances, change, read, write
from taskwatch.server.policy import Policy
from taskwatch.server.rest.tasks import read_place
from taskwatch.server.route import Handler, Route

Ids = Annotated[list[Id], Meta(max_length=1_000)]
User = Annotated[Id | None, Meta(description="Whose; only an admin can name another user")]


class CountQuery(Shape):
    """Whose inbox."""

    user: User = None


class InboxQuery(CountQuery):
    """Which entries of an inbox."""

    unread: Annotated[bool, Meta(description="Only what is unread")] = False
    archived: Annotated[bool, Meta(description="What was put away instead")] = False
    limit: Limit = 50
    after: Annotated[str | None, Meta(description="The `next` of the page before")] = None


class Marking(Shape):
    """Entries to mark."""

    user: User = None
    ids: Annotated[Ids | None, Meta(description="Which; null for every one it can be done to")] = None
    dry_run: Annotated[bool, Meta(description="Answer what would happen, change nothing")] = False


async def list_entries(request: web.Request) -> web.Response:
    """A page of an inbox, the newest first."""
    wanted = read_query(request, InboxQuery)
    wish = Wish(wanted.unread, wanted.archived, read_place(wanted.after), wanted.limit + 1)
    found = await read(request, inbox.entries, owner(request, wanted.user), wish)
    items = found[: wanted.limit]
    return page(request, items, str(items[-1]["id"]) if len(found) > wanted.limit else None)


async def count(request: web.Request) -> web.Response:
    """What waits in an inbox."""
    user_id = owner(request, read_query(request, CountQuery).user)
    return answer(await read(request, inbox.counts, user_id))


def mark(how: str) -> Handler:
    """The handler that marks entries."""

    async def handle(request: web.Request) -> web.Response:
        given = await read_body(request, Marking)
        circumstances = change(request, Circumstances(dry_run=given.dry_run))
        user_id = owner(request, given.user)
        return answer(await write(request, inbox.mark, user_id, how, given.ids, circumstances))

    return handle


def owner(request: web.Request, wanted: int | None) -> int:
    """Whose record a request is about: that of who asks, or of whom an admin names.

    Raises:
        Forbidden: it is somebody else's.
        InvalidInput: who asks acts for no user, and named none.
    """
    who = identity(request)
    if wanted is not None and wanted != who.user_id and not who.admin:
        raise Forbidden("other people's records are for admins", hint="look at your own")
    found = who.user_id if wanted is None else wanted
    if found is None:
        raise InvalidInput("whose inbox was not said", hint="name a user, as in ?user=5")
    return found


def _mark(verb: str, how: str, summary: str) -> Route:
    path = f"/api/v1/inbox/{verb}"
    return Route("POST", path, mark(how), Policy.SEES_ALL, summary, "Inbox", CHANGES, Marking, MarkedShape)


ROUTES = [
    Route(
        "GET",
        "/api/v1/inbox",
        list_entries,
        Policy.SEES_ALL,
        "List what a user was told",
        "Inbox",
        params=query_params(InboxQuery),
        answer=Page[EntryShape],
    ),
    Route(
        "GET",
        "/api/v1/inbox/count",
        count,
        Policy.SEES_ALL,
        "Count what is unread and what was never seen",
        "Inbox",
        params=query_params(CountQuery),
        answer=CountsShape,
    ),
    _mark("seen", inbox.SEEN, "Mark entries as seen"),
    _mark("read", inbox.READ, "Mark entries as read"),
    _mark("archive", inbox.ARCHIVED, "Put entries away"),
]
