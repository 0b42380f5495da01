"""How people are reached: their addresses, what they want to be told, and their quiet hours."""

from typing import Annotated

from aiohttp import web
from msgspec import Meta

from taskwatch.actions import contacts, preferences
from taskwatch.actions.contacts import ContactShape
from taskwatch.actions.preferences import PreferencesShape
from taskwatch.model.preference import parse_quiet
from taskwatch.server.answer import answer
from taskwatch.server.call import number, read_body
from taskwatch.server.changing import CHANGES, Circumstances, change, read, write
from taskwatch.server.policy import Policy
from taskwatch.server.rest.inbox import owner
from taskwatch.server.route import Handler, Route

_USER = "/api/v1/users/{user}"


class Preferring(Circumstances, kw_only=True):
    """What a user wants, or not, or has no opinion of any more."""

    channel: Annotated[str, Meta(description="A channel, or * for any")]
    kind: Annotated[str, Meta(description="A kind of events, or * for any")] = "*"
    wanted: Annotated[bool | None, Meta(description="null forgets what was said")]


class QuietWish(Circumstances, kw_only=True):
    """When a user is to be left alone."""

    hours: Annotated[str | None, Meta(description="22:00-07:00 in their own zone; null for never")]
    days: Annotated[str | None, Meta(description="The days they begin on, such as mon-fri; null for all")] = (
        None
    )


class Address(Circumstances, kw_only=True):
    """An address on a channel."""

    channel: str
    address: str


async def show_preferences(request: web.Request) -> web.Response:
    """What a user wants."""
    return answer(await read(request, preferences.preferences, _user(request)))


async def prefer(request: web.Request) -> web.Response:
    """Want something, or not."""
    given = await read_body(request, Preferring)
    place, user_id = (given.kind, given.channel), _user(request)
    return answer(
        await write(request, preferences.prefer, user_id, place, given.wanted, change(request, given))
    )


async def set_quiet(request: web.Request) -> web.Response:
    """Give a user quiet hours, or take them away."""
    given = await read_body(request, QuietWish)
    quiet = None if given.hours is None else parse_quiet(given.hours, given.days)
    user_id = _user(request)
    return answer(await write(request, preferences.set_quiet, user_id, quiet, change(request, given)))


async def show_contacts(request: web.Request) -> web.Response:
    """Where a user is reached."""
    return answer(await read(request, contacts.contacts, _user(request)))


async def add_contact(request: web.Request) -> web.Response:
    """Reach a user at an address."""
    given = await read_body(request, Address)
    place = (_user(request), given.channel, given.address)
    return answer(await write(request, contacts.add, *place, change(request, given)))


async def remove_contact(request: web.Request) -> web.Response:
    """Reach a user at an address no more."""
    given = await read_body(request, Address)
    place = (_user(request), given.channel, given.address)
    return answer(await write(request, contacts.remove, *place, change(request, given)))


def _user(request: web.Request) -> int:
    return owner(request, number(request, "user"))


def _look(what: str, handler: Handler, summary: str, shape: object) -> Route:
    return Route("GET", f"{_USER}/{what}", handler, Policy.KNOWN, summary, "People", answer=shape)


def _keep(  # noqa: PLR0917 - a row of a table
    method: str, what: str, handler: Handler, policy: Policy, summary: str, body: type[Circumstances]
) -> Route:
    shape = list[ContactShape] if body is Address else PreferencesShape
    return Route(method, f"{_USER}/{what}", handler, policy, summary, "People", CHANGES, body, shape)


ROUTES = [
    _look(
        "preferences",
        show_preferences,
        "Show what a user wants to be told, and their quiet hours",
        PreferencesShape,
    ),
    _keep("PUT", "preferences", prefer, Policy.KNOWN, "Want events on a channel, or not", Preferring),
    _keep("PUT", "quiet", set_quiet, Policy.KNOWN, "Set or clear a user's quiet hours", QuietWish),
    _look("contacts", show_contacts, "List where a user is reached", list[ContactShape]),
    # An address is where the server itself goes: it is for admins.
    _keep("POST", "contacts", add_contact, Policy.ADMIN, "Reach a user at an address", Address),
    _keep("DELETE", "contacts", remove_contact, Policy.ADMIN, "Reach a user there no more", Address),
]
