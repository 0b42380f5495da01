"""How late is late: risk, alert levels, the alert calendar and the compliance rate.

Everything is decided on whole seconds. Exactly on time is on time; a task has exceeded its timeout
from the first full second beyond it. "Exceeded by" minutes are floored before a level is derived,
so that the number shown and the level beside it never contradict each other.
"""

from typing import NamedTuple

SECOND = 1000
MINUTE = 60 * SECOND

AT_RISK_PERCENT = 20
CRITICAL_PERCENT = 10
NEARLY = 99.99
RISK_LEVELS = ("exceeded", "critical", "high", "medium", "low")


class Level(NamedTuple):
    """A band of lateness: seconds exceeded in `[start, end)`, and the seconds between two alerts in it."""

    name: str
    start: int
    end: int
    interval: int


LEVELS = (
    Level("low", 0, 31 * 60, 120 * 60),
    Level("medium", 31 * 60, 61 * 60, 60 * 60),
    Level("high", 61 * 60, 121 * 60, 30 * 60),
    Level("critical", 121 * 60, 2**62, 15 * 60),
)
CRITICAL = LEVELS[-1]


class Standing(NamedTuple):
    """Where a task with a timeout stands at one instant. Minutes are floored, seconds are exact."""

    elapsed_seconds: int
    timeout_minutes: int
    remaining_seconds: int
    exceeded_by_seconds: int
    risk_level: str
    alert_level: str | None

    @property
    def exceeded(self) -> bool:
        """Beyond the timeout by at least one full second."""
        return self.exceeded_by_seconds > 0

    @property
    def at_risk(self) -> bool:
        """Not exceeded, and less than a fifth of the time remains."""
        return self.risk_level in {"critical", "high"}

    @property
    def remaining_minutes(self) -> int:
        """Whole minutes that remain, floored; negative when exceeded."""
        return self.remaining_seconds // 60

    @property
    def exceeded_by_minutes(self) -> int:
        """Whole minutes beyond the timeout, floored; 0 when on time."""
        return self.exceeded_by_seconds // 60

    @property
    def remaining_percent(self) -> float:
        """The share of the timeout that remains, two decimals; negative when exceeded."""
        return percent(self.remaining_seconds, self.timeout_minutes * 60)


class Statistics(NamedTuple):
    """In-progress tasks with a timeout, by standing; beside them those that have none or are held."""

    on_time: int
    at_risk: int
    exceeded: int
    untracked: int
    on_hold: int

    @property
    def total(self) -> int:
        """All in-progress tasks with a timeout."""
        return self.on_time + self.at_risk + self.exceeded

    @property
    def compliance_rate(self) -> float:
        """Per cent on time, two decimals half-up; 100.0 when there is nothing to be late with."""
        return percent(self.on_time, self.total) if self.total else 100.0

    @property
    def breach_free_rate(self) -> float:
        """Per cent not exceeded: what is at risk still counts as good here."""
        return percent(self.on_time + self.at_risk, self.total) if self.total else 100.0


def judge(elapsed_seconds: int, timeout_minutes: int) -> Standing:
    """The standing of a task that has run for so many seconds."""
    remaining = timeout_minutes * 60 - elapsed_seconds
    exceeded = max(0, -remaining)
    level = level_of(exceeded).name if exceeded else None
    return Standing(
        elapsed_seconds, timeout_minutes, remaining, exceeded, risk_level(remaining, timeout_minutes), level
    )


def risk_level(remaining_seconds: int, timeout_minutes: int) -> str:
    """One of `RISK_LEVELS`, by the share of the timeout that remains."""
    if remaining_seconds < 0:
        return "exceeded"
    for level, share in (("critical", CRITICAL_PERCENT), ("high", AT_RISK_PERCENT), ("medium", 50)):
        if remaining_seconds * 100 < share * timeout_minutes * 60:
            return level
    return "low"


def level_of(exceeded_seconds: int) -> Level:
    """The alert level of a task that is late by so many seconds."""
    return next(level for level in LEVELS if exceeded_seconds < level.end)


def at_risk_after(timeout_minutes: int, percent_left: int = AT_RISK_PERCENT) -> int:
    """The first elapsed second at which less than `percent_left` per cent of the timeout remains."""
    return (100 - percent_left) * timeout_minutes * 60 // 100 + 1


def next_slot(last: int | None, *, on_rise: bool = False) -> int:
    """The next alert's place on the calendar, in seconds exceeded, given the last one's.

    The interval is that of the level the task will have then: 0, 60, 90, 120, 135, 150 … minutes.
    With `on_rise` an alert is due as well at the moment the level rises.
    """
    if last is None:
        return 0
    slots = ((max(last + level.interval, level.start), level.end) for level in LEVELS)
    slot = next(slot for slot, end in slots if slot < end)
    return min(slot, level_of(last).end) if on_rise else slot


def latest_slot(last: int | None, exceeded_seconds: int, *, on_rise: bool = False) -> tuple[int, int]:
    """The slot an alert claimed now stands for, and how many earlier ones were missed.

    Raises:
        ValueError: no slot is due yet.
    """
    slot = next_slot(last, on_rise=on_rise)
    if slot > exceeded_seconds or exceeded_seconds <= 0:
        raise ValueError(f"no alert is due at {exceeded_seconds} s after one at {last}")
    missed = 0
    while (following := next_slot(slot, on_rise=on_rise)) <= exceeded_seconds:
        step = following - slot
        leap = (exceeded_seconds - slot) // step if slot >= CRITICAL.start else 1
        slot, missed = slot + leap * step, missed + leap
    return slot, missed


def due_at(running_since: int, banked_ms: int, timeout_minutes: int) -> int:
    """The last instant at which a running task is on time, in ms."""
    return running_since - banked_ms + timeout_minutes * MINUTE


def alert_at(due: int, slot: int) -> int:
    """The instant of a slot. The first one waits for the first full second beyond the timeout."""
    return due + max(slot, 1) * SECOND


def verdict(outcome: str, exceeded: bool, timeout_minutes: int | None) -> str:
    """How a finished cycle counts: `met` or `missed`; `untracked` without timeout; else as it ended.

    A cycle that was skipped or cancelled is neither met nor missed; one that failed is missed when late.
    """
    if outcome in {"skipped", "cancelled"}:
        return outcome
    if timeout_minutes is None:
        return "untracked"
    if exceeded:
        return "missed"
    return "met" if outcome == "completed" else outcome


def percent(part: int, whole: int) -> float:
    """`part / whole` in per cent with two decimals, half-up, in integers: no float ever decides."""
    return ((20_000 * part + whole) // (2 * whole)) / 100


def percentage(rate: float, *, perfect: bool = False) -> str:
    """A rate as `66.67%`; never as 100.00% unless it is perfect."""
    return f"{rate if perfect else min(rate, NEARLY):.2f}%"
