"""Roles: who has which. Also what every change of people has in common."""

from collections.abc import Callable
from typing import Any, TypedDict, TypeVar

from taskwatch.actions import lookup
from taskwatch.actions.change import Change, check, once
from taskwatch.actions.journal import record
from taskwatch.model import event, names
from taskwatch.store import Store, Tx

T = TypeVar("T")


class RoleShape(TypedDict):
    """A role that somebody has or an open task is assigned to."""

    name: str
    members: list[int]
    open_tasks: int


class Membership(TypedDict):
    """A role granted or revoked; `changed` is false when it was so already."""

    user_id: int
    role_name: str
    changed: bool


def roles(store: Store) -> list[RoleShape]:
    """Every role that somebody has or an open task is assigned to, by name."""
    with store.read() as tx:
        members: dict[str, list[int]] = {}
        for name, user_id in tx.all(tuple, "people.memberships"):
            members.setdefault(name, []).append(user_id)
        return [
            {"name": name, "members": members.get(name, []), "open_tasks": waiting}
            for name, _, waiting in tx.all(tuple, "people.roles")
        ]


def grant(store: Store, role: str, user_ids: list[int], change: Change) -> list[Membership]:
    """Give users a role; who has it already keeps it.

    Raises:
        NotFound: one of the users does not exist.
        InvalidInput: the role's name is not possible.
    """
    return _each_member(store, "role grant", role, user_ids, change, grant_within)


def revoke(store: Store, role: str, user_ids: list[int], change: Change) -> list[Membership]:
    """Take a role from users; who does not have it is left as they are.

    Raises:
        NotFound: one of the users does not exist.
    """
    return _each_member(store, "role revoke", role, user_ids, change, revoke_within)


def grant_within(tx: Tx, role: str, user_id: int, change: Change) -> bool:
    """Give a user a role; whether they did not have it."""
    values = {"role_name": role, "user_id": user_id}
    if not tx.run("people.grant", **values, granted_at=change.moment):
        return False
    tell_house(tx, event.ROLE_GRANTED, change, values)
    return True


def revoke_within(tx: Tx, role: str, user_id: int, change: Change) -> bool:
    """Take a role from a user; whether they had it."""
    values = {"role_name": role, "user_id": user_id}
    if not tx.run("people.revoke", **values):
        return False
    tell_house(tx, event.ROLE_REVOKED, change, values)
    return True


def roles_of(tx: Tx, user_id: int) -> list[str]:
    """The roles of a user, by name."""
    return [row[0] for row in tx.all(tuple, "people.roles_of", id=user_id)]


def within(store: Store, deed: list[Any], change: Change, work: Callable[[Tx, Change], T]) -> T:
    """Do the work in one transaction, and only once per idempotency key."""
    with store.write(dry_run=change.dry_run) as tx:
        change = check(tx, change)
        done: T = once(tx, change, deed, lambda: work(tx, change))
        return done


def tell_house(tx: Tx, kind: str, change: Change, facts: dict[str, Any]) -> None:
    """Record a change of people."""
    facts = facts if change.reason is None else {**facts, "reason": change.reason}
    record(tx, event.house_changed(kind, event.PEOPLE_TOPIC, by=change.by, at=change.moment, **facts))


def _each_member(  # noqa: PLR0917 - the two verbs differ in the last alone
    store: Store,
    deed: str,
    role: str,
    user_ids: list[int],
    change: Change,
    apply: Callable[[Tx, str, int, Change], bool],
) -> list[Membership]:
    names.role_name(role)

    def work(tx: Tx, change: Change) -> list[Membership]:
        known = [lookup.user(tx, user_id).id for user_id in dict.fromkeys(user_ids)]
        return [
            {"user_id": each, "role_name": role, "changed": apply(tx, role, each, change)} for each in known
        ]

    done: list[Membership] = within(store, [deed, role, user_ids], change, work)
    return done
