"""The SLA loop: sleeps until the next alert is due, claims it, and never looks at what is not due."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from taskwatch import clock
from taskwatch.actions import alerts
from taskwatch.model import event
from taskwatch.services.database import Database
from taskwatch.services.fact import Fact

# Timers run on a clock that stops while a machine sleeps: the wall clock is looked at this often.
LONGEST_REST = 1.0
# However much happens, the database is not asked more often: a busy log would keep it busy, too.
SHORTEST_REST = 0.1
# The events that can bring the next alert forward.
_FORWARD = frozenset({event.STATUS_CHANGED, event.TIMEOUT_CHANGED, event.TASK_IMPORTED})
JUMP_MS = 2_000

log = logging.getLogger(__name__)


class Watch:
    """Claims alerts when they are due. `last_tick` is the monotonic instant (seconds) of the last look.

    One that failed counts: a database that is away is no reason to take the loop for dead.
    """

    def __init__(self, database: Database, now: Callable[[], int], *, alert_on_rise: bool = False) -> None:
        self._database = database
        self._now = now
        self._wake = asyncio.Event()
        self._next: int | None = None
        self._is_known = False
        self._offset: float | None = None
        self.alert_on_rise = alert_on_rise
        self.last_tick: float | None = None

    def learn(self, facts: Sequence[Fact]) -> None:
        """Something changed: what is due next may have changed with it."""
        if not _FORWARD.isdisjoint([fact.kind for fact in facts]):
            self.learn_anew()

    def learn_anew(self) -> None:
        """Anything may have changed."""
        self._is_known = False
        self._wake.set()

    async def run(self) -> None:
        """Tick for ever."""
        while True:
            await self.tick()
            await self._rest()

    async def tick(self) -> alerts.Pass | None:
        """Claim what is due now; None if nothing is. It asks the database only after something changed."""
        now = self._now()
        self._mind_jumps(now)
        self.last_tick = clock.monotonic()
        if not self._is_known:
            self._is_known = True
            await self._find_next()
        if self._next is None or self._next > now:
            return None
        self._is_known = False
        return await self._database.work(alerts.monitor, now, on_rise=self.alert_on_rise)

    async def _find_next(self) -> None:
        try:
            self._next = await self._database.read(alerts.next_due)
        except BaseException:
            self._is_known = False
            raise
        self.last_tick = clock.monotonic()

    async def _rest(self) -> None:
        due_in = LONGEST_REST if self._next is None else (self._next - self._now()) / 1000
        rest = min(LONGEST_REST, max(0.0, due_in))
        await asyncio.sleep(min(SHORTEST_REST, rest))
        try:
            async with asyncio.timeout(rest - SHORTEST_REST):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    def _mind_jumps(self, now: int) -> None:
        offset = now - clock.monotonic() * 1000
        if self._offset is not None and abs(offset - self._offset) > JUMP_MS:
            log.warning("the clock jumped by %d seconds", (offset - self._offset) // 1000)
        self._offset = offset
