"""What a watch looks at: the database here, or a server there. Both answer in the same shapes."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Protocol

from taskwatch import clock
from taskwatch.actions import standing
from taskwatch.actions.events import EventShape, Filter, Page, following, newest
from taskwatch.cli.watch.state import Survey
from taskwatch.store import Store, wake

POLL_SECONDS = 0.25
PAGE = 500


class Source(Protocol):
    """Somewhere to look. `place` names it for people, `trouble` says why the line there is lost, if it is."""

    place: str
    trouble: str | None

    async def newest(self, count: int) -> Page:
        """The latest events, and the cursor from which `follow` goes on."""
        ...

    async def survey(self) -> Survey:
        """Who stands where now."""
        ...

    def follow(self, cursor: str) -> AsyncGenerator[list[EventShape]]:
        """What happens from the cursor on; raises Conflict with `reset` if it is not all there."""
        ...

    async def close(self) -> None:
        """Let go of it."""
        ...


class LocalSource:
    """An open database, followed by its log; woken by whoever commits, and looking by itself as well."""

    def __init__(self, store: Store, topics: tuple[str, ...]) -> None:
        self.place = store.url
        self.trouble: str | None = None
        self._store = store
        self._wanted = Filter(topics=topics)
        self._nudged = asyncio.Event()
        self._ear = wake.listen(store.url)
        if self._ear:
            asyncio.get_running_loop().add_reader(self._ear.fileno(), self._hear, self._ear)

    async def newest(self, count: int) -> Page:
        """The latest events of these topics."""
        return newest(self._store, self._wanted, count)

    async def survey(self) -> Survey:
        """Who stands where now."""
        now = clock.now()
        tasks = standing.at_risk(self._store, now, now, include_exceeded=True)
        return Survey(now, standing.stats(self._store, now, now), tuple(tasks))

    async def follow(self, cursor: str) -> AsyncGenerator[list[EventShape]]:
        """Page after page; behind a short one it waits."""
        while True:
            self._nudged.clear()
            page = following(self._store, self._wanted, cursor, PAGE)
            cursor = page.cursor
            if page.events:
                yield page.events
            if len(page.events) < PAGE:
                await self._wait()

    async def close(self) -> None:
        """Hear no more; the database is its owner's to close."""
        if self._ear:
            asyncio.get_running_loop().remove_reader(self._ear.fileno())
            self._ear.close()

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await self._nudged.wait()

    def _hear(self, ear: wake.Ear) -> None:
        ear.drain()
        self._nudged.set()
