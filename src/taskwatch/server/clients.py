"""Every live client of this worker: kept warm, watched over, and said goodbye to.

A client has its place in one of fifteen rows; every second one row is pulsed, so that each client hears
something at least every fifteen seconds and no second has to bear all.
"""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from taskwatch import clock
from taskwatch.server.outlet import Outlet
from taskwatch.server.revocation import read as revocation_in
from taskwatch.services.fact import Fact

ROWS = 15
LOOK_EVERY = 2  # seconds between two looks at who does not read
SILENCE_SECONDS = 45.0  # three pulses that a WebSocket did not answer
BATCH_SECONDS = 0.02


class Clients:
    """The live clients; `cut_off` counts those that did not keep up."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._rows: list[dict[Outlet, None]] = [{} for _ in range(ROWS)]
        self._seat = itertools.cycle(range(ROWS))
        self._row_of: dict[Outlet, int] = {}
        self.cut_off = 0
        self.is_draining = False

    def __iter__(self) -> Iterator[Outlet]:
        return iter(tuple(self._row_of))

    def __len__(self) -> int:
        return len(self._row_of)

    def enter(self, outlet: Outlet) -> None:
        """Take care of a client from now on."""
        row = self._row_of[outlet] = next(self._seat)
        self._rows[row][outlet] = None

    def leave(self, outlet: Outlet) -> None:
        """It has gone."""
        if (row := self._row_of.pop(outlet, None)) is not None:
            del self._rows[row][outlet]
            self.cut_off += outlet.was_cut

    def count(self) -> dict[str, int]:
        """How many there are of each kind."""
        return dict(Counter(outlet.kind for outlet in self._row_of))

    async def run(self) -> None:
        """Pulse and watch, for ever."""
        for second in itertools.count():
            self.pulse(second % ROWS)
            if second % LOOK_EVERY == 0:
                self.look(clock.monotonic(), self._now())
            await asyncio.sleep(1)

    def pulse(self, row: int) -> None:
        """Let the clients of one row hear something."""
        for outlet in tuple(self._rows[row]):
            outlet.send(outlet.pulse)

    def look(self, now: float, wall: int) -> None:
        """Cut off who does not read or answer any more; say goodbye where an identity has expired."""
        for outlet in self:
            if outlet.expires_at is not None and outlet.expires_at <= wall:
                outlet.farewell()
            elif outlet.is_stalled(now) or (outlet.kind != "sse" and now - outlet.heard > SILENCE_SECONDS):
                outlet.cut()

    def learn(self, facts: Sequence[Fact]) -> None:
        """Say goodbye to whoever has to show again what it may follow."""
        if (revocation := revocation_in(facts)) is not None:
            for outlet in self:
                if outlet.is_of(revocation):
                    outlet.farewell()

    def learn_anew(self) -> None:
        """Say goodbye to all: what they come back with tells them what they missed."""
        for outlet in self:
            outlet.farewell()

    async def drain(self, seconds: float) -> None:
        """Say goodbye to all, in small batches at uneven intervals: they come back the same way."""
        self.is_draining = True
        waiting = list(self)
        random.shuffle(waiting)
        batch = max(8, int(len(waiting) * BATCH_SECONDS / seconds) + 1)
        for start in range(0, len(waiting), batch):
            for outlet in waiting[start : start + batch]:
                outlet.farewell()
            await asyncio.sleep(BATCH_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311 - only spreads load
