"""Acknowledgements: somebody takes care of a late task, or wants to hear of it later.

An ack holds until it ends or the level rises above the one it was given at. A snooze holds until it ends,
whatever the level. Either is for one cycle; the newest one of a task is the one that counts.
"""

from collections.abc import Iterable
from typing import NamedTuple

from taskwatch.model import sla

ACK, SNOOZE = "ack", "snooze"
KINDS = (ACK, SNOOZE)

_ORDER = {level.name: place for place, level in enumerate(sla.LEVELS)}


class Ack(NamedTuple):
    """An acknowledgement as it is kept. Instants are ms; `level` is that of the task when it was given."""

    id: int
    task_id: int
    cycle: int
    kind: str
    level: str | None
    user_id: int | None
    reason: str | None
    at: int
    until: int
    ended_at: int | None


def covering(acks: Iterable[Ack], *, cycle: int, level: str | None, now: int) -> Ack | None:
    """The acknowledgement that stops an alert of this cycle and level at `now` (ms), or None."""
    return next((ack for ack in acks if covers(ack, cycle=cycle, level=level, now=now)), None)


def covers(ack: Ack, *, cycle: int, level: str | None, now: int) -> bool:
    """Whether an acknowledgement stops an alert of this cycle and level at `now` (ms)."""
    if ack.cycle != cycle or not stands(ack, now):
        return False
    return ack.kind == SNOOZE or not _rises(ack.level, level)


def stands(ack: Ack, now: int) -> bool:
    """Whether it has neither run out nor been taken back at `now` (ms)."""
    return ack.at <= now < ack.until and (ack.ended_at is None or now < ack.ended_at)


def _rises(known: str | None, level: str | None) -> bool:
    return _ORDER.get(level or "", -1) > _ORDER.get(known or "", -1)
