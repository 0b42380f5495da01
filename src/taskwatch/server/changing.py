"""Requests that change something: when, by whom, on which condition, once per key, and from which socket."""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Concatenate, ParamSpec, TypeVar

from aiohttp import web
from msgspec import Meta

from taskwatch.actions import journal
from taskwatch.actions.change import Change
from taskwatch.errors import Forbidden, InvalidInput, NotFound
from taskwatch.model import names
from taskwatch.model.access import Identity
from taskwatch.model.times import parse_duration, parse_instant
from taskwatch.server.call import Id, Shape, identity
from taskwatch.server.house import house
from taskwatch.server.route import Param
from taskwatch.store import Store

P = ParamSpec("P")
T = TypeVar("T")

TEXT = {"type": "string"}
IDEMPOTENCY_KEY = Param(
    "Idempotency-Key", "header", "Do it once: the same key again gives the same answer", TEXT
)
SOCKET_ID = Param("X-Socket-ID", "header", "The socket that is not told of this change", TEXT)
IF_MATCH = Param("If-Match", "header", "Only if this is still the task's ETag", TEXT)
CHANGES = (IDEMPOTENCY_KEY, SOCKET_ID)

_SOCKET = re.compile(r"[0-9]{1,20}\.[0-9]{1,20}")
_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{0,100}"')


class Circumstances(Shape):
    """What every change can be told besides its own wishes."""

    by: Annotated[Id | None, Meta(description="Who does it; only an admin can name another user")] = None
    at: Annotated[str | None, Meta(description="When it happened, if not now")] = None
    reason: Annotated[str | None, Meta(description="Why; it is kept in the history")] = None
    if_status: Annotated[str | None, Meta(description="Only if this is the present status")] = None
    dry_run: Annotated[bool, Meta(description="Answer what would happen, change nothing")] = False


def change(request: web.Request, given: Circumstances | None = None) -> Change:
    """The circumstances of the change that a request asks for.

    Raises:
        Forbidden: it names another user, and who asks is no admin.
        InvalidInput: a time or a header cannot be read.
    """
    given = given or Circumstances()
    here, who = house(request), identity(request)
    now = here.now()
    return Change(
        now=now,
        at=None if given.at is None else _instant(given.at, now),
        by=_actor(who, given.by),
        reason=given.reason,
        if_status=given.if_status,
        if_version=_version(request),
        identity=who,
        key=_key(request, who),
        dry_run=given.dry_run,
        on_rise=here.settings.alert_on_rise,
        key_life_ms=here.settings.key_life_ms,
    )


def until(text: str, now: int) -> int:
    """The instant (ms) at which something ends: a duration from `now` on, or a time.

    Raises:
        InvalidInput: it is neither.
    """
    try:
        return now + parse_duration(text) * 1000
    except InvalidInput:
        return _instant(text, now)


async def write(
    request: web.Request, action: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """The answer of an action that writes; the socket that the request names is not told of it."""
    with _discretion(request), journal.caused_by(_socket(request)):
        return await house(request).database.write(action, *args, **kwargs)


async def read(
    request: web.Request, action: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """The answer of an action that only reads."""
    with _discretion(request):
        return await house(request).database.read(action, *args, **kwargs)


@contextmanager
def _discretion(request: web.Request) -> Iterator[None]:
    """Whoever may see some types of workflow only cannot tell what is hidden from what is not there."""
    try:
        yield
    except NotFound:
        if identity(request).sees_all:
            raise
        raise NotFound from None


def _actor(who: Identity, wanted: int | None) -> int | None:
    if wanted is None:
        return who.user_id
    if wanted != who.user_id and not who.admin:
        raise Forbidden(f"only an admin can act for user {wanted}", hint="leave out by")
    return wanted


def _instant(text: str, now: int) -> int:
    from datetime import UTC

    return parse_instant(text, now=now, zone=UTC)


def _version(request: web.Request) -> int | None:
    """The version that must be the present one; a tag that no task has ever had is version 0."""
    text = request.headers.get("If-Match", "*").strip()
    if text == "*":
        return None
    if not _TAG.fullmatch(text):
        raise InvalidInput(f"If-Match cannot be {names.shown(text)}", hint='send one ETag, such as "3", or *')
    digits = text[1:-1]
    return int(digits) if digits.isdecimal() and len(digits) < 16 else 0


def _key(request: web.Request, who: Identity) -> str | None:
    """The key as it is kept: equal keys of two users, or of the command line, never meet."""
    text = request.headers.get("Idempotency-Key")
    if text is None:
        return None
    names.display_name(text, "an Idempotency-Key")
    owner = f"user {who.user_id}" if who.user_id is not None else f"token {who.credential}"
    return hashlib.sha256(f"{owner}\n{text}".encode("utf-8", "surrogateescape")).hexdigest()


def _socket(request: web.Request) -> str | None:
    """A header that is no socket id excludes nobody."""
    text = request.headers.get("X-Socket-ID", "")
    return text if _SOCKET.fullmatch(text) else None
