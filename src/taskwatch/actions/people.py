"""People: who there is. No event carries an e-mail address."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypedDict

from taskwatch.actions import lookup
from taskwatch.actions.change import Change
from taskwatch.actions.lookup import User
from taskwatch.actions.roles import grant_within, revoke_within, roles_of, tell_house, within
from taskwatch.errors import Conflict, InvalidInput
from taskwatch.model import event, names
from taskwatch.model.task import Task
from taskwatch.model.times import parse_zone, rfc3339
from taskwatch.store import Store, Tx

FIELDS = ("name", "email", "timezone", "admin")


class UserShape(TypedDict):
    """A user and their roles. `timezone` is an IANA name."""

    id: int
    name: str
    email: str | None
    timezone: str | None
    admin: bool
    roles: list[str]
    created_at: str


class Person(UserShape):
    """A user with the codes of the open tasks that are assigned to them or claimed by them."""

    open_tasks: list[str]


class Imported(TypedDict):
    """How many users an import added, changed, and found as they were to be."""

    added: int
    changed: int
    unchanged: int


class NewUser(NamedTuple):
    """A user to add, with this id or the next one."""

    name: str
    id: int | None = None
    email: str | None = None
    timezone: str | None = None
    admin: bool = False
    roles: tuple[str, ...] = ()


class Wish(NamedTuple):
    """How a user is to be: the `FIELDS` something was said about, and all roles if they were named."""

    id: int | None
    fields: dict[str, Any]
    roles: frozenset[str] | None = None


def users(store: Store, role: str | None = None) -> list[UserShape]:
    """Every user by id, or those who have a role."""
    with store.read() as tx:
        shown = [_shape(tx, user) for user in tx.all(User, "people.users")]
    return [user for user in shown if role is None or role in user["roles"]]


def names_of(store: Store, user_ids: Iterable[int] | None) -> dict[int, str]:
    """The names of some users by their ids, or of all; who does not exist is left out."""
    with store.read() as tx:
        if user_ids is None:
            return {user.id: user.name for user in tx.all(User, "people.users")}
        found = (tx.one(User, "people.user", id=user_id) for user_id in dict.fromkeys(user_ids))
        return {user.id: user.name for user in found if user}


def person(store: Store, user_id: int) -> Person:
    """One user.

    Raises:
        NotFound: there is none.
    """
    with store.read() as tx:
        user = lookup.user(tx, user_id)
        waiting = tx.all(Task, "people.open_assignments", id=user_id)
        return {**_shape(tx, user), "open_tasks": [task.code for task in waiting]}


def add(store: Store, wanted: NewUser, change: Change) -> UserShape:
    """Add a user.

    Raises:
        Conflict: the id is taken.
        InvalidInput: a field is not possible.
    """
    fields = {field: getattr(wanted, field) for field in FIELDS}
    wish = Wish(wanted.id, fields, frozenset(map(names.role_name, wanted.roles)))
    return _keep(store, ["user add", wanted], change, _add, wish)


def edit(store: Store, user_id: int, fields: dict[str, Any], change: Change) -> UserShape:
    """Change some of a user's `FIELDS`; None takes an e-mail address or time zone away.

    Raises:
        NotFound: there is no such user.
        InvalidInput: a field is not possible.
    """
    wanted = Wish(user_id, fields)
    return _keep(store, ["user edit", user_id, fields], change, _edit, wanted)


def import_users(store: Store, wanted: list[Wish], change: Change) -> Imported:
    """Add and change users until each is as wished, all of them or none. Doing it again changes nothing.

    Raises:
        InvalidInput: a field is not possible.
    """

    def work(tx: Tx, change: Change) -> Imported:
        done = [_bring_in(tx, each, change) for each in wanted]
        return {
            "added": done.count("added"),
            "changed": done.count("changed"),
            "unchanged": done.count("unchanged"),
        }

    return within(store, ["user import", list(map(_spelled, wanted))], change, work)


def checked(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields as the record keeps them.

    Raises:
        InvalidInput: one of them is not possible.
    """
    return {field: _CHECKS[field](value) for field, value in fields.items()}


def _spelled(wish: Wish) -> list[Any]:
    return [wish.id, wish.fields, None if wish.roles is None else sorted(wish.roles)]


def _keep(
    store: Store,
    deed: list[Any],
    change: Change,
    save_user: Callable[[Tx, Wish, Change], Any],
    wanted: Wish,
) -> UserShape:
    def work(tx: Tx, change: Change) -> UserShape:
        user = save_user(tx, wanted._replace(fields=checked(wanted.fields)), change)
        return _shape(tx, user)

    kept: UserShape = within(store, deed, change, work)
    return kept


def _add(tx: Tx, wanted: Wish, change: Change) -> User:
    if wanted.id is not None and tx.one(User, "people.user", id=names.integer(wanted.id, "a user id")):
        raise Conflict(f"there is a user {wanted.id} already", hint=f"see: taskwatch user show {wanted.id}")
    if "name" not in wanted.fields:
        raise InvalidInput("a user needs a name", hint='give one, such as "dana"')
    row = {"email": None, "timezone": None, "admin": 0, **wanted.fields, "created_at": change.moment}
    user_id = names.integer(tx.value("people.add", id=wanted.id, **row), "a user id")
    user = User(id=user_id, **row)
    tell_house(tx, event.USER_CREATED, change, _facts(user))
    for role in sorted(wanted.roles or ()):
        grant_within(tx, role, user_id, change)
    return user


def _edit(tx: Tx, wanted: Wish, change: Change) -> User:
    before = lookup.user(tx, wanted.id or 0)
    after = before._replace(**wanted.fields)
    changed = [field for field in FIELDS if getattr(before, field) != getattr(after, field)]
    if changed:
        tx.run("people.edit", **{field: getattr(after, field) for field in ("id", *FIELDS)})
        tell_house(tx, event.USER_UPDATED, change, {**_facts(after), "changed": changed})
    return after


def _bring_in(tx: Tx, wanted: Wish, change: Change) -> str:
    wanted = wanted._replace(fields=checked(wanted.fields))
    before = tx.one(User, "people.user", id=wanted.id)
    if before is None:
        _add(tx, wanted, change)
        return "added"
    same = _edit(tx, wanted, change) == before
    granted = _set_roles(tx, before.id, wanted.roles, change)
    return "unchanged" if same and not granted else "changed"


def _set_roles(tx: Tx, user_id: int, wanted: frozenset[str] | None, change: Change) -> bool:
    """Whether anything had to change; None leaves the roles as they are."""
    present = roles_of(tx, user_id)
    if wanted is None or wanted == set(present):
        return False
    for role in sorted(wanted.difference(present)):
        grant_within(tx, role, user_id, change)
    for role in sorted(set(present) - wanted):
        revoke_within(tx, role, user_id, change)
    return True


def _facts(user: User) -> dict[str, Any]:
    return {
        "user_id": user.id,
        "name": user.name,
        "timezone": user.timezone,
        "admin": bool(user.admin),
    }


def _shape(tx: Tx, user: User) -> UserShape:
    return {
        "id": user.id,
        "name": user.name,
        "email": user.email,
        "timezone": user.timezone,
        "admin": bool(user.admin),
        "roles": roles_of(tx, user.id),
        "created_at": rfc3339(user.created_at),
    }


def _checked_email(value: object) -> str | None:
    return None if value is None else names.email(value)


def _checked_zone(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidInput(
            f"a time zone cannot be {names.shown(value)}", hint="use a name such as Europe/Paris"
        )
    return parse_zone(value).key


def _checked_admin(value: object) -> int:
    if not isinstance(value, bool):
        raise InvalidInput(f"admin must be true or false, got {names.shown(value)}")
    return int(value)


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "name": names.display_name,
    "email": _checked_email,
    "timezone": _checked_zone,
    "admin": _checked_admin,
}
