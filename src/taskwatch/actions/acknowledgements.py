"""Acknowledging: somebody takes care of a late task, or wants to hear of it later; its repeats stop so long.

The alerts themselves are still claimed and counted: only the notifications of them are held back.
"""

from typing import Any, TypedDict

from taskwatch.actions import lookup
from taskwatch.actions.change import Change, expect
from taskwatch.actions.journal import record
from taskwatch.actions.mutes import check_end
from taskwatch.actions.roles import within
from taskwatch.errors import Conflict
from taskwatch.model import event
from taskwatch.model.ack import ACK, SNOOZE, Ack
from taskwatch.model.task import IN_PROGRESS, Task
from taskwatch.model.times import rfc3339
from taskwatch.store import Store, Tx

LONGEST_MS = 7 * 24 * 3_600_000
USUAL_MS = 2 * 3_600_000

_KINDS = {ACK: event.TASK_ACKNOWLEDGED, SNOOZE: event.TASK_SNOOZED}


class AckShape(TypedDict):
    """A late task somebody takes care of (`ack`) or hears of later (`snooze`); `level` is that of then."""

    task_id: int
    task_code: str
    kind: str
    level: str | None
    acknowledged_by: int | None
    acknowledged_at: str
    until: str
    reason: str | None


class Unacked(TypedDict):
    """A task whose acknowledgement was taken back: it alerts again, from its next alert on."""

    task_id: int
    task_code: str


def standing(tx: Tx, task_id: int, now: int) -> list[Ack]:
    """The acknowledgements of a task that run at `now` (ms), the newest first."""
    return tx.all(Ack, "acknowledgements.standing", task_id=task_id, now=now)


def acknowledge(
    store: Store, refs: list[str], until: int, change: Change, *, kind: str = ACK
) -> list[AckShape]:
    """Take care of late tasks until an instant (ms), all of them or none; it replaces what stood before.

    Raises:
        Conflict: one of them is not late.
        Forbidden: one of them is somebody else's.
        InvalidInput: it would end in the past, or too late.
        NotFound: one of them does not exist.
    """

    def work(tx: Tx, change: Change) -> list[AckShape]:
        check_end(until, change.now, LONGEST_MS)
        return [acknowledge_within(tx, task, kind, until, change) for task in lookup.tasks(tx, refs)]

    made: list[AckShape] = within(store, [kind, refs, until], change, work)
    return made


def unacknowledge(store: Store, refs: list[str], change: Change) -> list[Unacked]:
    """Take acknowledgements back, all of them or none.

    Raises:
        Conflict: nobody takes care of one of them.
        Forbidden: one of them is somebody else's.
        NotFound: one of them does not exist.
    """

    def work(tx: Tx, change: Change) -> list[Unacked]:
        return [_unacknowledge(tx, task, change) for task in lookup.tasks(tx, refs)]

    undone: list[Unacked] = within(store, ["unack", refs], change, work)
    return undone


def acknowledge_within(tx: Tx, task: Task, kind: str, until: int, change: Change) -> AckShape:
    """Take care of a late task, inside of a transaction; raises as `acknowledge` does."""
    level = check_late(tx, task, change)
    tx.run("acknowledgements.end", task_id=task.id, at=change.now)
    row: dict[str, Any] = {"task_id": task.id, "cycle": task.cycle, "kind": kind, "level": level}
    row |= {"user_id": change.by, "reason": change.reason, "at": change.now, "until": until}
    ack = Ack(id=tx.value("acknowledgements.add", **row), ended_at=None, **row)
    _tell(tx, _KINDS[kind], task, change, level=level, until=rfc3339(until))
    return _shape(task, ack)


def check_late(tx: Tx, task: Task, change: Change) -> str | None:
    """Make sure that somebody can take care of a task; its alert level. Raises as `acknowledge` does."""
    expect(tx, task, change)
    standing = task.standing(change.now)
    if task.status != IN_PROGRESS or standing is None or not standing.exceeded:
        raise Conflict(
            f"{task.code} is not late", hint="only what is late alerts; see: taskwatch sla violations"
        )
    return standing.alert_level


def _unacknowledge(tx: Tx, task: Task, change: Change) -> Unacked:
    expect(tx, task, change)
    if not tx.run("acknowledgements.end", task_id=task.id, at=change.now):
        raise Conflict(f"nobody takes care of {task.code}", hint="see: taskwatch sla violations")
    _tell(tx, event.TASK_UNACKNOWLEDGED, task, change)
    return {"task_id": task.id, "task_code": task.code}


def _tell(tx: Tx, kind: str, task: Task, change: Change, **facts: str | None) -> None:
    owners = lookup.assignments(tx, task.id)
    facts["reason"] = change.reason
    record(tx, event.task_changed(kind, task, owners, by=change.by, at=change.now, **facts))


def _shape(task: Task, ack: Ack) -> AckShape:
    return {
        "task_id": task.id,
        "task_code": task.code,
        "kind": ack.kind,
        "level": ack.level,
        "acknowledged_by": ack.user_id,
        "acknowledged_at": rfc3339(ack.at),
        "until": rfc3339(ack.until),
        "reason": ack.reason,
    }
