"""The breaker of a channel: after failures in a row it rests, then one delivery tries whether it works again.

Closed, it lets everything through; open, nothing until `open_until`; after that one at a time, until one
arrives or fails.
"""

from typing import NamedTuple

FAILURES = 5
FIRST_REST_MS = 60_000
LONGEST_REST_MS = 15 * 60_000

_ARRIVED = frozenset({"ok", "permanent", "gone"})


class Breaker(NamedTuple):
    """How a channel does. `openings` counts the rests since it last worked; `open_until` is in ms."""

    failures: int = 0
    openings: int = 0
    open_until: int | None = None
    reason: str | None = None

    def is_open(self, now: int) -> bool:
        """Whether it rests at `now` (ms)."""
        return self.open_until is not None and now < self.open_until

    def room(self, wish: int, in_flight: int, now: int) -> int:
        """How many of the wished deliveries may be tried now, with so many under way."""
        if self.is_open(now):
            return 0
        return min(wish, max(0, 1 - in_flight)) if self.openings else wish


CLOSED = Breaker()


def after(breaker: Breaker, outcome: str, detail: str, now: int) -> Breaker:
    """The breaker after a try ended so; a receiver that refuses one message works all the same."""
    if outcome in _ARRIVED:
        return CLOSED
    failed = breaker._replace(failures=breaker.failures + 1)
    if breaker.is_open(now):
        return failed
    if outcome == "misconfigured" or breaker.openings or failed.failures >= FAILURES:
        return _opened(failed, detail, now)
    return failed


def _opened(breaker: Breaker, detail: str, now: int) -> Breaker:
    rest = min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** min(breaker.openings, 10))
    return breaker._replace(openings=breaker.openings + 1, open_until=now + rest, reason=detail)
