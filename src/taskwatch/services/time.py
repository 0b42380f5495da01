"""The time by which all who use a database go: the server's where there is one, for machines disagree.

It is asked now and then, and carried on in between by a clock that nobody sets: a step of this machine's own
time changes nothing.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

from taskwatch import clock
from taskwatch.errors import Unavailable
from taskwatch.services.database import Database
from taskwatch.services.supervise import keep
from taskwatch.store import Store
from taskwatch.store.address import is_postgres

MEASURE_SECONDS = 5.0
# An answer that was longer on its way says too little about when it was given.
SLOW_SECONDS = 0.5
TELL_MS = 2_000

log = logging.getLogger(__name__)


class Measured(NamedTuple):
    """How far the server's time is ahead (ms): of the monotonic clock, and of this machine's wall clock."""

    of_monotonic: float
    of_wall: float
    took_seconds: float


class SharedTime:
    """Tells the server's time. `ahead_ms` is how far this machine's was behind it at the last look."""

    def __init__(self, database: Database) -> None:
        self.ahead_ms = 0
        self._database = database
        self._of_monotonic = 0.0
        self._told_ms = 0

    def now(self) -> int:
        """The time in ms UTC."""
        return int(self._of_monotonic + 1000 * clock.monotonic())

    async def begin(self) -> None:
        """Look for the first time; Unavailable if the server cannot be reached."""
        self._adopt(await self._database.read(measure))

    async def run(self) -> None:
        """Look for ever; while the server is away the time goes on without it."""
        while True:
            await asyncio.sleep(MEASURE_SECONDS)
            with contextlib.suppress(Unavailable):
                measured = await self._database.read(measure)
                if measured.took_seconds <= SLOW_SECONDS:
                    self._adopt(measured)

    def _adopt(self, measured: Measured) -> None:
        self._of_monotonic = measured.of_monotonic
        self.ahead_ms = round(measured.of_wall)
        if abs(self.ahead_ms - self._told_ms) > TELL_MS:
            self._told_ms = self.ahead_ms
            log.warning(
                "this machine's clock is %.1f s %s the database's, which is gone by",
                abs(self.ahead_ms) / 1000,
                "behind" if self.ahead_ms > 0 else "ahead of",
            )


@contextlib.asynccontextmanager
async def telling(database: Database) -> AsyncIterator[Callable[[], int]]:
    """What tells the time for a database; kept right for as long as the block runs."""
    if not is_postgres(database.url):
        yield clock.now
        return
    shared = SharedTime(database)
    await shared.begin()
    looking = asyncio.get_running_loop().create_task(keep("time", shared.run))
    try:
        yield shared.now
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


def measure(store: Store) -> Measured:
    """Ask a store for its time; it is taken to have answered half way."""
    wall, before = clock.now(), clock.monotonic()
    there, took = store.now(), clock.monotonic() - before
    return Measured(there - 1000 * (before + took / 2), there - wall - 1000 * took / 2, took)
