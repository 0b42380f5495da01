"""The simulation: what a team does next, decided by chance and a clock from outside. No I/O.

Each time a task comes into another state the team makes up its mind once: a card of that state's deck says
how it goes on and when. A deck is dealt to its end before it is shuffled again, so whatever the chance,
every card turns up. What somebody else changes is seen, and thought over anew; what you hold stays yours.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from taskwatch.cli.demo.cards import DECKS, Deed, Seen, Thought
from taskwatch.cli.demo.staff import KINDS, YOU, Kind
from taskwatch.model.task import FAILED, IN_PROGRESS, ON_HOLD, READY

LOOKED_AT = (READY, IN_PROGRESS, ON_HOLD, FAILED)
OPEN = "open"
MISSED_MS = 300_000  # older: it came in while the machine slept


class Arrival(NamedTuple):
    """Something comes in at an instant (ms); what is neglected is begun and then left alone."""

    at: int
    neglected: bool = False


class Team:
    """Works through what arrives. `speed` is how fast people turn to a task; its work takes its time."""

    def __init__(self, seed: int, arrivals: Iterator[Arrival], speed: float = 1.0) -> None:
        self._random = Random(seed)  # noqa: S311  a play, no secret
        self._speed = speed
        self._arrivals = arrivals
        self._next = next(arrivals)
        self._numbers = {kind.code: kind.first for kind in KINDS}
        self._decks: dict[str, list[str]] = {}
        self._plans: dict[str, _Plan] = {}
        self._neglected: set[str] = set()

    def next_at(self) -> int:
        """When there is something to do (ms), as far as is known."""
        return min([self._next.at, *(plan.deeds[0].at for plan in self._plans.values() if plan.deeds)])

    def due(self, tasks: Sequence[Seen], now: int) -> list[Deed]:
        """What is done up to `now` (ms), in order; `tasks` are all that are in one of `LOOKED_AT`."""
        self._plans = {task.code: self._plan(task) for task in tasks}
        deeds = list(self._take_in(now))
        for plan in self._plans.values():
            while plan.deeds and plan.deeds[0].at <= now:
                deeds.append(plan.deeds.popleft())
        return sorted(deeds, key=lambda deed: deed.at)

    def _take_in(self, now: int) -> Iterator[Deed]:
        while self._next.at <= now:
            if now - self._next.at <= MISSED_MS:
                yield Deed(self._next.at, OPEN, self._number(self._next))
            self._next = next(self._arrivals)

    def _number(self, arrival: Arrival) -> str:
        kind = self._pick_kind()
        workflow = f"{kind.code}.{self._numbers[kind.code]}"
        self._numbers[kind.code] += 1
        if arrival.neglected:
            self._neglected.add(workflow)
        return workflow

    def _plan(self, task: Seen) -> "_Plan":
        known = self._plans.get(task.code)
        if known and (known.status, known.since) == (task.status, task.since):
            return known
        deeds = sorted(self._think(task), key=lambda deed: deed.at)
        return _Plan(task.status, task.since, deque(deeds))

    def _think(self, task: Seen) -> list[Deed]:
        if task.holder == YOU or not task.roles:
            return []
        thought = Thought(self._random, task, self._speed)
        if task.workflow in self._neglected and task.status == READY:
            return thought.begin()
        if task.workflow in self._neglected and task.status == IN_PROGRESS:
            self._neglected.discard(task.workflow)  # one task of it will do
            return thought.neglect()
        return thought.by_card(self._draw(task.status))

    def _draw(self, status: str) -> str:
        deck = self._decks.setdefault(status, [])
        if not deck:
            deck += [card for card, count in DECKS[status].items() for _ in range(count)]
            self._random.shuffle(deck)
        return deck.pop()

    def _pick_kind(self) -> Kind:
        return self._random.choices(KINDS, [kind.share for kind in KINDS])[0]


class _Plan(NamedTuple):
    """What is to be done with a task for as long as it stays in this state."""

    status: str
    since: int
    deeds: deque[Deed]
