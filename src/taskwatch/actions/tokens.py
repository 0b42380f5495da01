"""Tokens: the keys that people and programs come in with. Also the secret of the Pusher app.

Of a secret only its SHA-256 is kept: 32 random bytes cannot be guessed, so a slow hash would add nothing.
"""

import secrets
from collections.abc import Callable
from typing import NamedTuple, TypedDict

from taskwatch.actions import lookup
from taskwatch.actions.change import Change, check
from taskwatch.actions.entry import Credential, digest
from taskwatch.actions.journal import record
from taskwatch.errors import Conflict, InvalidInput, NotFound
from taskwatch.model import event, names
from taskwatch.model.times import rfc3339
from taskwatch.store import Store, Tx

LIFE_MS = 90 * 24 * 3_600_000


class NewToken(NamedTuple):
    """A token to make. `user_id` is whom it acts for; `workflows` are the types it may see, None for all.

    `life_ms` is None for a token that never ends.
    """

    name: str | None = None
    user_id: int | None = None
    roles: tuple[str, ...] = ()
    workflows: tuple[str, ...] | None = None
    admin: bool = False
    life_ms: int | None = LIFE_MS


class TokenShape(TypedDict):
    """A token. `state` is active, expired or revoked; `workflows` null is every type."""

    id: int
    name: str | None
    state: str
    user_id: int | None
    roles: list[str]
    workflows: list[str] | None
    admin: bool
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    last_used_at: str | None


class CreatedToken(TokenShape):
    """A token at its making: the only time its secret is told."""

    secret: str


def create(store: Store, wanted: NewToken, change: Change) -> CreatedToken:
    """Make a token. From the first one on, nobody comes in without.

    Raises:
        Conflict: a token of that name is there.
        InvalidInput: a name is not possible, or an admin's token was to be limited.
        NotFound: there is no such user.
    """
    secret = f"tw_{secrets.token_urlsafe(32)}"
    row = {**_checked(wanted, change.now), "hash": digest(secret)}
    with store.write() as tx:
        change = check(tx, change)
        _check_references(tx, wanted)
        token_id = tx.value("tokens.add", **row)
        tx.run("tokens.note_guarded")
        made = _find(tx, str(token_id))
        _tell(tx, event.TOKEN_CREATED, made, change)
        return {**_shape(made, change.now), "secret": secret}


def list_(store: Store, now: int) -> list[TokenShape]:
    """Every token there ever was, by id; their secrets are not known here."""
    with store.read() as tx:
        return [_shape(token, now) for token in tx.all(Credential, "tokens.all")]


def revoke(store: Store, ref: str, change: Change) -> TokenShape:
    """End a token by its id or name, with all that came in by it.

    Raises:
        NotFound: there is no such token.
        Conflict: it was revoked already.
    """
    with store.write(dry_run=change.dry_run) as tx:
        change = check(tx, change)
        token = _find(tx, ref)
        if not tx.run("tokens.revoke", id=token.id, at=change.now):
            raise Conflict(f"token {token.id} was revoked already", hint="see: taskwatch token list --all")
        tx.run("tokens.end_derived", id=token.id)
        _tell(tx, event.TOKEN_REVOKED, token, change)
        return _shape(token._replace(revoked_at=change.now), change.now)


def any_tokens(store: Store) -> bool:
    """Whether a token was ever made, even if none is left."""
    with store.read() as tx:
        return bool(tx.value("tokens.guarded"))


def app_secret(store: Store) -> str:
    """The secret of the Pusher app, made once and kept in the database."""
    with store.read() as tx:
        known: str | None = tx.value("tokens.app_secret")
    if known is not None:
        return known
    with store.write() as tx:
        tx.run("tokens.keep_app_secret", secret=secrets.token_hex(32))
        return str(tx.value("tokens.app_secret"))


def _checked(wanted: NewToken, now: int) -> dict[str, str | int | None]:
    if wanted.admin and wanted.workflows is not None:
        raise InvalidInput("an admin's token cannot be limited to workflows", hint="leave one of the two out")
    if wanted.life_ms is not None and wanted.life_ms <= 0:
        raise InvalidInput("a token must end in the future", hint="say 30d, never or a time to come")
    if wanted.workflows is not None and not wanted.workflows:
        raise InvalidInput("no workflow type was named", hint="name some, or leave them out to see all")
    return {
        "kind": "token",
        "name": _checked_name(wanted.name),
        "user_id": wanted.user_id,
        "roles": _joined(names.role_name, wanted.roles),
        "workflows": None if wanted.workflows is None else _joined(names.type_code, wanted.workflows),
        "admin": int(wanted.admin),
        "parent_id": None,
        "created_at": now,
        "expires_at": None if wanted.life_ms is None else now + wanted.life_ms,
    }


def _joined(check: Callable[[object], str], words: tuple[str, ...]) -> str:
    return " ".join(dict.fromkeys(map(check, words)))


def _checked_name(text: str | None) -> str | None:
    if text is None:
        return None
    name = names.display_name(text, "a token's name")
    if name.isdecimal():
        raise InvalidInput(f"a token's name cannot be a number, got {name}", hint="numbers name tokens by id")
    return name


def _check_references(tx: Tx, wanted: NewToken) -> None:
    if wanted.user_id is not None:
        lookup.user(tx, wanted.user_id)
    name = _checked_name(wanted.name)
    if name is not None and (taken := tx.one(Credential, "tokens.by_name", name=name)):
        raise Conflict(
            f"token {taken.id} is called {names.shown(name)} already",
            hint=f"take another name, or revoke it: taskwatch token revoke {taken.id}",
        )


def _find(tx: Tx, ref: str) -> Credential:
    if ref.isascii() and ref.isdecimal() and len(ref) < 17:
        found = tx.one(Credential, "tokens.by_id", id=int(ref))
    else:
        found = tx.one(Credential, "tokens.by_name", name=ref)
    if found is None or found.kind != "token":
        raise NotFound(f"there is no token {names.shown(ref)}", hint="see: taskwatch token list")
    return found


def _tell(tx: Tx, kind: str, token: Credential, change: Change) -> None:
    facts = {
        "token_id": token.id,
        "name": token.name,
        "user_id": token.user_id,
        "roles": token.roles.split(),
        "workflows": token.scope,
        "admin": bool(token.admin),
        "reason": change.reason,
    }
    record(tx, event.house_changed(kind, event.TOKENS_TOPIC, by=change.by, at=change.now, **facts))


def _shape(token: Credential, now: int) -> TokenShape:
    return {
        "id": token.id,
        "name": token.name,
        "state": "revoked" if token.revoked_at else "active" if token.holds(now) else "expired",
        "user_id": token.user_id,
        "roles": token.roles.split(),
        "workflows": token.scope,
        "admin": bool(token.admin),
        "created_at": rfc3339(token.created_at),
        "expires_at": _stamp(token.expires_at),
        "revoked_at": _stamp(token.revoked_at),
        "last_used_at": _stamp(token.last_used_at),
    }


def _stamp(at: int | None) -> str | None:
    return None if at is None else rfc3339(at)
