"""Who will be told what about a task if nobody acts.

In a copy of the database, alerts and planning run ahead of the clock, by the very code that will do it: what
is announced here is what comes, as long as every channel works and no other task uses up somebody's day.
"""

from collections import Counter
from typing import NamedTuple, TypedDict

from taskwatch.actions import alerts, lookup, planning
from taskwatch.actions.planner import Planner
from taskwatch.actions.simulate import silence
from taskwatch.errors import InvalidInput
from taskwatch.model import sla
from taskwatch.model.task import IN_PROGRESS, Task
from taskwatch.model.times import rfc3339
from taskwatch.store import Store, Tx

LONGEST_DAYS = 31
LONGEST_MS = LONGEST_DAYS * 86_400 * sla.SECOND


class MessageShape(TypedDict):
    """A message to come. The kind `digest` is a summary that has the task in it."""

    at: str
    user_id: int
    user_name: str
    channel: str
    kind: str
    reason: str
    level: str | None
    title: str


class CountShape(TypedDict):
    """How many messages a person gets on a channel."""

    user_id: int
    user_name: str
    channel: str
    messages: int


class HeldShape(CountShape):
    """How many messages a person does not get on a channel, or later than was asked for, and why."""

    reason: str


class PreviewShape(TypedDict):
    """The messages from `now` until `until`; `reason` says why there are none, else it is null."""

    task_id: int
    task_code: str
    status: str
    now: str
    until: str
    reason: str | None
    total: int
    counts: list[CountShape]
    held: list[HeldShape]
    messages: list[MessageShape]


class _Foreseen(NamedTuple):
    user_id: int
    user_name: str
    channel: str
    state: str
    because: str | None
    at: int
    kind: str
    reason: str
    level: str | None
    title: str


def preview(
    store: Store, ref: str, now: int, until: int, planner: Planner, *, on_rise: bool = False
) -> PreviewShape:
    """Foresee every message about a task from `now` until `until` (ms). Nothing is sent or kept.

    Raises:
        NotFound: there is no such task.
        InvalidInput: `until` lies before `now` or more than a month after it.
    """
    if not now <= until <= now + LONGEST_MS:
        hint = "give a time such as --next 24h"
        raise InvalidInput(
            f"{rfc3339(until)} is not within {LONGEST_DAYS} days after {rfc3339(now)}", hint=hint
        )
    with store.sandbox() as tx:
        task = lookup.task(tx, ref)
        foreseen = _foresee(tx, task, now, until, planner, on_rise=on_rise)
    sent = [each for each in foreseen if each.state == "sent"]
    return {
        "task_id": task.id,
        "task_code": task.code,
        "status": task.status,
        "now": rfc3339(now),
        "until": rfc3339(until),
        "reason": None if sent else silence(task) or "nobody is to be told before that",
        "total": len(sent),
        "counts": _count(sent),
        "held": _count_held(foreseen),
        "messages": [_show(each) for each in sent],
    }


def _foresee(tx: Tx, task: Task, now: int, until: int, planner: Planner, *, on_rise: bool) -> list[_Foreseen]:
    last = tx.value("planning.last_delivery")
    _plan(tx, now, planner)
    at: int | None = now
    while at is not None and at <= until:
        _alert(tx, task.id, at, on_rise=on_rise)
        _plan(tx, at, planner)
        tx.run("planning.pretend_sent", now=at)
        at = _next(tx, task.id, at)
    return tx.all(_Foreseen, "planning.foreseen", after=last, task_id=task.id)


def _alert(tx: Tx, task_id: int, at: int, *, on_rise: bool) -> None:
    task = tx.one(Task, "tasks.by_id", id=task_id)
    if task and task.status == IN_PROGRESS and task.next_alert_at is not None and task.next_alert_at <= at:
        alerts.claim(tx, task, at, on_rise=on_rise)


def _plan(tx: Tx, at: int, planner: Planner) -> None:
    while planning.plan_within(tx, at, planner).more:
        pass


def _next(tx: Tx, task_id: int, at: int) -> int | None:
    """The next instant (ms) at which anything happens; None: nothing ever."""
    task = tx.one(Task, "tasks.by_id", id=task_id)
    instants = (
        task.next_alert_at if task else None,
        tx.value("planning.next_delivery"),
        tx.value("planning.next_summary"),
    )
    return min((max(each, at + 1) for each in instants if each is not None), default=None)


def _count(sent: list[_Foreseen]) -> list[CountShape]:
    counted = Counter((each.user_id, each.user_name, each.channel) for each in sent)
    return [
        {"user_id": user_id, "user_name": name, "channel": channel, "messages": number}
        for (user_id, name, channel), number in sorted(counted.items())
    ]


def _count_held(foreseen: list[_Foreseen]) -> list[HeldShape]:
    held = [each for each in foreseen if each.state != "sent"]
    counted = Counter((each.user_id, each.user_name, each.channel, each.because or "later") for each in held)
    return [
        {"user_id": user_id, "user_name": name, "channel": channel, "messages": number, "reason": reason}
        for (user_id, name, channel, reason), number in sorted(counted.items())
    ]


def _show(each: _Foreseen) -> MessageShape:
    return {
        "at": rfc3339(each.at),
        "user_id": each.user_id,
        "user_name": each.user_name,
        "channel": each.channel,
        "kind": each.kind,
        "reason": each.reason,
        "level": each.level,
        "title": each.title,
    }
