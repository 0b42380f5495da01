"""How a delivery goes on after a try: it ended, or when to try again.

Pauses grow twofold and are drawn at random between nothing and the longest of their step (full jitter), so
that what failed together does not come back together.
"""

from typing import NamedTuple

from taskwatch.errors import InvalidInput

PENDING, SENT, DEAD, EXPIRED = "pending", "sent", "dead", "expired"

SHORTEST_PAUSE = 1.0
LONGEST_WISH = 3_600.0
USUAL_WISH = 60.0

EXHAUSTED = "tries_exhausted"
REFUSED = "refused"
GONE = "address_gone"
TOO_LATE = "too_late"
CRASHED = "crashed_worker"


class Patience(NamedTuple):
    """How often a channel tries, and its first and longest pause (seconds)."""

    tries: int = 6
    first: float = 10.0
    longest: float = 3_600.0


class Course(NamedTuple):
    """How a delivery goes on. `attempt` counts the tries made; `due_at` (ms) matters while it is pending."""

    state: str
    reason: str | None
    attempt: int
    due_at: int


def course(
    outcome: str,
    *,
    attempt: int,
    now: int,
    expires_at: int,
    patience: Patience,
    chance: float,
    after: float | None = None,
) -> Course:
    """What follows from an outcome's kind at `now` (ms), after so many tries with this one.

    `chance` is a random number in 0..1; `after` is how many seconds the receiver asked to wait. Being rate
    limited, or a channel that is set up wrong, is nobody's try.
    """
    if outcome == "ok":
        return Course(SENT, None, attempt, now)
    if outcome in _FINAL:
        return Course(DEAD, _FINAL[outcome], attempt, now)
    if outcome not in _UNCOUNTED and attempt >= patience.tries:
        return Course(DEAD, EXHAUSTED, attempt, now)
    made = attempt - (outcome in _UNCOUNTED)
    due_at = now + round(1000 * _pause(outcome, attempt, patience, chance, after))
    if due_at >= expires_at:
        return Course(EXPIRED, TOO_LATE, made, now)
    return Course(PENDING, None, made, due_at)


def pause(attempt: int, patience: Patience, chance: float) -> float:
    """Seconds between a try, counted from 1, and the next one.

    Raises:
        InvalidInput: there was no such try, or `chance` is not in 0..1.
    """
    if attempt < 1 or not 0 <= chance <= 1:
        raise InvalidInput(f"there is no pause after try {attempt} by chance {chance}")
    longest = min(patience.longest, patience.first * 2.0 ** min(attempt - 1, 60))
    return max(SHORTEST_PAUSE, chance * longest)


_FINAL = {"permanent": REFUSED, "gone": GONE}
_UNCOUNTED = frozenset({"rate_limited", "misconfigured"})


def _pause(outcome: str, attempt: int, patience: Patience, chance: float, after: float | None) -> float:
    if outcome == "misconfigured":
        return SHORTEST_PAUSE  # the whole channel rests, see `model.breaker`
    if outcome == "rate_limited" and after is None:
        after = USUAL_WISH
    return max(pause(attempt, patience, chance), min(after or 0.0, LONGEST_WISH))
