"""Forgetting old tries, deliveries and read messages; what is dead stays until somebody discards it."""

from typing import NamedTuple, TypedDict

from taskwatch.actions.upkeep import STRETCH, Pruned
from taskwatch.config import Config
from taskwatch.store import EVERYTHING, Store, Tx

DAY_MS = 86_400_000


class Keep(NamedTuple):
    """How many days to keep tries, deliveries that ended, and messages that were read; 0 is for ever."""

    attempts_days: int = 30
    deliveries_days: int = 90
    inbox_days: int = 90


class Forgotten(TypedDict):
    """How many tries, deliveries and messages were (or, in a dry run, would be) forgotten."""

    attempts: int
    deliveries: int
    notifications: int


class PrunedShape(Pruned, Forgotten):
    """All that was (or, in a dry run, would be) forgotten."""


def keep(config: Config) -> Keep:
    """How long a configuration wants things kept."""
    return Keep(*(config.number(f"retention.{name}") for name in Keep._fields))


def forget(store: Store, now: int, wish: Keep, *, dry_run: bool = False) -> Forgotten:
    """Forget what is older than wished at `now` (ms), in stretches, so that others need not wait."""
    before = [now - days * DAY_MS if days else 0 for days in wish]
    if dry_run:
        with store.write(dry_run=True) as tx:
            counts = [
                _some(tx, question, at, EVERYTHING) for question, at in zip(_QUESTIONS, before, strict=True)
            ]
    else:
        counts = [_all(store, question, at) for question, at in zip(_QUESTIONS, before, strict=True)]
    attempts, deliveries, notifications = counts
    return {"attempts": attempts, "deliveries": deliveries, "notifications": notifications}


def _all(store: Store, question: str, before: int) -> int:
    forgotten, gone = 0, STRETCH
    while gone == STRETCH:
        with store.write() as tx:
            gone = _some(tx, question, before, STRETCH)
        forgotten += gone
    return forgotten


def _some(tx: Tx, question: str, before: int, limit: int) -> int:
    return tx.run(question, before=before, limit=limit)


# Their order matters: a message goes only after its deliveries.
_QUESTIONS = (
    "deliveries.forget_old_attempts",
    "deliveries.forget_old_deliveries",
    "deliveries.forget_old_notifications",
)
