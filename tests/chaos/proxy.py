"""A proxy between daemons and their server, on which every way that a network fails can be had.

What is muted is not lost but late, as when a cable is pulled and put back in: TCP sends it again.
"""

import asyncio
from contextlib import asynccontextmanager, suppress

HOST = "127.0.0.1"
UP, DOWN = "up", "down"  # to the server, and back
BOTH = frozenset({UP, DOWN})
CHUNK = 65536


class Way:
    """What happens to the bytes of a connection. It may be changed while they flow."""

    def __init__(self):
        self.latency = 0.0  # seconds
        self.muted = self.dripping = frozenset()  # of UP and DOWN
        self.garbled = False
        self.left = None  # so many bytes of answers until it is cut
        self._changed = asyncio.Event()

    def change(self, **properties):
        """Let it be like this from now on."""
        vars(self).update(properties)
        self._changed.set()
        self._changed = asyncio.Event()

    async def carry(self, direction, data, writer):
        """Bring some bytes to the other end, as well as it may be."""
        if self.latency:
            await asyncio.sleep(self.latency)
        while data:
            while direction in self.muted:
                await self._changed.wait()
            data = await self._carry_some(direction, data, writer)

    async def _carry_some(self, direction, data, writer):
        """What is left of them."""
        size = 1 if direction in self.dripping else len(data)
        if direction == DOWN and self.left is not None:
            size = min(size, self.left)
            self.left -= size
            if not size:
                raise ConnectionAbortedError
        writer.write(b"\xff" * size if self.garbled and direction == DOWN else data[:size])
        await writer.drain()
        if direction in self.dripping:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), 1)
        return data[size:]


class Proxy:
    """Listens on a port of its own. `new` are the ways of connections to come; those there have theirs."""

    def __init__(self, port):
        self.port = None
        self.new = {}
        self.accepted = 0
        self._target = port
        self._server = None
        self._links = {}

    @asynccontextmanager
    async def open(self):
        """While it listens."""
        await self.listen()
        try:
            yield self
        finally:
            await self.refuse()
            self.cut()

    async def listen(self):
        """Take connections, on the same port as before."""
        self._server = await asyncio.start_server(self._serve, HOST, self.port or 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def refuse(self):
        """Take no connection."""
        self._server.close()

    def cut(self, *, politely=False):
        """End every connection, by a reset or by a farewell."""
        for writers in list(self._links.values()):
            for writer in writers:
                writer.close() if politely else writer.transport.abort()

    def change(self, **properties):
        """Let all connections, those there and those to come, be like this."""
        self.new |= properties
        self.change_present(**properties)

    def change_present(self, **properties):
        """Let those that are there be like this."""
        for way in list(self._links):
            way.change(**properties)

    async def _serve(self, reader, writer):
        self.accepted += 1
        way = Way()
        way.change(**self.new)
        self._links[way] = [writer]
        with suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection(HOST, self._target)
            self._links[way].append(far_writer)
            await self._exchange(way, (reader, writer), (far_reader, far_writer))
        for each in self._links.pop(way):
            each.transport.abort()

    async def _exchange(self, way, near, far):
        """Until either side ends."""
        jobs = [
            asyncio.create_task(_pump(way, UP, near[0], far[1])),
            asyncio.create_task(_pump(way, DOWN, far[0], near[1])),
        ]
        try:
            await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)


async def _pump(way, direction, reader, writer):
    with suppress(OSError):
        while data := await reader.read(CHUNK):
            await way.carry(direction, data, writer)
