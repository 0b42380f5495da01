"""The database behind threads: the event loop never waits for it.

One thread writes for requests, one for the loops, two read. Each opens the store for itself, as a
connection is not to be shared.

What fails because a server went away, or because two changes waited for each other, is tried again for a
while, provided that nothing of it was kept: an answer that got lost on its way may stand for a change.
"""

import asyncio
import contextvars
import functools
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, ParamSpec, TypeVar

from taskwatch import clock
from taskwatch.errors import Unavailable
from taskwatch.store import Store, open_store
from taskwatch.store.address import is_postgres

P = ParamSpec("P")
T = TypeVar("T")

READERS = 2
# Seconds from the beginning of an outage: who comes later is told at once that it lasts.
TRY_SECONDS = 10.0
# A server that falls silent, and is silent when it is called anew, is told of within fifteen seconds.
SERVER_PATIENCE, FILE_PATIENCE = 7.0, 10.0
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0


class Database:
    """Runs actions in threads; `url` is a path or an address, as `open_store` takes it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._writer = _Clerk(url, "taskwatch-write")
        self._worker = _Clerk(url, "taskwatch-work")
        self._readers = [_Clerk(url, f"taskwatch-read-{number}") for number in range(READERS)]
        self._turn = itertools.cycle(self._readers)
        self._clerks = (self._writer, self._worker, *self._readers)

    async def read(self, action: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The answer of an action that only reads."""
        return await next(self._turn).do(action, *args, **kwargs)

    async def write(self, action: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The answer of an action that writes; one after the other."""
        return await self._writer.do(action, *args, **kwargs)

    async def work(self, action: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The answer of an action that may write for long, which nobody's request should wait behind."""
        return await self._worker.do(action, *args, **kwargs)

    def hurry(self) -> None:
        """Try nothing again from now on."""
        for clerk in self._clerks:
            clerk.hurry()

    async def close(self) -> None:
        """Let what runs end, then let go of the database."""
        self.hurry()
        for clerk in self._clerks:
            await clerk.close()


class _Clerk:
    """A thread with a store of its own, opened at its first use."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._store: Store | None = None
        self._is_closed = False
        self._hurry = threading.Event()
        self._thread = ThreadPoolExecutor(1, name)
        # A file that cannot be used will not get better by itself so soon: there is one try.
        self._tries = TRY_SECONDS if is_postgres(url) else 0.0
        self._patience = SERVER_PATIENCE if is_postgres(url) else FILE_PATIENCE
        self._lost_at: float | None = None

    async def do(self, action: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        # What the caller knows by context, such as the origin of a change, is known to the action as well.
        context = contextvars.copy_context()

        def once(store: Store) -> T:
            return context.run(action, store, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(
            self._thread, functools.partial(self._persist, once)
        )

    def hurry(self) -> None:
        self._hurry.set()

    async def close(self) -> None:
        if not self._is_closed:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._let_go)
        self._thread.shutdown()

    def _persist(self, once: Callable[[Store], T]) -> T:
        """The answer of an action, after several tries if need be."""
        pause, begun = FIRST_PAUSE, clock.monotonic()
        while True:
            kept = self._kept()
            try:
                answer = once(self._opened())
            except Unavailable:
                self._lost_at = begun if self._lost_at is None else self._lost_at
                left = self._lost_at + self._tries - clock.monotonic()
                if left < pause or self._kept() != kept or self._hurry.wait(pause):
                    raise
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                self._lost_at = None
                return answer

    def _kept(self) -> int:
        return self._store.kept if self._store else 0

    def _let_go(self) -> None:
        self._is_closed = True
        if self._store is not None:
            self._store.close()

    def _opened(self) -> Store:
        if self._is_closed:  # what came behind the end in line must not open it again
            raise Unavailable("the database was closed", hint="the daemon is about to end")
        if self._store is None:
            self._store = open_store(self._url, patience=self._patience)
        return self._store
