"""Contacts: where a person is reached on a channel; by mail at their e-mail address unless they say more."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypedDict

from taskwatch.actions import lookup
from taskwatch.actions.change import Change
from taskwatch.actions.lookup import User
from taskwatch.actions.roles import tell_house, within
from taskwatch.errors import InvalidInput, NotFound
from taskwatch.model import event, names
from taskwatch.model.times import rfc3339
from taskwatch.store import Store, Tx

MAIL = "mail"
OK, GONE = "ok", "gone"
LONGEST = 500


class Contact(NamedTuple):
    """An address of a user on a channel; its state is ok or gone. `changed_at` is in ms."""

    user_id: int
    channel: str
    address: str
    state: str
    detail: str | None
    changed_at: int


class ContactShape(TypedDict):
    """Where a user is reached; `changed_at` null is the e-mail address they were added with."""

    user_id: int
    channel: str
    address: str
    state: str
    detail: str | None
    changed_at: str | None


def addresses(tx: Tx, user: User, channel: str) -> list[str]:
    """Where a user is reached on a channel now; those that are gone are left out."""
    known = tx.all(Contact, "contacts.of", user_id=user.id, channel=channel)
    usable = [contact.address for contact in known if contact.state == OK]
    if usable or channel != MAIL or user.email is None:
        return usable
    return [] if user.email in {contact.address for contact in known} else [user.email]


def known(tx: Tx, user: User, channel: str) -> bool:
    """Whether a user ever said where to reach them on a channel, even if it does not work now."""
    return bool(tx.all(Contact, "contacts.of", user_id=user.id, channel=channel))


def mark(tx: Tx, place: tuple[int, str, str], state: str, detail: str, now: int) -> None:
    """Note how an address does: `place` is user, channel and address, `state` ok or gone."""
    user_id, channel, address = place
    row = {"user_id": user_id, "channel": channel, "address": address, "state": state, "detail": detail}
    tx.run("contacts.keep", **row, changed_at=now)


def contacts(store: Store, user_id: int) -> list[ContactShape]:
    """Where a user is reached, by channel.

    Raises:
        NotFound: there is no such user.
    """
    with store.read() as tx:
        return _all(tx, lookup.user(tx, user_id))


def add(store: Store, user_id: int, channel: str, address: str, change: Change) -> list[ContactShape]:
    """Reach a user there as well; an address that was refused is tried again.

    Raises:
        NotFound: there is no such user.
        InvalidInput: the channel or the address is not possible.
    """
    row = {"user_id": user_id, "channel": _channel(channel), "address": _address(channel, address)}

    def keep(tx: Tx, now: int) -> None:
        tx.run("contacts.keep", **row, state=OK, detail=None, changed_at=now)

    return _keep(store, ["contact add", *row.values()], user_id, keep, change)


def remove(store: Store, user_id: int, channel: str, address: str, change: Change) -> list[ContactShape]:
    """Reach a user there no more.

    Raises:
        NotFound: there is no such user, or they have no such address.
    """

    def keep(tx: Tx, _now: int) -> None:
        if not tx.run("contacts.remove", user_id=user_id, channel=channel, address=address):
            raise NotFound(
                f"user {user_id} has no address {names.shown(address)} on {names.shown(channel)}",
                hint=f"see: taskwatch user contact list {user_id}",
            )

    return _keep(store, ["contact remove", user_id, channel, address], user_id, keep, change)


def _keep(
    store: Store, deed: list[Any], user_id: int, keep: Callable[[Tx, int], None], change: Change
) -> list[ContactShape]:
    def work(tx: Tx, change: Change) -> list[ContactShape]:
        user = lookup.user(tx, user_id)
        keep(tx, change.now)
        facts = {"user_id": user.id, "name": user.name, "changed": ["contacts"]}
        tell_house(tx, event.USER_UPDATED, change, facts)
        return _all(tx, user)

    kept: list[ContactShape] = within(store, deed, change, work)
    return kept


def _all(tx: Tx, user: User) -> list[ContactShape]:
    known = tx.all(Contact, "contacts.of", user_id=user.id, channel=None)
    listed = {(contact.channel, contact.address) for contact in known}
    usual = [(MAIL, address) for address in addresses(tx, user, MAIL) if (MAIL, address) not in listed]
    return [
        *(_shape(Contact(user.id, channel, address, OK, None, 0)) for channel, address in usual),
        *map(_shape, known),
    ]


def _channel(channel: str) -> str:
    if not names.WORD.fullmatch(channel):
        raise InvalidInput(f"a channel cannot be called {names.shown(channel)}", hint="say mail or webhook")
    return channel


def _address(channel: str, address: str) -> str:
    if channel == MAIL:
        return names.email(address)
    if not address.strip() or len(address) > LONGEST or names.CONTROL.search(address):
        raise InvalidInput(f"an address cannot be {names.shown(address)}", hint="write it on one line")
    return address.strip()


def _shape(contact: Contact) -> ContactShape:
    return {
        "user_id": contact.user_id,
        "channel": contact.channel,
        "address": contact.address,
        "state": contact.state,
        "detail": contact.detail,
        "changed_at": rfc3339(contact.changed_at) if contact.changed_at else None,
    }
