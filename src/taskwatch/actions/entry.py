"""Coming in: a secret becomes an identity, a token a session, either of them a ticket.

A session and a ticket are worth what their token is worth at that moment: rights are looked up, not copied.
"""

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from taskwatch.actions.journal import record
from taskwatch.actions.roles import roles_of
from taskwatch.errors import Unauthorized
from taskwatch.model import event
from taskwatch.model.access import OWNER, Identity
from taskwatch.store import Store, Tx

SESSION_MS = 12 * 3_600_000
TICKET_MS = 30_000


class Credential(NamedTuple):
    """A row of credentials: a token, a session or a ticket. Instants are ms UTC."""

    id: int
    kind: str
    name: str | None
    hash: str
    user_id: int | None
    roles: str
    workflows: str | None
    admin: int
    parent_id: int | None
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    last_used_at: int | None

    @property
    def scope(self) -> list[str] | None:
        """The types of workflow it may see, None for all."""
        return None if self.workflows is None else self.workflows.split()

    def holds(self, now: int) -> bool:
        """Whether it is neither revoked nor at its end."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class Pass(NamedTuple):
    """A secret made from another one, and the instant (ms UTC) it ends at."""

    secret: str
    expires_at: int


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def authenticate(store: Store, secret: str, now: int) -> Identity | None:
    """Who comes with the secret of a token or session; None if nobody does, or no longer."""
    with store.read() as tx:
        return _identity(tx, _chain(tx, secret, now))


def open_session(store: Store, secret: str, now: int) -> Pass:
    """A session for who comes with a token: 12 hours, or as long as the token holds.

    Raises:
        Unauthorized: it is no token that holds.
    """
    with store.write() as tx:
        chain = _chain(tx, secret, now)
        if not chain or chain[0].kind != "token":
            raise Unauthorized("this token is not known here", hint="make one: taskwatch token create")
        ends_at = min(now + SESSION_MS, _end(chain) or now + SESSION_MS)
        return _derive(tx, "session", chain[0].id, now, ends_at)


def close_session(store: Store, secret: str, now: int) -> bool:
    """End a session and what came from it; whether there was one."""
    with store.write() as tx:
        token_id = tx.value("tokens.end_session", hash=digest(secret))
        if token_id is None:
            return False
        token = tx.one(Credential, "tokens.by_id", id=token_id)
        facts = {"token_id": token_id, "name": token and token.name}
        by = token.user_id if token else None
        record(tx, event.house_changed(event.SESSION_CLOSED, event.TOKENS_TOPIC, by=by, at=now, **facts))
        return True


def issue_ticket(store: Store, secret: str | None, now: int) -> Pass:
    """A secret for one use within 30 seconds, for addresses, where no lasting secret may stand.

    Without a secret it is the owner's, and good for as long as no token was ever made.

    Raises:
        Unauthorized: the secret is of no token or session that holds.
    """
    with store.write() as tx:
        chain = _chain(tx, secret, now) if secret is not None else []
        if not chain and (secret is not None or tx.value("tokens.guarded")):
            raise Unauthorized(hint="sign in again, or use another token")
        return _derive(tx, "ticket", chain[0].id if chain else None, now, now + TICKET_MS)


def redeem_ticket(store: Store, secret: str, now: int) -> Identity | None:
    """Who comes with a ticket, once; None if it is no ticket, is used, or its origin has ended."""
    hashed = digest(secret)
    with store.read() as tx:  # so that guessing holds up no writer
        ticket = tx.one(Credential, "tokens.by_hash", hash=hashed)
    if ticket is None or ticket.kind != "ticket":
        return None
    with store.write() as tx:
        if not tx.run("tokens.take_ticket", hash=hashed, now=now):
            return None
        if ticket.parent_id is None:
            return None if tx.value("tokens.guarded") else OWNER
        return _identity(tx, _held(_ancestry(tx, ticket.parent_id), now))


def touch(store: Store, used: Mapping[int, int]) -> None:
    """Note when tokens were last used (id → ms UTC), each at most once a minute."""
    with store.write() as tx:
        tx.many("tokens.touch", [{"id": token_id, "now": at} for token_id, at in used.items()])


def _chain(tx: Tx, secret: str, now: int) -> list[Credential]:
    """A token, or a session and its token; nothing unless all of it holds."""
    found = tx.one(Credential, "tokens.by_hash", hash=digest(secret))
    if found is None or found.kind == "ticket":
        return []
    return _held([found, *_ancestry(tx, found.parent_id)], now)


def _ancestry(tx: Tx, parent_id: int | None) -> Iterator[Credential]:
    while parent_id is not None and (parent := tx.one(Credential, "tokens.by_id", id=parent_id)):
        yield parent
        parent_id = parent.parent_id


def _held(credentials: "Iterator[Credential] | list[Credential]", now: int) -> list[Credential]:
    chain = list(credentials)
    whole = chain and chain[-1].kind == "token"
    return chain if whole and all(each.holds(now) for each in chain) else []


def _identity(tx: Tx, chain: list[Credential]) -> Identity | None:
    if not chain:
        return None
    token = chain[-1]
    admin, roles = bool(token.admin), token.roles.split()
    if token.user_id is not None:
        admin = admin or bool(tx.value("tokens.user_is_admin", id=token.user_id))
        roles += roles_of(tx, token.user_id)
    return Identity(
        user_id=token.user_id,
        roles=frozenset(roles),
        # An admin's own token that is limited to some workflows is no admin's: it would see the others.
        admin=admin and token.workflows is None,
        workflows=None if token.scope is None else frozenset(token.scope),
        credential=token.id,
        expires_at=_end(chain),
    )


def _end(chain: list[Credential]) -> int | None:
    return min((each.expires_at for each in chain if each.expires_at is not None), default=None)


def _derive(tx: Tx, kind: str, parent_id: int | None, now: int, expires_at: int) -> Pass:
    tx.run("tokens.forget_passed", now=now)
    secret = f"tw{kind[0]}_{secrets.token_urlsafe(32)}"
    row = dict.fromkeys(("name", "user_id", "workflows")) | {"roles": "", "admin": 0, "kind": kind}
    times = {"created_at": now, "expires_at": expires_at}
    tx.value("tokens.add", **row, **times, hash=digest(secret), parent_id=parent_id)
    return Pass(secret, expires_at)
