"""The events of a server from a cursor on, over as many connections as it takes, without gap or duplicate."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import UTC
from typing import TypedDict, TypeVar

import msgspec

from taskwatch.actions.events import EventShape, Filter, FollowedShape, reset, spoken
from taskwatch.cli.remote.link import Link
from taskwatch.cli.remote.sse import ServerEvent, SseReader
from taskwatch.errors import Conflict, Unavailable
from taskwatch.model.times import parse_instant

RETRY_MS = 3_000
LONGEST_MS = 30_000

Told = Callable[[str | None], None]
Message = TypeVar("Message")


class Reset(TypedDict):
    """What the server says when it cannot go on from a cursor; `cursor` is where its log ends."""

    cursor: str
    message: str


class EventStream:
    """What follows `cursor` and passes the filter.

    `told` hears why the line was lost when it is, and None as soon as it is back.
    """

    def __init__(self, link: Link, wanted: Filter, cursor: str, told: Told) -> None:
        self._link = link
        self._wanted = wanted
        self._query = [("topic", topic) for topic in wanted.topics or ("*",)]
        self._told = told
        self._failures = 0
        self._retry_ms = RETRY_MS
        self.cursor = cursor

    async def batches(self) -> AsyncGenerator[list[EventShape]]:
        """Events as they come, those of one chunk together; never ends by itself.

        Raises:
            Conflict: the server no longer has all that followed the cursor (`reset`, as in the log).
            TaskwatchError: the server refuses; what may pass is tried again instead.
        """
        while True:
            try:
                async with aclosing(self._connection()) as connection:
                    async for batch in connection:
                        yield batch
                lost = f"{self._link.url} ended the stream"
            except Unavailable as error:
                lost = error.message
            self._told(lost)
            await asyncio.sleep(self._pause())

    async def _connection(self) -> AsyncGenerator[list[EventShape]]:
        reader = SseReader(self.cursor)
        async with self._link.stream("/events", self._query, self.cursor) as chunks:
            async for chunk in chunks:
                shapes = [_shape(event) for event in reader.feed(chunk) if self._is_news(event)]
                self._note(reader)  # not before: what cannot be read is asked for again, never passed over
                if wanted := [shape for shape in shapes if self._wants(shape)]:
                    yield wanted

    def _note(self, reader: SseReader) -> None:
        """Bytes came: the line is well, and this is how far it brought us."""
        if reader.last_id != self.cursor:
            self._failures = 0
            self.cursor = reader.last_id
        if reader.retry_ms is not None:
            self._retry_ms = reader.retry_ms
        self._told(None)

    def _is_news(self, event: ServerEvent) -> bool:
        if event.name == "reset":
            raise _reset(event)
        return event.name != "bye" and _seq(event.id) > _seq(self.cursor)

    def _wants(self, shape: EventShape) -> bool:
        """A stream is asked for by topic; kinds and instants are looked at here."""
        kinds, since = self._wanted.kinds, self._wanted.since
        if kinds and shape["kind"] not in kinds:
            return False
        return since is None or parse_instant(shape["at"], now=0, zone=UTC) >= since

    def _pause(self) -> float:
        """Seconds to the next attempt: twice as long each time, and scattered over all who wait."""
        longest = min(LONGEST_MS, self._retry_ms * 2 ** min(self._failures, 10))
        self._failures += 1
        return random.uniform(longest / 2, longest) / 1000  # noqa: S311  no secret: it scatters


def _shape(event: ServerEvent) -> EventShape:
    return spoken(_read(event, FollowedShape))


def _reset(event: ServerEvent) -> Conflict:
    told = _read(event, Reset)
    return reset(told["message"], told["cursor"])


def _read(event: ServerEvent, kind: type[Message]) -> Message:
    try:
        return msgspec.json.decode(event.data, type=kind)
    except (msgspec.DecodeError, UnicodeEncodeError):
        raise Unavailable(
            "the server sends events that cannot be read", hint="is this a taskwatch server of this version?"
        ) from None


def _seq(cursor: str) -> int:
    digits = cursor.rpartition("-")[2]
    return int(digits) if digits.isascii() and digits.isdigit() else 0
