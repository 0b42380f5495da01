"""How one task goes on: a deck of cards for each state, and what each card means. No I/O, no clock."""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from taskwatch.cli.demo.staff import LEAD, REASONS, members
from taskwatch.model.task import FAILED, IN_PROGRESS, ON_HOLD, READY

GIVE_UP = "give up"
USUAL_SECONDS = 60.0  # for what has no timeout
LEAST_SECONDS = 15.0
NEGLECT_SECONDS = 6 * 3600.0

DECKS = {
    READY: {"begin": 14, "claim": 8, "straight": 2, "skip": 1, "postpone": 1},
    IN_PROGRESS: {
        "well": 45, "barely": 23, "late": 3, "cared": 4, "forget": 1, "hold": 3, "fail": 2, "hand": 3,
    },
    ON_HOLD: {"resume": 1},
    FAILED: {"retry": 6, "skip": 2, GIVE_UP: 1},
}  # fmt: skip


class Seen(NamedTuple):
    """A task as the team sees it.

    `since` (ms) is when it came into its status, `spent` how many seconds of work went before that.
    """

    code: str
    status: str
    since: int
    timeout_minutes: int | None = None
    roles: tuple[str, ...] = ()
    holder: int | None = None
    workflow: str = ""
    spent: int = 0


class Deed(NamedTuple):
    """What somebody does at an instant (ms). The target is a task's code or, to open or give up, `bc.114`."""

    at: int
    verb: str
    target: str
    by: int | None = None
    reason: str | None = None


class Thought:
    """How one task goes on: a method for each card, named by it in `_CARDS`."""

    def __init__(self, chance: Random, task: Seen, speed: float) -> None:
        self._random = chance
        self._task = task
        self._speed = speed
        self._budget = max(LEAST_SECONDS, ((task.timeout_minutes or 0) * 60 or USUAL_SECONDS) - task.spent)
        self._who = task.holder or self._pick()

    def by_card(self, card: str) -> list[Deed]:
        return _CARDS[self._task.status, card](self)

    def begin(self) -> list[Deed]:
        return [self._do("start", self._soon())]

    def claim(self) -> list[Deed]:
        seconds = self._soon()
        return [self._do("claim", seconds / 2), self._do("start", seconds)]

    def straight(self) -> list[Deed]:
        return [self._do("complete", self._soon())]

    def skip(self) -> list[Deed]:
        return [self._do("skip", self._soon(), LEAD)]

    def postpone(self) -> list[Deed]:
        return [self._do("hold", self._soon())]

    def well(self) -> list[Deed]:
        return [self._do("complete", self._share(0.25, 0.75))]

    def barely(self) -> list[Deed]:
        return [self._do("complete", self._share(0.88, 0.99))]

    def late(self) -> list[Deed]:
        return [self._do("complete", self._share(1.15, 1.8))]

    def cared(self) -> list[Deed]:
        overdue = self._budget + self._random.uniform(3, 12)
        done = self._do("complete", overdue + self._share(0.3, 1.0))
        return [self._do("ack", overdue), done] if self._task.timeout_minutes else [done]

    def forget(self) -> list[Deed]:
        done = self._do("complete", self._budget + self._random.uniform(10, 90) * 60)
        if not self._task.timeout_minutes:
            return [done]
        return [self._do("snooze", self._budget + self._random.uniform(60, 300), LEAD), done]

    def neglect(self) -> list[Deed]:
        return [self._do("complete", NEGLECT_SECONDS)]

    def hold(self) -> list[Deed]:
        return [self._do("hold", self._share(0.2, 0.7))]

    def fail(self) -> list[Deed]:
        return [self._do("fail", self._share(0.2, 0.7))]

    def hand(self) -> list[Deed]:
        """Over to a colleague."""
        other, seconds = self._pick(), self._share(0.2, 0.4)
        return [
            self._do("release", seconds),
            self._do("claim", seconds + 4, other),
            self._do("complete", seconds + 4 + self._share(0.2, 0.5), other),
        ]

    def resume(self) -> list[Deed]:
        return [self._do("resume", 5 * self._soon())]

    def retry(self) -> list[Deed]:
        return [self._do("retry", 2 * self._soon(), LEAD)]

    def give_up(self) -> list[Deed]:
        at = self._instant(2 * self._soon())
        return [Deed(at, GIVE_UP, self._task.workflow, LEAD, self._random.choice(REASONS["cancel"]))]

    def _do(self, verb: str, seconds: float, by: int | None = None) -> Deed:
        reason = self._random.choice(REASONS[verb]) if verb in REASONS else None
        return Deed(self._instant(seconds), verb, self._task.code, by or self._who, reason)

    def _instant(self, seconds: float) -> int:
        return self._task.since + max(1, int(seconds * 1000))

    def _soon(self) -> float:
        """Seconds until somebody turns to it."""
        return self._random.uniform(3, 16) / self._speed

    def _share(self, low: float, high: float) -> float:
        return self._random.uniform(low, high) * self._budget

    def _pick(self) -> int:
        """Somebody of its roles who does not have it; the lead where there is nobody."""
        fit = [user for role in self._task.roles for user in members(role) if user != self._task.holder]
        return self._random.choice(fit) if fit else LEAD


_CARDS: dict[tuple[str, str], Callable[[Thought], list[Deed]]] = {
    (READY, "begin"): Thought.begin,
    (READY, "claim"): Thought.claim,
    (READY, "straight"): Thought.straight,
    (READY, "skip"): Thought.skip,
    (READY, "postpone"): Thought.postpone,
    (IN_PROGRESS, "well"): Thought.well,
    (IN_PROGRESS, "barely"): Thought.barely,
    (IN_PROGRESS, "late"): Thought.late,
    (IN_PROGRESS, "cared"): Thought.cared,
    (IN_PROGRESS, "forget"): Thought.forget,
    (IN_PROGRESS, "hold"): Thought.hold,
    (IN_PROGRESS, "fail"): Thought.fail,
    (IN_PROGRESS, "hand"): Thought.hand,
    (ON_HOLD, "resume"): Thought.resume,
    (FAILED, "retry"): Thought.retry,
    (FAILED, "skip"): Thought.skip,
    (FAILED, GIVE_UP): Thought.give_up,
}
