"""One worker process, seen from the process that started it: its line, its questions, its end."""

import asyncio
import itertools
import json
import logging
from asyncio.subprocess import Process
from collections.abc import Callable
from typing import Any

from taskwatch.daemon.failure import unwrap
from taskwatch.errors import TaskwatchError, TimedOut
from taskwatch.services.bus import LIMIT, STARTER, Lines, Message, line

PATIENCE = 5.0

Relay = Callable[[int, bytes], None]

log = logging.getLogger(__name__)


class Member(asyncio.Protocol):
    """A worker. `relay` is given every message (as JSON text) that it has for the others."""

    def __init__(self, number: int, process: Process, relay: Relay) -> None:
        self.number = number
        self.process = process
        self._relay = relay
        self._lines = Lines()
        self._transport: asyncio.Transport | None = None
        self._closed = asyncio.Event()
        self._ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._questions: dict[int, asyncio.Future[Message]] = {}
        self._ids = itertools.count()

    async def ready(self) -> str:
        """Wait until it serves; its address.

        Raises:
            TaskwatchError: what kept it from that.
        """
        return await self._ready

    async def ask(self, what: str) -> Message:
        """Order something and wait for the answer.

        Raises:
            TaskwatchError: what the worker could not do.
            TimedOut: it does not answer, or has just ended.
        """
        number = next(self._ids)
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._questions[number] = answer
        self.order({"do": what, "id": number})
        try:
            async with asyncio.timeout(PATIENCE):
                return await answer
        except TimeoutError:
            raise TimedOut(f"worker {self.number} does not answer") from None
        finally:
            del self._questions[number]

    def order(self, order: Message) -> None:
        """Order something that has no answer."""
        self.write(line(STARTER, order))

    def write(self, data: bytes) -> None:
        """Send lines; a worker that does not read them is ended."""
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > LIMIT:
            log.error("worker %d does not read: it is ended", self.number)
            self.kill()

    def kill(self) -> None:
        """End it at once."""
        if self.process.returncode is None:
            self.process.kill()
        if self._transport:
            self._transport.abort()

    async def ended(self) -> int:
        """Wait until it has ended and all that it said was heard; the exit code."""
        code = await self.process.wait()
        if self._transport:
            await self._closed.wait()
        self._give_up(TimedOut(f"worker {self.number} ended with code {code}"))
        return code

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio's: the line is open."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Asyncio's: it said something."""
        for mark, body in self._lines.feed(data):
            if mark == STARTER:
                self._hear(json.loads(body))
            else:
                self._relay(self.number, body)

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio's: it will say no more. One that broke the line, but lives, is of no use."""
        if exc and self.process.returncode is None:
            self.process.kill()
        self._closed.set()

    def _hear(self, report: dict[str, Any]) -> None:
        failure = unwrap(report["failed"]) if "failed" in report else None
        if "re" in report:
            asked = self._questions.get(report["re"])
            if asked and not asked.done():
                asked.set_exception(failure) if failure else asked.set_result(report)
        elif failure:
            self._give_up(failure)
        elif not self._ready.done():
            self._ready.set_result(report["ready"])

    def _give_up(self, error: TaskwatchError) -> None:
        waiting: list[asyncio.Future[Any]] = [self._ready, *self._questions.values()]
        for each in waiting:
            if not each.done():
                each.set_exception(error)
                each.exception()  # looked at, even if nobody waits for it any more
