"""The tidying loop: once an hour it forgets old tries, deliveries and read messages."""

import asyncio
import logging
from collections.abc import Callable

from taskwatch.actions import retention
from taskwatch.actions.retention import Keep
from taskwatch.services.database import Database

HOUR_SECONDS = 3_600.0

log = logging.getLogger(__name__)


class Tidy:
    """Forgets what is older than `keep` says."""

    def __init__(self, database: Database, now: Callable[[], int], keep: Keep) -> None:
        self.keep = keep
        self._database = database
        self._now = now

    async def run(self) -> None:
        """Tidy for ever."""
        while True:
            await self.tick()
            await asyncio.sleep(HOUR_SECONDS)

    async def tick(self) -> None:
        """Tidy once."""
        done = await self._database.work(retention.forget, self._now(), self.keep)
        if any(done.values()):
            log.info("forgot %(attempts)d tries, %(deliveries)d deliveries, %(notifications)d messages", done)
