"""The alert calendar of one cycle: what became of every slot, and which one comes next."""

from collections.abc import Sequence
from typing import NamedTuple

from taskwatch.model import ledger, sla

SENT = "sent"
COLLAPSED = "collapsed"
DUE = "due"
UNNOTICED = "unnoticed"
SCHEDULED = "scheduled"
ON_HOLD = "on_hold"
ENDED = "ended"


class Alert(NamedTuple):
    """An alert that was claimed. Slots are seconds beyond the timeout in force then; instants are ms."""

    ordinal: int
    slot_seconds: int
    slot_at: int
    claimed_at: int
    level: str
    exceeded_by_seconds: int
    timeout_minutes: int
    missed: int


class Slot(NamedTuple):
    """What became of a slot, or of `repeats` slots in a row from `seconds` on.

    `ordinal` is the alert that was sent for it, or into which it collapsed.
    """

    seconds: int
    repeats: int
    timeout_minutes: int
    code: str
    ordinal: int | None = None

    @property
    def elapsed_ms(self) -> int:
        """How long the clock has run when this slot comes; the first waits for a full second beyond."""
        return (self.timeout_minutes * 60 + max(self.seconds, 1)) * sla.SECOND


def fates(
    alerts: Sequence[Alert], timeout_minutes: int, exceeded: int, clock: str, *, on_rise: bool = False
) -> list[Slot]:
    """Every slot until now, then the next one. `exceeded` is in seconds, `clock` a state of the ledger."""
    found = _told(alerts, on_rise=on_rise)
    last = _last(alerts, timeout_minutes)
    slot = sla.next_slot(last, on_rise=on_rise)
    if exceeded > 0 and slot <= exceeded:
        latest, missed = sla.latest_slot(last, exceeded, on_rise=on_rise)
        untold = {ledger.RUNNING: DUE, ledger.PAUSED: ON_HOLD}.get(clock, UNNOTICED)
        found.append(Slot(slot, missed + 1, timeout_minutes, untold))
        slot = sla.next_slot(latest, on_rise=on_rise)
    to_come = {ledger.RUNNING: SCHEDULED, ledger.PAUSED: ON_HOLD}.get(clock, ENDED)
    return [*found, Slot(slot, 1, timeout_minutes, to_come)]


def reached(segments: Sequence[ledger.Segment], elapsed_ms: int) -> int | None:
    """The instant at which a clock had run, or will have run, for so long; None if it stands before that.

    A clock that stopped at that very moment reaches it again when it runs on, which is what the record keeps.
    """
    left, instant = elapsed_ms, None
    for segment in segments:
        if segment.state != ledger.RUNNING:
            continue
        if segment.end is None or segment.start + left < segment.end:
            return segment.start + left
        left -= segment.end - segment.start
        instant = segment.end if left == 0 else None
    return instant


def _told(alerts: Sequence[Alert], *, on_rise: bool) -> list[Slot]:
    found: list[Slot] = []
    for place, alert in enumerate(alerts):
        timeout = alert.timeout_minutes
        if alert.missed:
            first = sla.next_slot(_last(alerts[:place], timeout), on_rise=on_rise)
            found.append(Slot(first, alert.missed, timeout, COLLAPSED, alert.ordinal))
        found.append(Slot(alert.slot_seconds, 1, timeout, SENT, alert.ordinal))
    return found


def _last(alerts: Sequence[Alert], timeout_minutes: int) -> int | None:
    """The last alert's slot under a timeout that may be another than it had."""
    if not alerts:
        return None
    slot = alerts[-1].slot_seconds + (alerts[-1].timeout_minutes - timeout_minutes) * 60
    return slot if slot >= 0 else None
