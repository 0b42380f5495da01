"""Links in messages: making them, looking at what they would do, and doing it once."""

import hashlib
import secrets
from typing import NamedTuple, TypedDict

from taskwatch.actions import lookup
from taskwatch.actions.acknowledgements import USUAL_MS, AckShape, acknowledge_within
from taskwatch.actions.change import Change
from taskwatch.actions.contacts import MAIL
from taskwatch.actions.preferences import prefer_within
from taskwatch.actions.roles import roles_of, within
from taskwatch.errors import Conflict
from taskwatch.model import ack
from taskwatch.model.access import Identity
from taskwatch.model.event import SLA_EXCEEDED
from taskwatch.model.link import ACK, UNSUBSCRIBE, Link, seal, unseal
from taskwatch.model.times import rfc3339
from taskwatch.store import Store, Tx

ACK_LIFE_MS = 24 * 3_600_000
UNSUBSCRIBE_LIFE_MS = 365 * ACK_LIFE_MS


class Offer(TypedDict):
    """What a link would do, for whom, about what, until when."""

    action: str
    user_name: str
    subject: str
    until: str


class Followed(TypedDict):
    """What a link did: the acknowledgement it made, or the kind and the channel it unsubscribed from."""

    action: str
    ack: AckShape | None
    unsubscribed: list[str] | None


class _Place(NamedTuple):
    path: str
    life_ms: int


_PLACES = {ACK: _Place("ack", ACK_LIFE_MS), UNSUBSCRIBE: _Place("unsubscribe", UNSUBSCRIBE_LIFE_MS)}


def link_secret(store: Store) -> bytes:
    """The secret that links are sealed with, made once and kept in the database."""
    with store.read() as tx:
        known: str | None = tx.value("links.secret")
    if known is not None:
        return bytes.fromhex(known)
    with store.write() as tx:
        return _secret(tx)


def in_message(
    tx: Tx, public_url: str, user_id: int, kind: str, *, task: tuple[int, int] | None, now: int
) -> dict[str, str]:
    """The links that a message of a kind has for a user: `unsubscribe_url`, and an alert's `ack_url`.

    `task` is what it is about, by id and cycle. Both go into the data of the message.
    """
    secret = _secret(tx)
    found = {"unsubscribe_url": unsubscribe_url(secret, public_url, (kind, MAIL), user_id, now)}
    if kind == SLA_EXCEEDED and task is not None:
        found["ack_url"] = ack_url(secret, public_url, task, user_id, now)
    return found


def ack_url(secret: bytes, public_url: str, task: tuple[int, int], user_id: int, now: int) -> str:
    """An address by which a user takes care of a task, given by id and cycle."""
    return _address(secret, public_url, Link(ACK, user_id, (str(task[0]), str(task[1])), now))


def unsubscribe_url(secret: bytes, public_url: str, place: tuple[str, str], user_id: int, now: int) -> str:
    """An address by which a user wants no more events of a kind on a channel, given as `place`."""
    return _address(secret, public_url, Link(UNSUBSCRIBE, user_id, place, now))


def look(store: Store, text: str, now: int) -> Offer:
    """What following a link would do; nothing is done.

    Raises:
        InvalidInput: it was not made here, or has expired.
        NotFound: who or what it is about is no more.
    """
    link = unseal(link_secret(store), text, now)
    with store.read() as tx:
        user = lookup.user(tx, link.user_id)
        subject = lookup.task(tx, link.about[0]).name if link.action == ACK else " on ".join(link.about)
    return {
        "action": link.action,
        "user_name": user.name,
        "subject": subject,
        "until": rfc3339(now + USUAL_MS),
    }


def follow(store: Store, text: str, now: int) -> Followed:
    """Do what a link says, once: following it again changes nothing more.

    Raises:
        InvalidInput: it was not made here, or has expired.
        NotFound: who or what it is about is no more.
        Conflict: the task is not late, or no longer in that cycle.
        Forbidden: the task is not the user's any more.
    """
    link = unseal(link_secret(store), text, now)
    key = f"link {hashlib.sha256(text.encode()).hexdigest()}"
    change = Change(now, by=link.user_id, key=key, key_life_ms=_PLACES[link.action].life_ms)

    def work(tx: Tx, change: Change) -> Followed:
        if link.action == ACK:
            return {"action": ACK, "ack": _acknowledge(tx, link, change), "unsubscribed": None}
        prefer_within(tx, link.user_id, link.about, False, change)
        return {"action": UNSUBSCRIBE, "ack": None, "unsubscribed": list(link.about)}

    followed: Followed = within(store, ["link", text], change, work)
    return followed


def _secret(tx: Tx) -> bytes:
    known: str | None = tx.value("links.secret")
    if known is None:
        tx.run("links.keep_secret", secret=secrets.token_hex(32))
        known = str(tx.value("links.secret"))
    return bytes.fromhex(known)


def _address(secret: bytes, public_url: str, link: Link) -> str:
    path, life_ms = _PLACES[link.action]
    return f"{public_url}/{path}/{seal(secret, link._replace(expires_at=link.expires_at + life_ms))}"


def _acknowledge(tx: Tx, link: Link, change: Change) -> AckShape:
    task_id, cycle = link.about
    task = lookup.task(tx, task_id)
    if str(task.cycle) != cycle:
        raise Conflict(f"{task.code} was finished since", hint="the newest message has a link of its own")
    change = change._replace(identity=_identity(tx, link.user_id))
    return acknowledge_within(tx, task, ack.ACK, change.now + USUAL_MS, change)


def _identity(tx: Tx, user_id: int) -> Identity:
    user = lookup.user(tx, user_id)
    return Identity(user_id, frozenset(roles_of(tx, user_id)), bool(user.admin))
