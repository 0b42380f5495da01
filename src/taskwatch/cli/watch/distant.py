"""A server as something to watch."""

from collections.abc import AsyncGenerator

from taskwatch import clock
from taskwatch.actions.events import EventShape, Filter, Page
from taskwatch.actions.standing import AtRiskShape, StatisticsShape
from taskwatch.cli.remote.link import Link, Server
from taskwatch.cli.remote.log import read_page, shaped
from taskwatch.cli.remote.stream import EventStream
from taskwatch.cli.watch.state import Survey
from taskwatch.errors import Forbidden

_LATE_TOO = [("include_exceeded", "true")]


class RemoteSource:
    """A server, asked by REST and followed by its event stream. To be made within an event loop."""

    def __init__(self, server: Server, topics: tuple[str, ...]) -> None:
        self.place = server.url
        self._link = Link(server)
        self._wanted = Filter(topics=topics)
        self.trouble: str | None = None

    async def newest(self, count: int) -> Page:
        """The latest events of these topics."""
        return await read_page(self._link, self._wanted, None, count)

    async def survey(self) -> Survey:
        """Who stands where now, as far as the token may see it."""
        tasks = shaped(await self._link.ask("/api/v1/sla/at-risk", _LATE_TOO), list[AtRiskShape])
        return Survey(clock.now(), await self._statistics(), tuple(tasks))

    def follow(self, cursor: str) -> AsyncGenerator[list[EventShape]]:
        """What happens from the cursor on, over as many connections as it takes."""
        return EventStream(self._link, self._wanted, cursor, self._hear).batches()

    async def close(self) -> None:
        """Hang up."""
        await self._link.close()

    def _hear(self, trouble: str | None) -> None:
        self.trouble = trouble

    async def _statistics(self) -> StatisticsShape | None:
        try:
            return shaped(await self._link.ask("/api/v1/sla/statistics"), StatisticsShape)
        except Forbidden:
            return None
