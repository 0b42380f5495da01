"""The loop of a watch: what happens and the passing of time, told to a face. Ends only by an error."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Protocol

from taskwatch import clock
from taskwatch.actions.events import EventShape
from taskwatch.cli.watch.source import Source
from taskwatch.cli.watch.state import State, add_events, narrow
from taskwatch.errors import Conflict, Unavailable

TICK_SECONDS = 1.0
SURVEY_SECONDS = 2.0
COSTLY = 10  # a survey that takes long is made so many times its own duration apart


class Face(Protocol):
    """Who shows it; `pause` is how many seconds it wants between two showings."""

    pause: float

    def begin(self, state: State) -> None:
        """Show the first state."""
        ...

    def show(self, state: State, news: list[EventShape]) -> None:
        """Show a later one; `news` are the events that came since."""
        ...


async def look(source: Source, topics: tuple[str, ...], count: int) -> tuple[State, str]:
    """The state now with the latest events, and the cursor to go on from."""
    page = await source.newest(count)  # before the survey: what happens in between is followed
    survey = narrow(await source.survey(), topics)
    return State(survey, tuple(page.events)), page.cursor


async def watch(source: Source, face: Face, topics: tuple[str, ...], count: int) -> None:
    """Watch until somebody ends it."""
    state, cursor = await look(source, topics, count)
    face.begin(state)
    while True:
        try:
            async with aclosing(source.follow(cursor)) as batches:
                await _Watch(source, face, topics, state).run(batches)
        except Conflict as error:
            if not error.details.get("reset"):
                raise
            state, cursor = await look(source, topics, count)


class _Watch:
    """One stretch of it, from a state to the end of its stream."""

    def __init__(self, source: Source, face: Face, topics: tuple[str, ...], state: State) -> None:
        self._source, self._face, self._topics = source, face, topics
        self._state = state
        self._due = 0.0
        self._failure: str | None = None

    async def run(self, batches: AsyncGenerator[list[EventShape]]) -> None:
        coming = asyncio.ensure_future(anext(batches))
        try:
            while True:
                await asyncio.wait({coming}, timeout=TICK_SECONDS)
                news = coming.result() if coming.done() else []
                if coming.done():
                    coming = asyncio.ensure_future(anext(batches))
                await self._take(news)
                await asyncio.sleep(self._face.pause)
        finally:
            coming.cancel()
            await asyncio.wait({coming})

    async def _take(self, news: list[EventShape]) -> None:
        if news or clock.monotonic() >= self._due:
            await self._survey()
        trouble = self._failure or self._source.trouble
        self._state = add_events(self._state, news)._replace(trouble=trouble)
        self._face.show(self._state, news)

    async def _survey(self) -> None:
        begun = clock.monotonic()
        try:
            survey, self._failure = await self._source.survey(), None
            self._state = self._state._replace(survey=narrow(survey, self._topics))
        except Unavailable as error:
            self._failure = error.message
        took = clock.monotonic() - begun
        self._due = begun + max(SURVEY_SECONDS, COSTLY * took)
