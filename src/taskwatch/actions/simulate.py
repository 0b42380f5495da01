"""Every alert that would go out for a task if nobody acted."""

from typing import TypedDict

from taskwatch.actions import lookup
from taskwatch.actions.standing import clocks_at
from taskwatch.errors import InvalidInput
from taskwatch.model import sla
from taskwatch.model.task import IN_PROGRESS, ON_HOLD, Task, last_slot
from taskwatch.model.times import rfc3339
from taskwatch.store import Store, Tx

LONGEST_DAYS = 366
LONGEST_MS = LONGEST_DAYS * 86_400 * sla.SECOND


class ForecastShape(TypedDict):
    """An alert to come; `missed_alerts` are the slots before it that it stands for as well."""

    at: str
    ordinal: int
    alert_level: str
    exceeded_by_minutes: int
    exceeded_by_seconds: int
    missed_alerts: int


class SimulationShape(TypedDict):
    """The alerts from `now` until `until`; `reason` says why there are none, else it is null."""

    task_id: int
    task_code: str
    status: str
    now: str
    until: str
    reason: str | None
    alerts: list[ForecastShape]


def simulate(
    store: Store, ref: str, now: int, clock_now: int, until: int, *, on_rise: bool = False
) -> SimulationShape:
    """Foresee a task's alerts from `now` until `until` (ms), the one that is due already first.

    Raises:
        NotFound: there is no such task.
        InvalidInput: `until` lies before `now` or more than a year after it.
    """
    if not now <= until <= now + LONGEST_MS:
        raise InvalidInput(
            f"{rfc3339(until)} is not within {LONGEST_DAYS} days after {rfc3339(now)}",
            hint="give a time such as --until 24h",
        )
    with store.read() as tx:
        task = _as_it_was(tx, lookup.task(tx, ref), now, clock_now)
    alerts = [] if silence(task) else foresee(task, now, until, on_rise=on_rise)
    return {
        "task_id": task.id,
        "task_code": task.code,
        "status": task.status,
        "now": rfc3339(now),
        "until": rfc3339(until),
        "reason": silence(task) or (None if alerts else "its next alert comes later than that"),
        "alerts": alerts,
    }


def foresee(task: Task, now: int, until: int, *, on_rise: bool = False) -> list[ForecastShape]:
    """The alerts of a running task with a timeout."""
    due, last, ordinal = task.due_at or 0, last_slot(task), task.alerts
    found: list[ForecastShape] = []
    while True:
        slot, missed = sla.next_slot(last, on_rise=on_rise), 0
        late = (now - due) // sla.SECOND
        if sla.alert_at(due, slot) <= now:
            slot, missed = sla.latest_slot(last, late, on_rise=on_rise)
        at = max(now, sla.alert_at(due, slot))
        if at > until:
            return found
        ordinal, last = ordinal + 1, slot
        found.append(_show(at, ordinal, (at - due) // sla.SECOND, missed))


def silence(task: Task) -> str | None:
    """Why a task cannot alert as it stands, in a sentence; None if it can."""
    if task.status == ON_HOLD:
        return "it is on hold, and its clock stands still until it is resumed"
    if task.status != IN_PROGRESS:
        return f"it is {task.status}, and only a task in progress can be late"
    return None if task.timeout_minutes else "it has no timeout"


def _as_it_was(tx: Tx, task: Task, now: int, clock_now: int) -> Task:
    """The task at `now`; without a clock at that time it has neither begun nor ended late."""
    if now >= clock_now:
        return task
    past = clocks_at(tx, now, task.id)
    return past[0] if past else task._replace(status="not in progress", due_at=None)


def _show(at: int, ordinal: int, late: int, missed: int) -> ForecastShape:
    return {
        "at": rfc3339(at),
        "ordinal": ordinal,
        "alert_level": sla.level_of(late).name,
        "exceeded_by_minutes": late // 60,
        "exceeded_by_seconds": late,
        "missed_alerts": missed,
    }
