"""Reading the event log: the newest events, or what follows a cursor, with filters."""

import json
from typing import Any, NamedTuple, TypedDict

from taskwatch.errors import Conflict, InvalidInput
from taskwatch.model import event, names, topic
from taskwatch.model.sentence import sentence
from taskwatch.model.times import rfc3339
from taskwatch.store import Store, Tx


class FollowedShape(TypedDict):
    """An event as live streams send it; `id` is the cursor `epoch-seq` to read on from."""

    seq: int
    id: str
    kind: str
    at: str
    topics: list[str]
    data: dict[str, Any]


class EventShape(FollowedShape):
    """An event as programs get it, with its sentence for people."""

    sentence: str


class Filter(NamedTuple):
    """Which events: of these kinds, of any of these topics or patterns, from this instant (ms) on."""

    kinds: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    since: int | None = None


class FactRow(NamedTuple):
    """An event as the log keeps it: `at` in ms UTC, topics between spaces, the payload as JSON text.

    `origin` is the socket id of the client whose request made it true, or None.
    """

    seq: int
    kind: str
    at: int
    topics: str
    payload: str
    origin: str | None


class Page(NamedTuple):
    """Events in order, and the cursor behind all that was looked through for them."""

    events: list[EventShape]
    cursor: str


def newest(store: Store, wanted: Filter, limit: int) -> Page:
    """The last `limit` events, the oldest of them first.

    Raises:
        InvalidInput: there is no such kind, or a topic is no name or pattern.
    """
    values, until = _values(wanted), store.horizon()
    with store.read() as tx:
        rows = tx.all(_Row, "events.newest", until=until, limit=limit, **values)
        return _page(tx, rows[::-1], _end(tx, until))


def following(store: Store, wanted: Filter, cursor: str, limit: int) -> Page:
    """The first `limit` events after a cursor: `epoch-seq`, or a bare seq of this log.

    Raises:
        Conflict: what followed the cursor is not all here; `details["reset"]` is true and
            `details["cursor"]` is where the log ends now.
        InvalidInput: the cursor, a kind or a topic cannot be read.
    """
    values, until = _values(wanted), store.horizon()
    with store.read() as tx:
        after = _find(tx, cursor, until)
        rows = tx.all(_Row, "events.page", after=after, until=until, limit=limit, **values)
        return _page(tx, rows, rows[-1].seq if len(rows) == limit else max(after, _end(tx, until)))


def facts(store: Store, after: int, limit: int) -> list[FactRow]:
    """The first `limit` rows behind the seq `after`, as they are kept."""
    until = store.horizon()
    with store.read() as tx:
        return tx.all(FactRow, "events.facts", after=after, until=until, limit=limit)


def facts_after(store: Store, epoch: str, seq: int, limit: int) -> list[FactRow]:
    """The same behind a place in one log.

    Raises:
        Conflict: what followed it is not all here; see `following`.
    """
    until = store.horizon()
    with store.read() as tx:
        after = _find(tx, f"{epoch}-{seq}", until)
        return tx.all(FactRow, "events.facts", after=after, until=until, limit=limit)


def facts_between(store: Store, after: int, until: int, limit: int) -> list[FactRow]:
    """The same, up to and with `until`, provided that none of them was pruned.

    Raises:
        Conflict: some were; see `following`.
    """
    with store.read() as tx:
        if after < (tx.value("events.pruned") or 0):
            raise _reset(tx, str(after), "is too old: events after it were pruned", until)
        return tx.all(FactRow, "events.facts", after=after, until=until, limit=limit)


def position(store: Store) -> tuple[str, int]:
    """The epoch of the log, and the seq at which it ends."""
    until = store.horizon()
    with store.read() as tx:
        return tx.value("events.epoch"), _end(tx, until)


def place(store: Store, cursor: str) -> int:
    """The seq of a cursor from which all that followed is still here.

    Raises:
        Conflict, InvalidInput: as `following`.
    """
    until = store.horizon()
    with store.read() as tx:
        return _find(tx, cursor, until)


def spoken(followed: FollowedShape) -> EventShape:
    """An event with its sentence."""
    return {**followed, "sentence": _sentence(followed["kind"], followed["data"])}


def reset(message: str, end: str) -> Conflict:
    """What a reader is told that cannot go on from its cursor; `end` is the cursor to begin anew from."""
    return Conflict(
        message, hint=f"read the present state anew, then go on with --after {end}", reset=True, cursor=end
    )


class _Row(NamedTuple):
    seq: int
    kind: str
    at: int
    topics: str
    payload: str


class _Log(NamedTuple):
    epoch: str
    pruned: int
    last: int


def _values(wanted: Filter) -> dict[str, str | int | None]:
    for kind in wanted.kinds:
        if kind not in event.KINDS:
            hint = names.suggestion(kind, list(event.KINDS)) or f"the kinds are {', '.join(event.KINDS)}"
            raise InvalidInput(f"there is no event kind {names.shown(kind)}", hint=hint)
    kinds = f" {' '.join(wanted.kinds)} " if wanted.kinds else None
    topics = json.dumps([_between_spaces(text) for text in wanted.topics]) if wanted.topics else None
    return {"kinds": kinds, "topics": topics, "since": wanted.since}


def _between_spaces(text: str) -> str:
    """A topic as it stands between the others; a pattern lacks the space behind it."""
    parsed = topic.parse(text)
    return f" {parsed[:-1]}" if topic.is_pattern(parsed) else f" {parsed} "


def _find(tx: Tx, cursor: str, until: int) -> int:
    epoch, _, digits = cursor.rpartition("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 17):
        raise InvalidInput(
            f"a cursor cannot be {names.shown(cursor)}", hint="give the id of an event, or its seq"
        )
    seq, log = int(digits), tx.one(_Log, "events.state")
    if log is None or (epoch and epoch != log.epoch):
        raise _reset(tx, cursor, "belongs to another event log", until)
    if seq < log.pruned:
        raise _reset(tx, cursor, "is too old: events after it were pruned", until)
    if seq > max(log.last, log.pruned):
        raise _reset(tx, cursor, "lies ahead of the event log", until)
    return seq


def _reset(tx: Tx, cursor: str, why: str, until: int) -> Conflict:
    return reset(f"reset: the cursor {names.shown(cursor)} {why}", _cursor(tx, _end(tx, until)))


def _end(tx: Tx, until: int) -> int:
    """Where the log ends, or is complete up to, even when its last events were pruned."""
    last: int = tx.value("events.last")
    return max(min(last, until), tx.value("events.pruned") or 0)


def _cursor(tx: Tx, seq: int) -> str:
    return f"{tx.value('events.epoch')}-{seq}"


def _page(tx: Tx, rows: list[_Row], end: int) -> Page:
    epoch = tx.value("events.epoch")
    return Page([_shape(row, epoch) for row in rows], f"{epoch}-{end}")


def _shape(row: _Row, epoch: str) -> EventShape:
    return spoken(
        {
            "seq": row.seq,
            "id": f"{epoch}-{row.seq}",
            "kind": row.kind,
            "at": rfc3339(row.at),
            "topics": row.topics.split(),
            "data": json.loads(row.payload),
        }
    )


def _sentence(kind: str, data: dict[str, Any]) -> str:
    """The event in words; a payload that came in with a dump may lack what they need."""
    try:
        return sentence(kind, data)
    except (KeyError, TypeError):
        return kind
