"""The event log to read: the database's, or that of a server. Both read and follow in the same way."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

import click

from taskwatch import clock
from taskwatch.actions.events import EventShape, Filter, Page, following, newest
from taskwatch.cli import output
from taskwatch.cli.remote.options import find_server
from taskwatch.cli.session import Session

if TYPE_CHECKING:
    from taskwatch.store import Store

POLL_SECONDS = 0.25
PAGE = 500


class Log(Protocol):
    """An event log behind a filter."""

    def read(self, after: str | None, limit: int) -> Page:
        """The newest events, or the first after a cursor.

        Raises:
            Conflict: what followed the cursor is not all there (`reset`).
            InvalidInput: the cursor or the filter cannot be read.
        """
        ...

    def follow(self, cursor: str) -> Iterator[list[EventShape]]:
        """What follows the cursor, as it happens; never ends, raises as `read` does."""
        ...


def open_log(session: Session, wanted: Filter) -> Log:
    """The log of the server if one is asked for, else of the database; closed when the command ends."""
    server = find_server(session)
    if server is None:
        return LocalLog(session.store(), wanted)
    from taskwatch.cli.remote.log import RemoteLog

    return click.get_current_context().with_resource(RemoteLog(server, wanted, Reporter()))


class LocalLog:
    """The log of an open database."""

    def __init__(self, store: "Store", wanted: Filter) -> None:
        self._store, self._wanted = store, wanted

    def read(self, after: str | None, limit: int) -> Page:
        """A page, read in a transaction of its own."""
        if after is None:
            return newest(self._store, self._wanted, limit)
        return following(self._store, self._wanted, after, limit)

    def follow(self, cursor: str) -> Iterator[list[EventShape]]:
        """Page after page; a short one is waited behind."""
        while True:
            page = self.read(cursor, PAGE)
            yield page.events
            cursor = page.cursor
            if len(page.events) < PAGE:
                clock.sleep(POLL_SECONDS)


class Reporter:
    """Says on stderr when the line to a server is lost, and when it is back; each once."""

    def __init__(self) -> None:
        self._lost = False

    def __call__(self, why: str | None) -> None:
        """Hear why the line is lost, or None for as long as it is well."""
        if why and not self._lost:
            output.say(f"{why}; trying again until it is back")
        elif self._lost and not why:
            output.say("The line is back.")
        self._lost = why is not None


def read_all(log: Log, after: str | None, count: int, *, follow: bool) -> Iterator[list[EventShape]]:
    """The last `count` events, or all that follow a cursor; then, if wished, what happens from now on."""
    end = log.read(None, 0).cursor if after is not None else None
    page = log.read(after, count if after is None else PAGE)
    yield page.events
    # Not by the size of a page: a server leaves out what a token may not see.
    while end is not None and _seq(page.cursor) < _seq(end):
        page = log.read(page.cursor, PAGE)
        yield page.events
    if follow:
        yield from log.follow(page.cursor)


def _seq(cursor: str) -> int:
    return int(cursor.rpartition("-")[2])
