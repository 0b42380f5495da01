"""`/inbox`: what a user was told. Everybody has their own; an admin may look into any."""

from typing import Annotated

from aiohttp import web
from msgspec import Meta

from taskwatch.actions import inbox
from taskwatch.actions.inbox import EntryShape, Wish
from taskwatch.model.access import Identity
from taskwatch.server.call import Id, Shape, identity, read_query
from taskwatch.server.changing import read
from taskwatch.server.dashboard import page
from taskwatch.server.dashboard.people import known_names, knows_all, namer
from taskwatch.server.policy import Policy
from taskwatch.server.rest.inbox import owner
from taskwatch.server.rest.tasks import read_place

PER_PAGE = 50
UNREAD, ARCHIVED = "unread", "archived"


class InboxPageQuery(Shape):
    """Which entries of whose inbox."""

    user: Annotated[Id | None, Meta(description="Whose; only an admin can name another user")] = None
    show: Annotated[str | None, Meta(description="unread, archived, or else what is not archived")] = None
    after: Annotated[str | None, Meta(description="The last entry of the page before")] = None


async def show(request: web.Request) -> web.Response:
    """A page of an inbox, the newest first."""
    wanted, who = read_query(request, InboxPageQuery), identity(request)
    if wanted.user is None and who.user_id is None:
        return await _ask_whose(request, who)
    user_id = owner(request, wanted.user)
    wish = Wish(wanted.show == UNREAD, wanted.show == ARCHIVED, read_place(wanted.after), PER_PAGE + 1)
    found: list[EntryShape] = await read(request, inbox.entries, user_id, wish)
    counts = await read(request, inbox.counts, user_id)
    return await page.render(
        request,
        "inbox.html",
        title="Inbox",
        topics=[f"user.{user_id}.tasks"],
        entries=found[:PER_PAGE],
        older=found[PER_PAGE - 1]["id"] if len(found) > PER_PAGE else None,
        counts=counts,
        chosen=wanted.show or "",
        after=wanted.after,
        owner=user_id,
        is_own=user_id == who.user_id,
        name=namer(await known_names(request), who.user_id),
    )


async def _ask_whose(request: web.Request, who: Identity) -> web.Response:
    """Nobody in particular is signed in: an admin chooses an inbox, others are told how to have one."""
    people = await known_names(request) if knows_all(who) else {}
    return await page.render(request, "inboxes.html", title="Inbox", topics=[], people=people)


ROUTES = (page.route("/inbox", show, "Show an inbox", Policy.SEES_ALL),)
