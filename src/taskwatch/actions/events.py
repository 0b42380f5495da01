"""Reading the event log: the newest events, or what follows a cursor, with filters."""

import json
import re
from typing import Any, NamedTuple, TypedDict

from taskwatch.errors import Conflict, InvalidInput
from taskwatch.model import event, names
from taskwatch.model.times import rfc3339
from taskwatch.store import Store, Tx

TOPIC = re.compile(r"[A-Za-z0-9_=@,;.-]{1,250}\*?|\*")


class EventShape(TypedDict):
    """An event as programs get it; `id` is the cursor `epoch-seq` to read on from."""

    seq: int
    id: str
    kind: str
    at: str
    topics: list[str]
    data: dict[str, Any]
    sentence: str


class Filter(NamedTuple):
    """Which events: of these kinds, of this topic (or `workflow.bc.*`), from this instant (ms) on."""

    kinds: tuple[str, ...] = ()
    topic: str | None = None
    since: int | None = None


class Page(NamedTuple):
    """Events in order, and the cursor behind all that was looked through for them."""

    events: list[EventShape]
    cursor: str


def newest(store: Store, wanted: Filter, limit: int) -> Page:
    """The last `limit` events, the oldest of them first.

    Raises:
        InvalidInput: there is no such kind, or the topic is no name or pattern.
    """
    values = _values(wanted)
    with store.read() as tx:
        rows = tx.all(_Row, "events.newest", limit=limit, **values)
        return _page(tx, rows[::-1], _last(tx))


def following(store: Store, wanted: Filter, cursor: str, limit: int) -> Page:
    """The first `limit` events after a cursor: `epoch-seq`, or a bare seq of this log.

    Raises:
        Conflict: what followed the cursor is not all here; `details["reset"]` is true and
            `details["cursor"]` is where the log ends now.
        InvalidInput: the cursor, a kind or the topic cannot be read.
    """
    values = _values(wanted)
    with store.read() as tx:
        after = _find(tx, cursor)
        rows = tx.all(_Row, "events.page", after=after, limit=limit, **values)
        return _page(tx, rows, rows[-1].seq if len(rows) == limit else _last(tx))


class _Row(NamedTuple):
    seq: int
    kind: str
    at: int
    topics: str
    payload: str


def _values(wanted: Filter) -> dict[str, str | int | None]:
    for kind in wanted.kinds:
        if kind not in event.KINDS:
            hint = names.suggestion(kind, list(event.KINDS)) or f"the kinds are {', '.join(event.KINDS)}"
            raise InvalidInput(f"there is no event kind {names.shown(kind)}", hint=hint)
    kinds = f" {' '.join(wanted.kinds)} " if wanted.kinds else None
    return {"kinds": kinds, "topic": _topic(wanted.topic), "since": wanted.since}


def _topic(topic: str | None) -> str | None:
    """A topic as it stands between the others; a pattern lacks the space behind it."""
    if topic is None:
        return None
    if not TOPIC.fullmatch(topic):
        raise InvalidInput(
            f"a topic cannot be {names.shown(topic)}", hint="write workflow.bc.114, or workflow.bc.* for all"
        )
    return f" {topic[:-1]}" if topic.endswith("*") else f" {topic} "


def _find(tx: Tx, cursor: str) -> int:
    epoch, _, digits = cursor.rpartition("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 17):
        raise InvalidInput(
            f"a cursor cannot be {names.shown(cursor)}", hint="give the id of an event, or its seq"
        )
    seq = int(digits)
    if epoch and epoch != tx.value("events.epoch"):
        raise _reset(tx, cursor, "belongs to another event log")
    if seq < (tx.value("events.pruned") or 0):
        raise _reset(tx, cursor, "is too old: events after it were pruned")
    if seq > _last(tx):
        raise _reset(tx, cursor, "lies ahead of the event log")
    return seq


def _reset(tx: Tx, cursor: str, why: str) -> Conflict:
    end = _cursor(tx, _last(tx))
    return Conflict(
        f"reset: the cursor {names.shown(cursor)} {why}",
        hint=f"read the present state anew, then go on with --after {end}",
        reset=True,
        cursor=end,
    )


def _last(tx: Tx) -> int:
    """Where the log ends, even when its last events were pruned."""
    last: int = tx.value("events.last")
    return max(last, tx.value("events.pruned") or 0)


def _cursor(tx: Tx, seq: int) -> str:
    return f"{tx.value('events.epoch')}-{seq}"


def _page(tx: Tx, rows: list[_Row], end: int) -> Page:
    epoch = tx.value("events.epoch")
    return Page([_shape(row, epoch) for row in rows], f"{epoch}-{end}")


def _shape(row: _Row, epoch: str) -> EventShape:
    data = json.loads(row.payload)
    return {
        "seq": row.seq,
        "id": f"{epoch}-{row.seq}",
        "kind": row.kind,
        "at": rfc3339(row.at),
        "topics": row.topics.split(),
        "data": data,
        "sentence": _sentence(row.kind, data),
    }


def _sentence(kind: str, data: dict[str, Any]) -> str:
    """The event in words; a payload that came in with a dump may lack what they need."""
    try:
        return event.sentence(kind, data)
    except (KeyError, TypeError):
        return kind
