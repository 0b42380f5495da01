"""What a watch looks at: the database here, or a server there. Both answer in the same shapes."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Protocol

from taskwatch.actions import standing
from taskwatch.actions.events import EventShape, Filter, Page, following, newest
from taskwatch.cli.watch.state import Survey
from taskwatch.errors import Unavailable
from taskwatch.store import Store, wake
from taskwatch.store.address import shown

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
        self.place = shown(store.url)
        self.trouble: str | None = None
        self._store = store
        self._wanted = Filter(topics=topics)
        self._nudged = asyncio.Event()
        self._ear = wake.listen(store.url)
        self._watched = -1

    async def newest(self, count: int) -> Page:
        """The latest events of these topics."""
        return newest(self._store, self._wanted, count)

    async def survey(self) -> Survey:
        """Who stands where now."""
        now = self._store.now()
        tasks = standing.at_risk(self._store, now, now, include_exceeded=True)
        return Survey(now, standing.stats(self._store, now, now), tuple(tasks))

    async def follow(self, cursor: str) -> AsyncGenerator[list[EventShape]]:
        """Page after page; behind a short one it waits."""
        while True:
            self._nudged.clear()
            page = self._page(cursor)
            cursor = page.cursor
            if page.events:
                yield page.events
            if len(page.events) < PAGE:
                await self._wait()

    def _page(self, cursor: str) -> Page:
        """What follows a cursor, which is nothing yet while the database is away."""
        try:
            page, self.trouble = following(self._store, self._wanted, cursor, PAGE), None
        except Unavailable as error:
            self.trouble = error.message
            return Page([], cursor)
        return page

    async def close(self) -> None:
        """Hear no more; the database is its owner's to close."""
        self._mind(-1)
        if self._ear:
            self._ear.close()

    async def _wait(self) -> None:
        if self._ear and self._ear.mend():
            self._nudged.set()
        self._mind(self._ear.fileno() if self._ear else -1)
        with suppress(TimeoutError):
            async with asyncio.timeout(wake.poll_seconds(self._store.url)):
                await self._nudged.wait()

    def _mind(self, descriptor: int) -> None:
        """Be called when the ear's descriptor, which may change, is readable; -1 is none."""
        if descriptor != self._watched:
            loop = asyncio.get_running_loop()
            if self._watched >= 0:
                loop.remove_reader(self._watched)
            if descriptor >= 0:
                loop.add_reader(descriptor, self._hear)
            self._watched = descriptor

    def _hear(self) -> None:
        if self._ear:
            self._ear.drain()
            if self._ear.fileno() < 0:
                self._mind(-1)
        self._nudged.set()
