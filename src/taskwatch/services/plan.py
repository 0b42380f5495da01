"""The planning loop: what happened becomes messages for people as soon as it is in the log."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from taskwatch.actions import planning
from taskwatch.actions.planner import Planner
from taskwatch.model import event
from taskwatch.services.database import Database
from taskwatch.services.fact import Fact

# Summaries come by time, and an event whose fact was not heard of is planned all the same.
LONGEST_REST = 1.0
_TOLD = frozenset({event.BECAME_READY, event.SLA_EXCEEDED, event.SLA_RETRACTED, event.STATUS_CHANGED})

log = logging.getLogger(__name__)


class Plan:
    """Plans batch after batch; `planned` is called when deliveries were made, so that they go out at once."""

    def __init__(
        self, database: Database, now: Callable[[], int], planner: Planner, planned: Callable[[], None]
    ) -> None:
        self._database = database
        self._now = now
        self._planned = planned
        self._wake = asyncio.Event()
        self.planner = planner

    def learn(self, facts: Sequence[Fact]) -> None:
        """Something happened: somebody may have to be told."""
        if not _TOLD.isdisjoint([fact.kind for fact in facts]):
            self._wake.set()

    async def run(self) -> None:
        """Plan for ever."""
        while True:
            await self.tick()
            try:
                async with asyncio.timeout(LONGEST_REST):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def tick(self) -> None:
        """Plan until nothing is left."""
        more = True
        while more:
            self._wake.clear()
            done = await self._database.work(planning.plan, self._now(), self.planner)
            more = done.more
            for fault in done.degraded:
                log.warning("a template cannot be used, messages are plain instead: %s", fault)
            if done.deliveries:
                self._planned()
