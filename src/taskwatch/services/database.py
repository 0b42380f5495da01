"""The database behind threads: the event loop never waits for SQLite.

One thread writes for requests, one for the loops, two read. Each opens the store for itself, as a
connection is not to be shared.
"""

import asyncio
import contextvars
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, ParamSpec, TypeVar

from taskwatch.errors import Unavailable
from taskwatch.store import Store, open_store

P = ParamSpec("P")
T = TypeVar("T")

READERS = 2


class Database:
    """Runs actions in threads; `url` is a path or an address, as `open_store` takes it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._writer = _Clerk(url, "taskwatch-write")
        self._worker = _Clerk(url, "taskwatch-work")
        self._readers = [_Clerk(url, f"taskwatch-read-{number}") for number in range(READERS)]
        self._turn = itertools.cycle(self._readers)

    async def read(self, action: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The answer of an action that only reads."""
        return await next(self._turn).do(action, *args, **kwargs)

    async def write(self, action: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The answer of an action that writes; one after the other."""
        return await self._writer.do(action, *args, **kwargs)

    async def work(self, action: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The answer of an action that may write for long, which nobody's request should wait behind."""
        return await self._worker.do(action, *args, **kwargs)

    async def close(self) -> None:
        """Let what runs end, then let go of the database."""
        for clerk in (self._writer, self._worker, *self._readers):
            await clerk.close()


class _Clerk:
    """A thread with a store of its own, opened at its first use."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._store: Store | None = None
        self._is_closed = False
        self._thread = ThreadPoolExecutor(1, name)

    async def do(self, action: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        # What the caller knows by context, such as the origin of a change, is known to the action as well.
        context = contextvars.copy_context()

        def work() -> T:
            return context.run(action, self._opened(), *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def close(self) -> None:
        if not self._is_closed:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._let_go)
        self._thread.shutdown()

    def _let_go(self) -> None:
        self._is_closed = True
        if self._store is not None:
            self._store.close()

    def _opened(self) -> Store:
        if self._is_closed:  # what came behind the end in line must not open it again
            raise Unavailable("the database was closed", hint="the daemon is about to end")
        if self._store is None:
            self._store = open_store(self._url)
        return self._store
