"""The queue of deliveries: claim what is due under a lease, and record how each try ended.

A claim is committed before anything is sent, and what ended is recorded after: a message goes out at least
once, and twice only if its worker dies between the two. Whoever lost its lease changes nothing.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from taskwatch.actions import contacts, resting
from taskwatch.actions.recheck import About, Recheck
from taskwatch.actions.undelivered import tell_admins
from taskwatch.model import backoff
from taskwatch.model.backoff import DEAD, EXPIRED, GONE, PENDING, SENT, TOO_LATE, Course, Patience
from taskwatch.plugin import Message, Outcome, Recipient
from taskwatch.store import Store, Tx

# A worker dies for many reasons; a message that saw so many die is thought to be one.
CRASHES = 5
CRASH_PAUSE_MS = 1_000
LOST = "lost"


class Claimed(NamedTuple):
    """A delivery under a lease: the message to send, and what proves later that the lease was ours."""

    id: int
    channel: str
    worker: str
    attempt: int
    begun_at: int
    expires_at: int
    message: Message


class Ended(NamedTuple):
    """How a try ended at `at` (ms); `chance` in 0..1 draws the pause before the next one."""

    claimed: Claimed
    outcome: Outcome
    at: int
    chance: float = 1.0
    patience: Patience = Patience()


def is_due(store: Store, channels: Sequence[str], now: int) -> bool:
    """Whether there is anything to claim for these channels at `now` (ms)."""
    with store.read() as tx:
        return bool(tx.value("deliveries.is_due", channels=json.dumps(list(channels)), now=now))


def next_due(store: Store, channels: Sequence[str]) -> int | None:
    """When the earliest delivery of these channels is due (ms), or None."""
    with store.read() as tx:
        earliest: int | None = tx.value("deliveries.next_due", channels=json.dumps(list(channels)))
    return earliest


def claim(
    store: Store, worker: str, channels: Mapping[str, int], now: int, lease_ms: int, *, chance: float = 1.0
) -> list[Claimed]:
    """Lease what is due at `now` (ms), for each channel as many as it has room for, the oldest first.

    What is no longer true is withdrawn instead; what a dead worker left is taken over. `chance` spreads
    those in time, so that one that kills its worker does not take the same others along again.
    """
    with store.write(concurrent=True) as tx:
        resting.hold(tx, channels)
        _take_over(tx, now, chance)
        recheck = Recheck(tx, now)
        return [
            _lease(tx, due, worker, now, now + lease_ms)
            for channel, wish in channels.items()
            for due in _due(tx, recheck, channel, _room(tx, channel, wish, now), now)
        ]


def record(
    store: Store,
    claimed: Claimed,
    outcome: Outcome,
    now: int,
    *,
    chance: float = 1.0,
    patience: Patience | None = None,
) -> str:
    """Record how one try ended; the state the delivery is in now, or `lost` if it is no longer ours."""
    return record_all(store, [Ended(claimed, outcome, now, chance, patience or Patience())])[0]


def record_all(store: Store, ended: Sequence[Ended]) -> list[str]:
    """Record how many tries ended, together; the state of each, as `record` tells it."""
    channels = {each.claimed.channel for each in ended}
    failed = {each.claimed.channel for each in ended if each.outcome.kind != "ok"}
    with store.write(concurrent=True) as tx:
        resting.hold(tx, channels, failed)
        return [_settle(tx, each) for each in ended]


def release(store: Store, worker: str, now: int) -> int:
    """Give back what a worker leased and did not send, as if it had never been claimed; how many."""
    with store.write() as tx:
        tx.run("deliveries.forget_attempts", worker=worker)
        return tx.run("deliveries.release", worker=worker, now=now)


def expire(store: Store, now: int) -> int:
    """End what waits but comes too late; how many."""
    with store.write() as tx:
        return tx.run("deliveries.expire", now=now)


class _Due(NamedTuple):
    id: int
    uid: str
    channel: str
    address: str
    attempt: int
    expires_at: int
    contact: str | None
    notification_id: int
    event_seq: int | None
    kind: str
    reason: str
    level: str | None
    task_id: int | None
    workflow_id: int | None
    cycle: int | None
    title: str
    text: str
    html: str | None
    url: str
    data: str
    event: str
    occurred_at: int
    user_id: int
    user_name: str
    timezone: str | None


def _take_over(tx: Tx, now: int, chance: float) -> None:
    for place, (id_, _attempt, crashes) in enumerate(tx.all(tuple, "deliveries.abandoned", now=now)):
        is_dead = crashes + 1 >= CRASHES
        state, reason = (DEAD, backoff.CRASHED) if is_dead else (PENDING, None)
        due_at = now + round(chance * CRASH_PAUSE_MS * place)
        tx.run("deliveries.crash_attempt", id=id_, now=now)
        tx.run("deliveries.reclaim", id=id_, state=state, reason=reason, due_at=due_at, now=now)
        if is_dead:
            tell_admins(tx, id_, backoff.CRASHED, now)


def _room(tx: Tx, channel: str, wish: int, now: int) -> int:
    breaker = resting.breaker_of(tx, channel)
    in_flight = tx.value("deliveries.in_flight", channel=channel) if breaker.openings else 0
    return breaker.room(wish, in_flight, now)


def _due(tx: Tx, recheck: Recheck, channel: str, room: int, now: int) -> Iterator[_Due]:
    """What may be sent; whatever may not is withdrawn, and the next one looked at in its place."""
    while room > 0:
        asked = room
        rows = tx.all(_Due, "deliveries.due", channel=channel, now=now, room=asked)
        for due in rows:
            state, reason = _objection(recheck, due, now)
            if reason is None:
                room -= 1
                yield due
            else:
                tx.run("deliveries.withdraw", id=due.id, state=state, reason=reason, now=now)
        if len(rows) < asked:
            return


def _objection(recheck: Recheck, due: _Due, now: int) -> tuple[str, str | None]:
    if due.expires_at <= now:
        return EXPIRED, TOO_LATE
    if due.contact == "gone":
        return "cancelled", GONE
    if due.task_id is None:
        return PENDING, None
    about = About(due.kind, due.event_seq, due.level, due.task_id, due.cycle, due.user_id)
    return "cancelled", recheck.objection(about)


def _lease(tx: Tx, due: _Due, worker: str, now: int, until: int) -> Claimed:
    attempt = due.attempt + 1
    tx.run("deliveries.lease", id=due.id, worker=worker, attempt=attempt, lease_until=until)
    tx.run("deliveries.begin_attempt", id=due.id, attempt=attempt, worker=worker, begun_at=now)
    return Claimed(due.id, due.channel, worker, attempt, now, due.expires_at, _message(due, attempt, until))


def _message(due: _Due, attempt: int, deadline: int) -> Message:
    return Message(
        id=due.uid,
        recipient=Recipient(due.user_id, due.user_name, due.timezone),
        address=due.address,
        title=due.title,
        text=due.text,
        html=due.html,
        url=due.url,
        kind=due.kind,
        reason=due.reason,
        level=due.level,
        data=json.loads(due.data),
        event=json.loads(due.event),
        occurred_at=due.occurred_at,
        deadline=deadline,
        thread=due.uid if due.task_id is None else f"task-{due.task_id}",
        attempt=attempt,
        is_test=due.reason == "test",
    )


def _settle(tx: Tx, ended: Ended) -> str:
    claimed, outcome, now = ended.claimed, ended.outcome, ended.at
    if not claimed.message.is_test:
        resting.learn(tx, claimed.channel, outcome, now)
    course = _course(ended)
    row = {"id": claimed.id, "held": claimed.attempt, "now": now, "detail": outcome.detail or None}
    if not tx.run(
        "deliveries.settle", worker=claimed.worker, provider_id=outcome.provider_id, **course._asdict(), **row
    ):
        return LOST
    tx.run("deliveries.end_attempt", outcome=outcome.kind, begun_at=claimed.begun_at, **row)
    if outcome.kind == "gone":
        place = (claimed.message.recipient.user_id, claimed.channel, claimed.message.address)
        contacts.mark(tx, place, contacts.GONE, outcome.detail, now)
    if course.state == DEAD:
        tell_admins(tx, claimed.id, outcome.detail or outcome.kind, now)
    return course.state


def _course(ended: Ended) -> Course:
    """How it goes on; a test is tried once, and its failure is no dead letter."""
    claimed, outcome = ended.claimed, ended.outcome
    course = backoff.course(
        outcome.kind,
        attempt=claimed.attempt,
        now=ended.at,
        expires_at=claimed.expires_at,
        patience=ended.patience,
        chance=ended.chance,
        after=outcome.after,
    )
    if claimed.message.is_test and course.state != SENT:
        return Course("cancelled", "test_failed", claimed.attempt, ended.at)
    return course
