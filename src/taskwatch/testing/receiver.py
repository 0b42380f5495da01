"""A server that answers as it is told, rightly or wrongly, and keeps what it was sent."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

_LONGEST_REQUEST = 4 * 1024 * 1024


def answer(status: int, body: bytes = b"{}", **headers: str) -> bytes:
    """The bytes of an HTTP answer; `_` in the name of a header is written `-`."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Receiver:
    """An HTTP server on this machine, within `async with`. `requests` are the bytes of each request.

    It sends `reply` and closes; `silent` says nothing until it is closed; `reset` breaks the connection off.
    """

    def __init__(self, reply: bytes = b"", *, silent: bool = False, reset: bool = False) -> None:
        self.reply = reply
        self.requests: list[bytes] = []
        self._silent = silent
        self._reset = reset
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Its address, such as `http://127.0.0.1:40001`."""
        if self._server is None:
            raise RuntimeError("the receiver is not running")
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0, limit=_LONGEST_REQUEST)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up on everybody."""
        del kind, error, trace
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                self.requests.append(await _read(reader))
                await self._say(writer)
        finally:
            writer.close()
            if task is not None:
                self._tasks.discard(task)

    async def _say(self, writer: asyncio.StreamWriter) -> None:
        if self._silent:
            await asyncio.Event().wait()
        if self._reset:
            writer.transport.abort()
            return
        writer.write(self.reply)
        await writer.drain()


async def _read(reader: asyncio.StreamReader) -> bytes:
    """A request with its body, be its length told or its end marked."""
    head = await reader.readuntil(b"\r\n\r\n")
    lowered = head.lower()
    if b"transfer-encoding: chunked" in lowered:
        return head + await reader.readuntil(b"0\r\n\r\n")
    length = int(lowered.partition(b"content-length:")[2].split(b"\r\n", 1)[0] or 0)
    return head + await reader.readexactly(length)
