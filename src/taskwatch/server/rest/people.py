"""People: users and their roles."""

from typing import Annotated, Any

import msgspec
from aiohttp import web
from msgspec import UNSET, Meta, UnsetType, field

from taskwatch.actions import departure, people, roles, roster
from taskwatch.actions.departure import Removed
from taskwatch.actions.people import FIELDS, Imported, NewUser, Person, UserShape
from taskwatch.actions.roles import Membership, RoleShape
from taskwatch.errors import Forbidden, InvalidInput
from taskwatch.model import assignment
from taskwatch.server.answer import answer
from taskwatch.server.call import (
    Id,
    Shape,
    identity,
    number,
    query_params,
    read_body,
    read_query,
    segment,
)
from taskwatch.server.changing import CHANGES, Circumstances, change, read, write
from taskwatch.server.policy import Policy
from taskwatch.server.route import Handler, Route


class UserQuery(Shape):
    """Which users to list."""

    role: Annotated[str | None, Meta(description="Who has this role")] = None


class Joining(Circumstances, kw_only=True):
    """A user to add."""

    name: str
    id: Annotated[Id | None, Meta(description="Their id; the next free number, if not given")] = None
    email: str | None = None
    timezone: Annotated[str | None, Meta(description="Such as Europe/Paris")] = None
    admin: bool = False
    roles: list[str] = field(default_factory=list)


class Editing(Circumstances):
    """What to change of a user; null takes an e-mail address or a time zone away."""

    name: str | UnsetType = UNSET
    email: str | UnsetType | None = UNSET
    timezone: str | UnsetType | None = UNSET
    admin: bool | UnsetType = UNSET


class Leaving(Circumstances):
    """What becomes of the open tasks of a user who is removed."""

    reassign: Annotated[str | None, Meta(description="Who gets them: user:6 or role:dispatcher")] = None
    force_unassign: Annotated[bool, Meta(description="Let them go without an heir")] = False


class Members(Circumstances, kw_only=True):
    """Users to give a role to, or to take it from."""

    users: Annotated[list[Id], Meta(min_length=1, max_length=1000)]


class Known(Shape, kw_only=True):
    """How a user is to be; a field that is not named stays as it is."""

    id: Id
    name: str
    email: str | UnsetType | None = UNSET
    timezone: str | UnsetType | None = UNSET
    admin: bool | UnsetType = UNSET
    roles: list[str] | UnsetType = UNSET


class Importing(Circumstances, kw_only=True):
    """Users to add, or to change until each is as wished."""

    users: Annotated[list[Known], Meta(max_length=10_000)]


async def list_users(request: web.Request) -> web.Response:
    """Every user, or those who have a role."""
    return answer(await read(request, people.users, read_query(request, UserQuery).role))


async def show_user(request: web.Request) -> web.Response:
    """A user; whoever is no admin may look at themselves."""
    user_id, who = number(request, "user"), identity(request)
    if user_id != who.user_id and not who.admin:
        raise Forbidden("other people's records are for admins", hint="look at your own")
    return answer(await read(request, people.person, user_id))


async def add_user(request: web.Request) -> web.Response:
    """Add a user."""
    given = await read_body(request, Joining)
    wanted = NewUser(given.name, given.id, given.email, given.timezone, given.admin, tuple(given.roles))
    added = await write(request, people.add, wanted, change(request, given))
    if given.dry_run:
        return answer(added)
    return answer(added, status=201, headers={"Location": f"/api/v1/users/{added['id']}"})


async def edit_user(request: web.Request) -> web.Response:
    """Change what is known of a user."""
    given = await read_body(request, Editing)
    said: dict[str, Any] = msgspec.structs.asdict(given)
    fields = {name: said[name] for name in FIELDS if said[name] is not UNSET}
    if not fields:
        raise InvalidInput("nothing to change was named", hint=f"name one of {', '.join(FIELDS)}")
    return answer(await write(request, people.edit, number(request, "user"), fields, change(request, given)))


async def remove_user(request: web.Request) -> web.Response:
    """Remove a user, and hand their open tasks over."""
    given = await read_body(request, Leaving)
    if given.reassign is not None and given.force_unassign:
        raise InvalidInput("reassign and force_unassign exclude each other", hint="leave one of them out")
    heir = None if given.reassign is None else assignment.parse(given.reassign)
    user_id, circumstances = number(request, "user"), change(request, given)
    return answer(
        await write(
            request, departure.remove, user_id, circumstances, heir=heir, unassign=given.force_unassign
        )
    )


async def import_users(request: web.Request) -> web.Response:
    """Add and change users, all of them or none."""
    given = await read_body(request, Importing)
    wanted = [roster.from_json(msgspec.to_builtins(user)) for user in given.users]
    return answer(await write(request, people.import_users, wanted, change(request, given)))


async def list_roles(request: web.Request) -> web.Response:
    """Every role that somebody has or an open task is assigned to."""
    return answer(await read(request, roles.roles))


def _membership(action: Any) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        given = await read_body(request, Members)
        role = segment(request, "role")
        return answer(await write(request, action, role, given.users, change(request, given)))

    return handle


def _route(  # noqa: PLR0917 - a row of a table
    method: str, path: str, handler: Handler, summary: str, body: Any, shape: Any, status: int = 200
) -> Route:
    path = f"/api/v1/{path}"
    return Route(method, path, handler, Policy.ADMIN, summary, "People", CHANGES, body, shape, status)


ROUTES = [
    Route(
        "GET",
        "/api/v1/users",
        list_users,
        Policy.ADMIN,
        "List users and their roles",
        "People",
        params=query_params(UserQuery),
        answer=list[UserShape],
    ),
    Route(
        "GET",
        "/api/v1/users/{user}",
        show_user,
        Policy.KNOWN,
        "Show a user and the open tasks that wait for them",
        "People",
        answer=Person,
    ),
    Route(
        "GET", "/api/v1/roles", list_roles, Policy.SEES_ALL, "List roles", "People", answer=list[RoleShape]
    ),
    _route("POST", "users", add_user, "Add a user", Joining, UserShape, 201),
    _route("PATCH", "users/{user}", edit_user, "Change what is known of a user", Editing, UserShape),
    _route("DELETE", "users/{user}", remove_user, "Remove a user", Leaving, Removed),
    _route("POST", "users/import", import_users, "Add and change many users", Importing, Imported),
    _route(
        "POST", "roles/{role}/grant", _membership(roles.grant), "Give users a role", Members, list[Membership]
    ),
    _route(
        "POST",
        "roles/{role}/revoke",
        _membership(roles.revoke),
        "Take a role from users",
        Members,
        list[Membership],
    ),
]
