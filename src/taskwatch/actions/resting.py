"""The breakers of the channels, as they are kept: visible, the same for all workers, told when changed."""

import json
from collections.abc import Iterable
from typing import NamedTuple, TypedDict

from taskwatch.actions.journal import record
from taskwatch.model import breaker, event
from taskwatch.model.breaker import CLOSED, Breaker
from taskwatch.model.times import rfc3339
from taskwatch.plugin import Outcome
from taskwatch.store import Store, Tx


class ChannelShape(TypedDict):
    """How a channel does: `state` is working, resting until an instant, or trying whether it works again.

    `failures` are those in a row; `pending`, `leased` and `dead` count its deliveries. `configured` is false
    for one that only old deliveries name: they wait until it is back, or expire.
    """

    channel: str
    configured: bool
    state: str
    pending: int
    leased: int
    dead: int
    failures: int
    resting_until: str | None
    reason: str | None


class _Row(NamedTuple):
    channel: str
    failures: int
    openings: int
    open_until: int | None
    reason: str | None
    changed_at: int


def status(store: Store, configured: Iterable[str], now: int) -> list[ChannelShape]:
    """How every channel does at `now` (ms), those of the configuration first."""
    with store.read() as tx:
        rows = {row.channel: row for row in tx.all(_Row, "deliveries.breakers")}
        counted = {(channel, state): count for channel, state, count in tx.all(tuple, "deliveries.waiting")}
    wanted = list(configured)
    others = sorted(({channel for channel, _ in counted} | rows.keys()) - set(wanted))
    return [
        _shape(channel, rows.get(channel), counted, now, configured=channel in wanted)
        for channel in (*wanted, *others)
    ]


def resting(store: Store, now: int) -> list[ChannelShape]:
    """The channels that rest at `now` (ms), or try whether they work again."""
    return [each for each in status(store, (), now) if each["state"] != "working"]


def breaker_of(tx: Tx, channel: str) -> Breaker:
    """The breaker of a channel."""
    return tx.one(Breaker, "deliveries.breaker", channel=channel) or CLOSED


def hold(tx: Tx, channels: Iterable[str], failed: Iterable[str] = ()) -> None:
    """Let nobody else learn of these channels if they do not work, or of those that `failed`, meanwhile."""
    if not tx.alone:
        wanted = {"channels": json.dumps(list(channels)), "failed": json.dumps(list(failed))}
        tx.all(tuple, "deliveries.hold", **wanted)


def learn(tx: Tx, channel: str, outcome: Outcome, now: int) -> None:
    """Take a try into account that ended so at `now` (ms)."""
    before = breaker_of(tx, channel)
    after = breaker.after(before, outcome.kind, outcome.detail, now)
    if after != before:
        keep(tx, channel, before, after, now)


def keep(tx: Tx, channel: str, before: Breaker, after: Breaker, now: int) -> None:
    """Keep a changed breaker; the log is told when the channel begins or ends to rest."""
    tx.run("deliveries.keep_breaker", channel=channel, now=now, **after._asdict())
    if after.openings > before.openings:
        until = None if after.open_until is None else rfc3339(after.open_until)
        _tell(tx, event.CHANNEL_PAUSED, channel, now, reason=after.reason, until=until)
    elif before.openings and not after.openings:
        _tell(tx, event.CHANNEL_RESUMED, channel, now, reason=None, until=None)


def _tell(tx: Tx, kind: str, channel: str, now: int, **facts: str | None) -> None:
    topic = event.DELIVERIES_TOPIC
    record(tx, event.house_changed(kind, topic, by=None, at=now, channel=channel, **facts))


def _shape(
    channel: str, row: "_Row | None", counted: dict[tuple[str, str], int], now: int, *, configured: bool
) -> ChannelShape:
    known = Breaker(row.failures, row.openings, row.open_until, row.reason) if row else CLOSED
    until = known.open_until if known.is_open(now) else None
    return {
        "channel": channel,
        "configured": configured,
        "state": "working" if not known.openings else "trying" if until is None else "resting",
        "pending": counted.get((channel, "pending"), 0),
        "leased": counted.get((channel, "leased"), 0),
        "dead": counted.get((channel, "dead"), 0),
        "failures": known.failures,
        "resting_until": None if until is None else rfc3339(until),
        "reason": known.reason,
    }
