"""The monitor pass: claim every alert that is due, each exactly once, whoever else is looking."""

from typing import NamedTuple, TypedDict

from taskwatch.actions import lookup
from taskwatch.actions.journal import record
from taskwatch.actions.standing import StatisticsShape, ViolationShape
from taskwatch.actions.transitions import save
from taskwatch.model import event, sla
from taskwatch.model.task import Task, alerted, last_slot, schedule
from taskwatch.store import Store, Tx


class Pass(NamedTuple):
    """What one pass did: alerts claimed, and the slots missed before it that they stand for as well."""

    sent: int
    missed: int


class MonitorShape(TypedDict):
    """Every task that is late now, how many alerts this pass sent, and the statistics."""

    violations: list[ViolationShape]
    alerts_sent: int
    statistics: StatisticsShape


class Slot(NamedTuple):
    """The place of an alert on the calendar: seconds exceeded, its instant (ms), and what it stands for."""

    seconds: int
    at: int
    missed: int
    late_by_seconds: int


def monitor(
    store: Store, now: int, *, on_rise: bool = False, batch: int = 100, dry_run: bool = False
) -> Pass:
    """Claim the alerts that are due at `now` (ms), a batch per write transaction; none is due: no write.

    A claim is a row with a unique key, the task's next slot and an event `task.sla.exceeded`, together.
    Slots that nobody looked at collapse into the latest one.
    """
    sent = missed = 0
    place = (0, 0)
    while _is_any_due(store, now):
        with store.write(dry_run=dry_run, concurrent=True) as tx:
            due = _due(tx, now, place, batch)
            claimed = [slot for task in due if (slot := claim(tx, task, now, on_rise=on_rise))]
        sent, missed = sent + len(claimed), missed + sum(slot.missed for slot in claimed)
        if len(due) < batch:
            break
        place = (due[-1].next_alert_at or 0, due[-1].id)
    return Pass(sent, missed)


def claim(tx: Tx, task: Task, now: int, *, on_rise: bool) -> Slot | None:
    """Claim the alert of one task that is due at `now` (ms), in an open transaction; None if none is due."""
    standing = task.standing(now)
    slot = _latest_slot(task, standing, now, on_rise=on_rise)
    if standing is None or slot is None:
        # Its next slot was worked out while alerts on rise were on: it comes later now.
        save(tx, task, schedule(task, on_rise=on_rise)._replace(version=task.version + 1), now, None)
        return None
    if not _insert(tx, task, standing, slot, now):
        return None
    save(tx, task, alerted(task, slot.seconds, now, on_rise=on_rise), now, None)
    _tell(tx, task, standing, slot, now)
    return slot


def next_due(store: Store) -> int | None:
    """When the next alert is due (ms), or None: no clock with a timeout runs."""
    with store.read() as tx:
        earliest: int | None = tx.value("sla.next_alert")
    return earliest


def _is_any_due(store: Store, now: int) -> bool:
    earliest = next_due(store)
    return earliest is not None and earliest <= now


def _due(tx: Tx, now: int, place: tuple[int, int], limit: int) -> list[Task]:
    after_at, after_id = place
    return tx.all(Task, "sla.alerts_due", now=now, after_at=after_at, after_id=after_id, limit=limit)


def _latest_slot(task: Task, standing: sla.Standing | None, now: int, *, on_rise: bool) -> Slot | None:
    last = last_slot(task)
    if standing is None or sla.next_slot(last, on_rise=on_rise) > standing.exceeded_by_seconds:
        return None
    seconds, missed = sla.latest_slot(last, standing.exceeded_by_seconds, on_rise=on_rise)
    at = sla.alert_at(task.due_at or now, seconds)
    return Slot(seconds, at, missed, (now - (task.next_alert_at or at)) // sla.SECOND)


def _insert(tx: Tx, task: Task, standing: sla.Standing, slot: Slot, now: int) -> bool:
    """Whether the row is ours: no row is written when somebody was first."""
    inserted = tx.run(
        "sla.claim_alert",
        task_id=task.id,
        cycle=task.cycle,
        ordinal=task.alerts + 1,
        slot_seconds=slot.seconds,
        slot_at=slot.at,
        claimed_at=now,
        level=standing.alert_level,
        exceeded_by_seconds=standing.exceeded_by_seconds,
        timeout_minutes=task.timeout_minutes,
        missed=slot.missed,
    )
    return inserted == 1


def _tell(tx: Tx, task: Task, standing: sla.Standing, slot: Slot, now: int) -> None:
    record(
        tx,
        event.sla_exceeded(
            task,
            standing,
            lookup.assignments(tx, task.id),
            at=now,
            ordinal=task.alerts + 1,
            missed=slot.missed,
            late_by_seconds=slot.late_by_seconds,
        ),
    )
