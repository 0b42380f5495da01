"""The clock ledger: marks at which a cycle's clock was started, paused or stopped, and what they add up to.

A mark says what the clock does from its instant on. Marks are only ever appended; each carries the time
banked so far and the timeout then in force, so that one mark is enough to judge a task at any later instant.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

RUNNING = "running"
PAUSED = "paused"
STOPPED = "stopped"


class Mark(NamedTuple):
    """From `at` (ms) on, the clock of this cycle is `state`; `banked_ms` had been counted by then."""

    task_id: int
    cycle: int
    at: int
    state: str
    banked_ms: int
    timeout_minutes: int | None
    reason: str | None


class Segment(NamedTuple):
    """A stretch `[start, end)` of one state; `end` is None while it lasts."""

    state: str
    start: int
    end: int | None
    reason: str | None


def segments(marks: Sequence[Mark]) -> list[Segment]:
    """The stretches of one cycle, in order; marks that change nothing but the timeout are joined."""
    found: list[Segment] = []
    for mark in marks:
        if found and found[-1].state == mark.state:
            continue
        if found:
            found[-1] = found[-1]._replace(end=mark.at)
        if mark.state != STOPPED:
            found.append(Segment(mark.state, mark.at, None, mark.reason))
    return found


def elapsed_ms(marks: Sequence[Mark], until: int) -> int:
    """What the running segments of one cycle add up to at an instant, from their borders alone."""
    return sum(
        max(0, min(until, until if segment.end is None else segment.end) - segment.start)
        for segment in segments(marks)
        if segment.state == RUNNING
    )


def until(marks: Iterable[Mark], instant: int) -> list[Mark]:
    """The marks that existed at an instant."""
    return [mark for mark in marks if mark.at <= instant]
