"""What worker processes tell each other: every message goes to all others, in order.

Each worker has a line to the process that started it, which passes messages on. What goes over it is a mark
and a JSON object: `* {…}` goes to all others and arrives there as `7 {…}`, if worker 7 said it; `! {…}` is
between the starter and one worker alone.
"""

import asyncio
import json
import logging
import socket
from collections.abc import Callable
from typing import Any, Protocol

Message = dict[str, Any]
Handler = Callable[[int, Message], None]

GONE: Message = {"gone": True}
STOP: Message = {"do": "stop"}
LIMIT = 16 * 1024 * 1024  # bytes that may wait, and the longest line
ALL, STARTER = b"*", b"!"

log = logging.getLogger(__name__)


class Bus(Protocol):
    """The way to the other workers. Whoever listens hears GONE of a worker that died."""

    def send(self, message: Message) -> None:
        """Tell every other worker. Never waits."""
        ...

    def listen(self, handler: Handler) -> None:
        """Have every message handed over from now on, with the number of its sender."""
        ...


class LoneBus:
    """The bus of a process that has no others."""

    def send(self, message: Message) -> None:
        """There is nobody to tell."""

    def listen(self, handler: Handler) -> None:
        """There is nobody to hear."""


class LineBus(asyncio.Protocol):
    """The bus of one worker among several, over a stream socket to its starter.

    `on_order` is given what the starter says to this worker alone, such as `{"do": "stop"}`, which is also
    what it means when the starter is gone. `closed` is set at the end.
    """

    def __init__(self, on_order: Callable[[Message], None]) -> None:
        self.closed = asyncio.Event()
        self._on_order = on_order
        self._handlers: list[Handler] = []
        self._lines = Lines()
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def connect(cls, line: socket.socket, on_order: Callable[[Message], None]) -> "LineBus":
        """A bus over a connected socket, which it closes in the end."""
        loop = asyncio.get_running_loop()
        _, bus = await loop.create_connection(lambda: cls(on_order), sock=line)
        return bus

    def send(self, message: Message) -> None:
        """Tell every other worker."""
        self._write(ALL, message)

    def report(self, message: Message) -> None:
        """Tell the starter alone."""
        self._write(STARTER, message)

    def listen(self, handler: Handler) -> None:
        """Have every message handed over from now on."""
        self._handlers.append(handler)

    def close(self) -> None:
        """Say no more; what was said still goes out."""
        if self._transport:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio's: the line is open."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Asyncio's: something came."""
        for mark, body in self._lines.feed(data):
            if mark == STARTER:
                self._on_order(json.loads(body))
            else:
                self._deliver(int(mark), json.loads(body))

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio's: the starter is gone, or this end was closed."""
        del exc
        self.closed.set()
        self._on_order(STOP)

    def _deliver(self, sender: int, message: Message) -> None:
        for handler in self._handlers:
            try:
                handler(sender, message)
            except Exception:
                log.exception("a message from worker %d could not be handled", sender)

    def _write(self, mark: bytes, message: Message) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(line(mark, message))
        if self._transport.get_write_buffer_size() > LIMIT:
            log.critical("the process that started this worker does not read: giving up")
            self._transport.abort()


class Lines:
    """Puts lines together from the pieces in which they come."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[tuple[bytes, bytes]]:
        """The lines that are whole now, each as (mark, JSON text); ValueError for one beyond the limit."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LIMIT:
            raise ValueError("a line is longer than the limit")
        return [(mark, body) for mark, _, body in (each.partition(b" ") for each in whole)]


def line(mark: bytes, message: Message) -> bytes:
    """A message as it is written."""
    return b"%s %s\n" % (mark, json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode())
