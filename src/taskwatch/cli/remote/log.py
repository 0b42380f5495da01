"""The event log of a server, read and followed as the one of a database is."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from types import TracebackType
from typing import Self, TypedDict, TypeVar

import msgspec

from taskwatch.actions.events import EventShape, Filter, Page
from taskwatch.cli.remote.link import Link, Server
from taskwatch.cli.remote.stream import EventStream, Told
from taskwatch.errors import Unavailable
from taskwatch.model.times import rfc3339

Answer = TypeVar("Answer")


class PageShape(TypedDict):
    """A page of events; `next` is the cursor behind all that was looked through for them."""

    items: list[EventShape]
    next: str


class RemoteLog:
    """To be used as a context manager, by one thread that runs no event loop of its own."""

    def __init__(self, server: Server, wanted: Filter, told: Told) -> None:
        self._server, self._wanted, self._told = server, wanted, told
        self._runner = asyncio.Runner()
        self._link: Link | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._runner:
            if self._link:
                self._runner.run(self._link.close())

    def read(self, after: str | None, limit: int) -> Page:
        """The newest events, or the first after a cursor; raises what the server refuses, as told here."""
        return self._do(lambda link: read_page(link, self._wanted, after, limit))

    def follow(self, cursor: str) -> Iterator[list[EventShape]]:
        """What follows the cursor, as it happens, over as many connections as it takes."""
        stream = self._do(lambda link: _begin(link, self._wanted, cursor, self._told))
        while True:
            yield self._do(lambda _link: anext(stream))

    def _do(self, work: Callable[[Link], Awaitable[Answer]]) -> Answer:
        async def run() -> Answer:
            if self._link is None:
                self._link = Link(self._server)
            return await work(self._link)

        return self._runner.run(run())


async def read_page(link: Link, wanted: Filter, after: str | None, limit: int) -> Page:
    """A page of the server's log: the newest events, or the first after a cursor."""
    query = [("topic", topic) for topic in wanted.topics] + [("kind", kind) for kind in wanted.kinds]
    query += [("limit", str(max(limit, 1)))]  # a server gives one at least
    query += [("after", after)] if after is not None else []
    query += [("since", rfc3339(wanted.since))] if wanted.since is not None else []
    page = shaped(await link.ask("/api/v1/events", query), PageShape)
    return Page(page["items"][-limit:] if limit else [], page["next"])


def shaped(answer: object, kind: type[Answer]) -> Answer:
    """An answer of that shape; raises Unavailable for any other."""
    try:
        return msgspec.convert(answer, kind)
    except msgspec.ValidationError as error:
        raise Unavailable(
            f"the server's answer cannot be read: {error}", hint="is it a taskwatch of this version?"
        ) from None


async def _begin(link: Link, wanted: Filter, cursor: str, told: Told) -> AsyncGenerator[list[EventShape]]:
    return EventStream(link, wanted, cursor, told).batches()
