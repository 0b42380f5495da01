"""Dead letters: what could not be delivered stays to be looked at, tried again under its id, or discarded."""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypedDict

from taskwatch.actions.change import Change
from taskwatch.actions.journal import record
from taskwatch.actions.roles import within
from taskwatch.errors import Conflict, InvalidInput, NotFound
from taskwatch.model import event
from taskwatch.model.times import rfc3339
from taskwatch.store import EVERYTHING, Store, Tx

# How long a message that is tried again may take to arrive.
NEW_LIFE_MS = 86_400_000
MINUTE_MS = 60_000


class AttemptShape(TypedDict):
    """One try. `outcome` null is one that was cut short or is under way."""

    attempt: int
    worker: str
    begun_at: str
    ended_at: str | None
    outcome: str | None
    detail: str | None


class DeliveryShape(TypedDict):
    """A delivery; `uid` is the id that its receiver saw, `reason` why it is in its state."""

    id: int
    uid: str
    user_id: int
    task_id: int | None
    channel: str
    address: str
    kind: str
    level: str | None
    title: str
    state: str
    reason: str | None
    attempts: int
    crashes: int
    detail: str | None
    created_at: str
    ended_at: str | None


class LetterShape(DeliveryShape):
    """A delivery with its text and the log of its tries."""

    text: str
    log: list[AttemptShape]


class MovedShape(TypedDict):
    """Which deliveries are tried again, or were discarded."""

    deliveries: list[int]
    dry_run: bool


class ReplayShape(TypedDict):
    """How many deliveries are tried again, and when the first and the last of them."""

    count: int
    channel: str | None
    first_at: str | None
    last_at: str | None
    dry_run: bool


class Span(NamedTuple):
    """What to replay: what ended in `[since, until)` (ms), on one channel or all; 0 a minute is at once."""

    since: int
    until: int
    channel: str | None = None
    per_minute: int = 0


class _Delivery(NamedTuple):
    id: int
    uid: str
    user_id: int
    task_id: int | None
    channel: str
    address: str
    kind: str
    level: str | None
    title: str
    state: str
    reason: str | None
    attempts: int
    crashes: int
    detail: str | None
    created_at: int
    ended_at: int | None


class _Attempt(NamedTuple):
    attempt: int
    worker: str
    begun_at: int
    ended_at: int | None
    outcome: str | None
    detail: str | None


def dead(store: Store, channel: str | None = None, limit: int = 50) -> list[DeliveryShape]:
    """What could not be delivered, the newest first."""
    with store.read() as tx:
        return [_shape(row) for row in tx.all(_Delivery, "deliveries.dead", channel=channel, limit=limit)]


def show(store: Store, delivery_id: int) -> LetterShape:
    """A delivery in any state, with all its tries.

    Raises:
        NotFound: there is none of that id.
    """
    with store.read() as tx:
        row = _find(tx, delivery_id)
        log = tx.all(_Attempt, "deliveries.attempts_of", id=row.id)
        text = tx.value("deliveries.text_of", id=row.id)
    return {**_shape(row), "text": text, "log": [_attempt_shape(each) for each in log]}


def retry(store: Store, ids: Sequence[int] | None, change: Change) -> MovedShape:
    """Try dead or expired deliveries again from the beginning, under their ids; None is all dead ones.

    Raises:
        NotFound: there is none of that id.
        Conflict: one of them is neither dead nor expired.
    """
    until = change.now + NEW_LIFE_MS

    def revive(tx: Tx, delivery_id: int) -> int:
        return tx.run("deliveries.revive", id=delivery_id, due_at=change.now, expires_at=until)

    return _move(store, "retry", ids, revive, change)


def discard(store: Store, ids: Sequence[int] | None, change: Change) -> MovedShape:
    """Give dead deliveries up; None is all of them.

    Raises:
        NotFound: there is none of that id.
        Conflict: one of them is not dead.
    """

    def drop(tx: Tx, delivery_id: int) -> int:
        return tx.run("deliveries.discard", id=delivery_id, now=change.now)

    return _move(store, "discard", ids, drop, change)


def replay(store: Store, span: Span, change: Change) -> ReplayShape:
    """Try again all that ended without having arrived in a span of time, spread out if a rate is given.

    Raises:
        InvalidInput: the span ends before it begins.
    """
    if span.until <= span.since:
        raise InvalidInput("the span ends before it begins", hint="--since comes before --until")

    def work(tx: Tx, change: Change) -> ReplayShape:
        asked = {"since": span.since, "until": span.until, "channel": span.channel}
        ids = [row[0] for row in tx.all(tuple, "deliveries.replayable", **asked)]
        due = [change.now + _delay(place, span.per_minute) for place in range(len(ids))]
        for delivery_id, due_at in zip(ids, due, strict=True):
            tx.run("deliveries.revive", id=delivery_id, due_at=due_at, expires_at=due_at + NEW_LIFE_MS)
        _tell(tx, event.DELIVERIES_RETRIED, ids, change)
        return {
            "count": len(ids),
            "channel": span.channel,
            "first_at": rfc3339(due[0]) if due else None,
            "last_at": rfc3339(due[-1]) if due else None,
            "dry_run": change.dry_run,
        }

    done: ReplayShape = within(store, ["notify replay", *span], change, work)
    return done


def _delay(place: int, per_minute: int) -> int:
    return place * MINUTE_MS // per_minute if per_minute else 0


def _move(store: Store, verb: str, ids: Sequence[int] | None, move: Any, change: Change) -> MovedShape:
    def work(tx: Tx, change: Change) -> MovedShape:
        wanted = _all_dead(tx) if ids is None else list(dict.fromkeys(ids))
        for delivery_id in wanted:
            if not move(tx, delivery_id):
                raise _refusal(_find(tx, delivery_id), verb)
        _tell(tx, _KINDS[verb], wanted, change)
        return {"deliveries": wanted, "dry_run": change.dry_run}

    done: MovedShape = within(store, [f"notify dead {verb}", ids], change, work)
    return done


def _all_dead(tx: Tx) -> list[int]:
    return [row.id for row in tx.all(_Delivery, "deliveries.dead", channel=None, limit=EVERYTHING)][::-1]


def _find(tx: Tx, delivery_id: int) -> _Delivery:
    row = tx.one(_Delivery, "deliveries.one", id=delivery_id)
    if row is None:
        raise NotFound(f"there is no delivery {delivery_id}", hint="see: taskwatch notify dead list")
    return row


def _refusal(row: _Delivery, verb: str) -> Conflict:
    return Conflict(
        f"delivery {row.id} is {row.state}: there is nothing to {verb}",
        hint=f"see: taskwatch notify dead show {row.id}",
        state=row.state,
    )


def _tell(tx: Tx, kind: str, ids: list[int], change: Change) -> None:
    """The log is told who did it: what ended stays as it is unless a person says otherwise."""
    if ids:
        facts: dict[str, Any] = {"count": len(ids), "deliveries": ids[:1000], "reason": change.reason}
        record(tx, event.house_changed(kind, event.DELIVERIES_TOPIC, by=change.by, at=change.now, **facts))


def _shape(row: _Delivery) -> DeliveryShape:
    ended_at = None if row.ended_at is None else rfc3339(row.ended_at)
    facts: Any = {**row._asdict(), "created_at": rfc3339(row.created_at), "ended_at": ended_at}
    shape: DeliveryShape = facts
    return shape


def _attempt_shape(row: _Attempt) -> AttemptShape:
    return {
        "attempt": row.attempt,
        "worker": row.worker,
        "begun_at": rfc3339(row.begun_at),
        "ended_at": None if row.ended_at is None else rfc3339(row.ended_at),
        "outcome": row.outcome,
        "detail": row.detail,
    }


_KINDS = {"retry": event.DELIVERIES_RETRIED, "discard": event.DELIVERIES_DISCARDED}
