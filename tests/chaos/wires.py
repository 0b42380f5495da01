"""Raw connections of the three transports, light enough for hundreds in a process; a proxy that cuts them."""

import asyncio
import json
from contextlib import asynccontextmanager

HOST = "127.0.0.1"
PUSHER = "/app/taskwatch?protocol=7&client=js&version=8.6.0&flash=false"
PONG = 0x8A
PATIENCE = 30  # seconds


class Wire(asyncio.Protocol):
    """One connection. `take(message)` hears every whole message; `ended` is done when the connection is over.

    A message is a dict; what a WebSocket is closed with comes as {"close": code}.
    """

    request = b""

    def __init__(self, take):
        self.take = take
        self.ended = asyncio.get_running_loop().create_future()
        self.opened = asyncio.get_running_loop().create_future()
        self.transport = None
        self._rest = b""
        self._split = self._split_head

    @property
    def name(self):
        """By which the other end knows it."""
        return self.transport.get_extra_info("sockname")

    def drop(self):
        """Be gone, without a word."""
        self.transport.abort()
        self._split = self._split_nothing

    def write(self, data):
        self.transport.write(data)

    def connection_made(self, transport):
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data):
        self._rest += data
        while self._split():
            pass

    def connection_lost(self, error):
        if not self.opened.done():
            self.opened.set_result(None)
        if isinstance(error, OSError | None):
            self.ended.set_result(None)
        else:  # what `take` raised
            self.ended.set_exception(error)

    def _split_head(self):
        head, found, rest = self._rest.partition(b"\r\n\r\n")
        if found:
            if not self.opened.done():
                self.opened.set_result(int(head.split(b" ", 2)[1]))
            self._rest, self._split = rest, self._split_body
        return found

    def _split_nothing(self):
        self._rest = b""
        return False


class StreamWire(Wire):
    """`/events`; a message has `event`, `id` and `data`."""

    def __init__(self, take, query, cursor=None):
        super().__init__(take)
        kept = f"Last-Event-ID: {cursor}\r\n" if cursor else ""
        self.request = f"GET /events?{query} HTTP/1.1\r\nHost: localhost\r\n{kept}\r\n".encode()
        self._text = b""

    def _split_body(self):
        size, found, rest = self._rest.partition(b"\r\n")
        length = int(size, 16) if found else 0
        if not found or len(rest) < length + 2:
            return False
        self._rest = rest[length + 2 :]
        if length == 0:
            self.drop()
        *events, self._text = (self._text + rest[:length]).split(b"\n\n")
        for event in events:
            self._read(event.decode())
        return True

    def _read(self, event):
        fields = dict(line.partition(": ")[::2] for line in event.split("\n") if line[:1] != ":")
        if "data" in fields and self._split == self._split_body:
            self.take({**fields, "data": json.loads(fields["data"])})


class SocketWire(Wire):
    """A WebSocket; texts are JSON objects. Pings are answered."""

    def __init__(self, take, path="/ws"):
        super().__init__(take)
        self.request = (
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        ).encode()

    def say(self, **message):
        self.transport.write(frame(json.dumps(message).encode()))

    def subscribe(self, channel, **granted):
        """Join a channel of the Pusher protocol."""
        self.say(event="pusher:subscribe", data={"auth": "", "channel": channel, **granted})

    def _split_body(self):
        rest = self._rest
        if len(rest) < 2:
            return False
        size, start = rest[1], 2
        if size > 125:
            start = 4 if size == 126 else 10
            size = int.from_bytes(rest[2:start])
        if len(rest) < start + size or (start > 2 and len(rest) < start):
            return False
        payload, self._rest = rest[start : start + size], rest[start + size :]
        self._read(rest[0] & 0x0F, payload)
        return True

    def _read(self, opcode, payload):
        if opcode == 1:
            self.take(json.loads(payload))
        elif opcode == 9:
            self.transport.write(frame(payload, PONG))
        elif opcode == 8:
            self.take({"close": int.from_bytes(payload[:2])})
            self.transport.write(frame(payload, 0x88))
            self.transport.close()
            self._split = self._split_nothing


def frame(payload, first=0x81):
    """A WebSocket frame of a client, below 64 KiB: masked with zeros."""
    size = len(payload)
    head = bytes([first, 0x80 | size]) if size < 126 else bytes([first, 0xFE]) + size.to_bytes(2)
    return head + bytes(4) + payload


async def connect(wire, host=None, port=None, **options):
    """Open a connection; it is given back once its answer has begun, or it has ended."""
    await asyncio.get_running_loop().create_connection(lambda: wire, host, port, **options)
    await wire.opened
    return wire


async def until(is_so):
    """Wait for something that comes by itself."""
    async with asyncio.timeout(PATIENCE):
        while not is_so():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0)


class Cutter:
    """A proxy that cuts each connection after a number of bytes, whatever they belong to."""

    def __init__(self, host, port, rng, most):
        self.target, self.rng, self.most = (host, port), rng, most
        self.cuts = 0
        self.jobs = set()
        self._server = None

    @property
    def port(self):
        return self._server.sockets[0].getsockname()[1]

    @asynccontextmanager
    async def cutting(self):
        """While it listens."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Near(self), "127.0.0.1", 0)
        try:
            yield self
        finally:
            self._server.close()
            await asyncio.gather(*self.jobs)


class _End(asyncio.Protocol):
    """One end of a proxied connection; what comes goes to the other end, which goes with it."""

    transport = other = None

    def connection_made(self, transport):
        self.transport = transport

    def connection_lost(self, _error):
        if self.other and self.other.transport:
            self.other.transport.abort()

    def data_received(self, data):
        self.other.transport.write(data)


class _Near(_End):
    def __init__(self, cutter):
        self._cutter = cutter

    def connection_made(self, transport):
        super().connection_made(transport)
        transport.pause_reading()
        job = asyncio.get_running_loop().create_task(self._reach())
        self._cutter.jobs.add(job)
        job.add_done_callback(self._cutter.jobs.discard)

    async def _reach(self):
        self.other = far = _Far(self._cutter, self)
        await asyncio.get_running_loop().create_connection(lambda: far, *self._cutter.target)
        if self.transport.is_closing():
            far.transport.abort()
        else:
            self.transport.resume_reading()


class _Far(_End):
    def __init__(self, cutter, near):
        self._cutter, self.other = cutter, near
        self._left = cutter.rng.randrange(cutter.most)

    def data_received(self, data):
        self.other.transport.write(data[: self._left])
        self._left -= len(data)
        if self._left <= 0 and not self.transport.is_closing():
            self._cutter.cuts += 1
            self._cutter.rng.choice([self.other.transport.close, self.other.transport.abort])()
            self.transport.abort()
