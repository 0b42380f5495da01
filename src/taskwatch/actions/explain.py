"""Why a task stands where it stands: the arithmetic of each cycle, and what became of each alert."""

from collections.abc import Sequence
from typing import NamedTuple, TypedDict

from taskwatch.actions import lookup, shown
from taskwatch.model import calendar, ledger, sla
from taskwatch.model.calendar import Alert, Slot
from taskwatch.model.ledger import Mark, Segment
from taskwatch.model.task import Task
from taskwatch.model.times import rfc3339, spell
from taskwatch.store import Store, Tx

WAITING = "waiting"
REASONS = {
    "not_started": "its clock has not run: pending and ready time never counts, so it cannot be late",
    "no_timeout": "it has no timeout, so it cannot be late and never alerts",
    "imported": "its history was imported, and imported history never alerts",
}


class SegmentShape(TypedDict):
    """A stretch of time; only a running one counts. `end` is null while it lasts."""

    state: str
    start: str
    end: str | None
    seconds: int
    counted: bool
    reason: str | None


class SlotShape(TypedDict):
    """What became of a slot of the alert calendar, or of `slots` of them in a row; `at` is the first one's.

    The codes: sent, collapsed, due, unnoticed, scheduled, on_hold, ended. `at` is null for a slot that
    the clock has not come to and will not come to as it stands.
    """

    at: str | None
    exceeded_by_minutes: int
    slots: int
    sent: bool
    code: str
    sentence: str
    ordinal: int | None


class CycleShape(TypedDict):
    """One cycle. `code` and `reason` say why there is no alert calendar, and are null when there is one."""

    cycle: int
    clock: str
    verdict: str | None
    timeout_minutes: int | None
    started_at: str | None
    ended_at: str | None
    due_at: str | None
    segments: list[SegmentShape]
    elapsed_seconds: int
    remaining_seconds: int | None
    exceeded_by_seconds: int | None
    exceeded_by_minutes: int | None
    risk_level: str | None
    alert_level: str | None
    code: str | None
    reason: str | None
    alerts: list[SlotShape]
    next_alert_at: str | None


class ExplanationShape(TypedDict):
    """A task at the instant `now`, cycle by cycle."""

    task_id: int
    task_code: str
    task_name: str
    now: str
    cycles: list[CycleShape]


class _Cycle(NamedTuple):
    """What the record knows of one cycle at an instant."""

    number: int
    marks: list[Mark]
    alerts: list[Alert]
    finished: shown.Cycle | None
    timeout_minutes: int | None

    @property
    def clock(self) -> str:
        if self.finished:
            return ledger.STOPPED
        return self.marks[-1].state if self.marks else WAITING

    @property
    def segments(self) -> list[Segment]:
        if self.finished and self.finished.started_at is not None and not self.marks:
            return [Segment(ledger.RUNNING, self.finished.started_at, self.finished.ended_at, None)]
        return ledger.segments(self.marks)

    def elapsed_ms(self, now: int) -> int:
        return self.finished.elapsed_ms if self.finished else ledger.elapsed_ms(self.marks, now)

    def silence(self) -> str | None:
        """The code of why it has no alert calendar."""
        if not self.marks:
            return "imported" if self.segments else "not_started"
        return None if self.timeout_minutes else "no_timeout"


def explain(store: Store, ref: str, now: int, *, on_rise: bool = False) -> ExplanationShape:
    """Account for a task's cycles as they were at `now` (ms), which may be past or future.

    Raises:
        NotFound: there is no such task.
    """
    with store.read() as tx:
        task = lookup.task(tx, ref)
        cycles = _cycles(tx, task, now)
    return {
        "task_id": task.id,
        "task_code": task.code,
        "task_name": task.name,
        "now": rfc3339(now),
        "cycles": [_show_cycle(cycle, now, on_rise=on_rise) for cycle in cycles],
    }


def _cycles(tx: Tx, task: Task, now: int) -> list[_Cycle]:
    finished = {row.cycle: row for row in tx.all(shown.Cycle, "tasks.cycles", task_id=task.id)}
    found = []
    for number in range(1, task.cycle + 1):
        ended = finished.get(number)
        marks = tx.all(Mark, "tasks.marks", task_id=task.id, cycle=number, until=now)
        alerts = tx.all(Alert, "sla.alerts_of", task_id=task.id, cycle=number, until=now)
        if ended and ended.ended_at > now:
            ended = None
        if ended or marks or number == task.cycle:
            found.append(_Cycle(number, marks, alerts, ended, _timeout(task, marks, ended)))
    return found


def _timeout(task: Task, marks: Sequence[Mark], ended: shown.Cycle | None) -> int | None:
    if ended:
        return ended.timeout_minutes
    return marks[-1].timeout_minutes if marks else task.timeout_minutes


def _show_cycle(cycle: _Cycle, now: int, *, on_rise: bool) -> CycleShape:
    elapsed, timeout, segments = cycle.elapsed_ms(now) // sla.SECOND, cycle.timeout_minutes, cycle.segments
    standing = sla.judge(elapsed, timeout) if timeout and segments else None
    due = calendar.reached(segments, timeout * sla.MINUTE) if timeout else None
    code, slots = cycle.silence(), _slots(cycle, standing, on_rise=on_rise)
    ended = cycle.finished.ended_at if cycle.finished else None
    return {
        "cycle": cycle.number,
        "clock": cycle.clock,
        "verdict": cycle.finished.verdict if cycle.finished else None,
        "timeout_minutes": timeout,
        "started_at": _stamp(segments[0].start if segments else None),
        "ended_at": _stamp(ended),
        "due_at": _stamp(due),
        "segments": [_show_segment(segment, now) for segment in segments],
        "elapsed_seconds": elapsed,
        "remaining_seconds": standing and standing.remaining_seconds,
        "exceeded_by_seconds": standing and standing.exceeded_by_seconds,
        "exceeded_by_minutes": standing and standing.exceeded_by_minutes,
        "risk_level": standing and standing.risk_level,
        "alert_level": standing and standing.alert_level,
        "code": code,
        "reason": REASONS[code] if code else None,
        "alerts": slots,
        "next_alert_at": next((s["at"] for s in slots if s["code"] == calendar.SCHEDULED), None),
    }


def _slots(cycle: _Cycle, standing: sla.Standing | None, *, on_rise: bool) -> list[SlotShape]:
    if cycle.silence() or standing is None:
        return []
    fates = calendar.fates(
        cycle.alerts, standing.timeout_minutes, standing.exceeded_by_seconds, cycle.clock, on_rise=on_rise
    )
    return [_show_slot(slot, cycle) for slot in fates]


def _show_slot(slot: Slot, cycle: _Cycle) -> SlotShape:
    at = calendar.reached(cycle.segments, slot.elapsed_ms)
    return {
        "at": _stamp(at),
        "exceeded_by_minutes": slot.seconds // 60,
        "slots": slot.repeats,
        "sent": slot.code == calendar.SENT,
        "code": slot.code,
        "sentence": _sentence(slot, cycle, came=at is not None),
        "ordinal": slot.ordinal,
    }


def _sentence(slot: Slot, cycle: _Cycle, *, came: bool) -> str:
    if slot.code == calendar.SENT:
        return _tell_sent(next(alert for alert in cycle.alerts if alert.ordinal == slot.ordinal))
    outcome = cycle.finished.outcome if cycle.finished else "ended"
    return {
        calendar.COLLAPSED: f"nobody looked in time: collapsed into alert {slot.ordinal}",
        calendar.DUE: "due now: the next monitor pass sends one alert for it",
        calendar.UNNOTICED: f"nobody looked before it was {outcome}",
        calendar.SCHEDULED: "the next alert, if nobody acts",
        calendar.ON_HOLD: "nobody looked before it was put on hold"
        if came
        else "on hold: the clock stands still until it is resumed",
        calendar.ENDED: f"it was {outcome} before this",
    }[slot.code]


def _tell_sent(alert: Alert) -> str:
    late = (alert.claimed_at - alert.slot_at) // sla.SECOND
    noticed = f", noticed {spell(late)} after its time" if late > 0 else ""
    return f"alert {alert.ordinal} was sent with level {alert.level}{noticed}"


def _show_segment(segment: Segment, now: int) -> SegmentShape:
    end = now if segment.end is None else segment.end
    return {
        "state": segment.state,
        "start": rfc3339(segment.start),
        "end": _stamp(segment.end),
        "seconds": max(0, end - segment.start) // sla.SECOND,
        "counted": segment.state == ledger.RUNNING,
        "reason": segment.reason,
    }


def _stamp(at: int | None) -> str | None:
    return None if at is None else rfc3339(at)
