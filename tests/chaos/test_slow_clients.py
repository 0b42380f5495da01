"""Clients that stop reading are cut off in time, and nobody else notices; who reads slowly stays."""

import asyncio
import socket
import statistics
import sys
import time
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from chaos.processes import Author, Process
from chaos.wires import HOST, PUSHER, SocketWire, StreamWire, connect, until
from front.daemon import running
from live import serving
from taskwatch import clock
from taskwatch.server.clients import LOOK_EVERY, ROWS, SILENCE_SECONDS
from taskwatch.server.outlet import LIMIT_BYTES

CUT_WITHIN = 15  # seconds
SMALL_BUFFER = 32_768
ROUNDS = 3


class Reader:
    """A client of one transport that follows the news and counts what it hears."""

    def __init__(self, number):
        self.heard, self.at = 0, 0.0
        self.is_in = asyncio.get_running_loop().create_future()
        kinds = (self._stream, self._socket, self._page)
        self.wire = kinds[number % 3]()

    @property
    def is_there(self):
        return not self.wire.ended.done()

    @asynccontextmanager
    async def reading(self, port, *, buffer=None):
        """While it is connected and has joined; with a buffer of its own size to stop reading soon."""
        await reach(self.wire, port, buffer)
        try:
            await self.is_in
            yield self
        finally:
            self.wire.drop()
            await asyncio.wait([self.wire.ended])

    def stop(self):
        """Read no more."""
        self.wire.transport.pause_reading()

    def _stream(self):
        return StreamWire(self._hear, "topic=news", "begin-0")

    def _socket(self):
        return SocketWire(self._hear)

    def _page(self):
        return SocketWire(self._hear, PUSHER)

    def _hear(self, message):
        kind = message.get("type") or message.get("event")
        if kind == "welcome":
            self.wire.say(type="subscribe", topics=["news"])
        elif kind == "pusher:connection_established":
            self.wire.subscribe("news")
        elif kind in {"reset", "subscribed", "pusher_internal:subscription_succeeded"}:
            self.is_in.set_result(None)
        elif kind in {"event", "message.published", "tick"}:
            self.heard += 1
            self.at = time.perf_counter()


async def reach(wire, port, buffer=None):
    """Connect; the kernel takes no more than the buffer for it."""
    line = socket.socket()
    if buffer:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    line.setblocking(False)
    await asyncio.get_running_loop().sock_connect(line, (HOST, port))
    await connect(wire, sock=line)


@asynccontextmanager
async def crowd(port, count, **options):
    """So many readers that have joined."""
    async with AsyncExitStack() as stack:
        readers = [Reader(number) for number in range(count)]
        await asyncio.gather(*(stack.enter_async_context(each.reading(port, **options)) for each in readers))
        yield readers


class Hall:
    """A daemon in this process with readers, and a clock of its own for looking after them."""

    def __init__(self, daemon, author):
        self.clients, self.author = daemon.house.clients, author
        self.cursor = daemon.house.hub.cursor
        self.said = 0

    def outlet(self, reader):
        outlets = (
            each for each in self.clients if each.transport.get_extra_info("peername") == reader.wire.name
        )
        return next(outlets)

    async def say(self, count=1, size=200):
        await self.author.say(count, size)
        self.said += count

    async def stop(self, readers, healthy):
        """Let readers stop, and talk on until bytes wait for each of them; where they wait."""
        for each in readers:
            each.stop()
        outlets = [self.outlet(each) for each in readers]
        while not all(each.transport.get_write_buffer_size() for each in outlets):
            await self.say_to(healthy, 8_000)
            assert self.clients.cut_off == 0
        return outlets

    async def say_to(self, healthy, size):
        """A message that all of these hear."""
        await self.say(1, size)
        await until(lambda: all(each.heard == self.said for each in healthy))

    def looks(self, seconds):
        """Look after the clients as the daemon does, for so many seconds by the hand of the clock."""
        begun = clock.monotonic()
        for second in range(1, seconds + 1):
            clock.monotonic = partial(float, begun + second)
            self.clients.pulse(second % ROWS)
            if second % LOOK_EVERY == 0:
                self.clients.look(clock.monotonic(), 0)
                yield second


@pytest.fixture(autouse=True)
def _by_hand(monkeypatch):
    """The clock for time limits stands still unless it is moved."""
    monkeypatch.setattr(clock, "monotonic", partial(float, clock.monotonic()))


@asynccontextmanager
async def hall(store):
    """A daemon whose kernel takes little, and its port."""
    listener = socket.create_server((HOST, 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL_BUFFER)
    listener.setblocking(False)
    async with Author(store.url) as author, serving(Path(store.url), sockets=[listener]) as daemon:
        yield Hall(daemon, author), listener.getsockname()[1]


@asynccontextmanager
async def returning(here, port, transport):
    """A client that comes back to more than it is given at once: its wire, where it waits, what it heard."""
    heard, cursor = [], here.cursor
    await here.say(400, 8_000)
    wire = StreamWire(heard.append, "topic=news", cursor) if transport == "sse" else SocketWire(heard.append)
    await reach(wire, port, SMALL_BUFFER)
    if transport == "ws":
        wire.say(type="subscribe", topics=["news"], after=cursor)
    await until(lambda: len(here.clients) == 1)
    (outlet,) = here.clients
    yield wire, outlet, heard
    wire.drop()
    await asyncio.wait([wire.ended])


@asynccontextmanager
async def mixed(store, *, healthy, slow):
    """A hall with readers, and others whose own kernel takes little."""
    async with (
        hall(store) as (here, port),
        crowd(port, healthy) as fine,
        crowd(port, slow, buffer=SMALL_BUFFER) as others,
    ):
        yield here, fine, others


def test_who_stops_reading_is_cut_off_in_time_and_nobody_else(store):
    async def main():
        async with mixed(store, healthy=100, slow=10) as (here, healthy, slow):
            here.clients.look(clock.monotonic(), 0)
            outlets = await here.stop(slow, healthy)
            for _ in here.looks(CUT_WITHIN):
                await here.say_to(healthy, 200)
            assert all(each.transport.is_closing() for each in outlets)
            await until(lambda: len(here.clients) == len(healthy))
            assert here.clients.cut_off == len(slow)
            await here.say_to(healthy, 200)
            assert all(each.is_there for each in healthy)

    asyncio.run(main())


def test_who_is_too_far_behind_is_cut_off_at_once(store):
    async def main():
        async with mixed(store, healthy=3, slow=3) as (here, healthy, slow):
            outlets = await here.stop(slow, healthy)
            while len(here.clients) > len(healthy):
                assert all(each.transport.get_write_buffer_size() <= LIMIT_BYTES for each in outlets)
                await here.say_to(healthy, 8_000)
            assert all(each.is_there for each in healthy)

    asyncio.run(main())


def test_who_reads_slowly_but_steadily_is_never_cut_off(store):
    async def main():
        async with mixed(store, healthy=3, slow=3) as (here, healthy, slow):
            outlets = await here.stop(slow, healthy)
            for _ in here.looks(90):
                for reader, outlet in zip(slow, outlets, strict=True):
                    waiting = outlet.transport.get_write_buffer_size
                    reader.wire.transport.resume_reading()
                    if before := waiting():  # the kernel may have taken the last of it meanwhile
                        await until(partial(_is_less, waiting, before))
                    reader.stop()
                while any(each.transport.get_write_buffer_size() < 50_000 for each in outlets):
                    await here.say_to(healthy, 8_000)
            assert here.clients.cut_off == 0
            assert all(each.is_there for each in slow)

    asyncio.run(main())


@pytest.mark.parametrize("transport", ["sse", "ws"])
def test_who_stops_reading_while_catching_up_is_cut_off_in_time_as_well(store, transport):
    async def main():
        async with hall(store) as (here, port), returning(here, port, transport) as (wire, outlet, _):
            wire.transport.pause_reading()
            await until(lambda: outlet.transport.get_write_buffer_size() > 0)
            for _ in here.looks(CUT_WITHIN):
                assert outlet.transport.get_write_buffer_size() < LIMIT_BYTES
            assert outlet.transport.is_closing()
            await until(lambda: len(here.clients) == 0)
            assert here.clients.cut_off == 1

    asyncio.run(main())


@pytest.mark.parametrize("transport", ["sse", "ws"])
def test_who_catches_up_slowly_but_steadily_is_never_cut_off(store, transport):
    async def main():
        async with hall(store) as (here, port), returning(here, port, transport) as (wire, outlet, heard):
            seconds = here.looks(600)
            while len(heard) < 300:
                second = next(seconds)
                wire.transport.pause_reading()
                await until(lambda: outlet.transport.get_write_buffer_size() > 0)
                wire.transport.resume_reading()
                await until(partial(_is_longer, heard, len(heard)))
            assert second > SILENCE_SECONDS
            assert here.clients.cut_off == 0
            wire.transport.resume_reading()
            await until(lambda: len(heard) >= here.said)

    asyncio.run(main())


def _is_longer(heard, before):
    return len(heard) > before


def _is_less(waiting, before):
    return waiting() < before


@pytest.mark.long
@pytest.mark.timeout(900)
def test_five_hundred_readers_do_not_notice_fifty_that_stop(tmp_path):
    async def main(daemon):
        async with Author(daemon.path) as author, crowd(daemon.port, 500) as healthy:
            await fill(author, healthy)
            await slowest(author, healthy, CUT_WITHIN)
            alone, beside, grown = [], [], []
            for _ in range(ROUNDS):
                alone += await slowest(author, healthy, CUT_WITHIN)
                resident = daemon.resident_bytes()
                async with crowd(daemon.port, 50, buffer=SMALL_BUFFER) as slow:
                    for each in slow:
                        each.stop()
                    await fill(author, healthy)
                    beside += await slowest(author, healthy, CUT_WITHIN)
                    grown.append(daemon.resident_bytes() - resident)
                    assert len(connections(daemon)) == len(healthy)
            before, after = statistics.median(alone), statistics.median(beside)
            sys.stdout.write(f"p99 {before:.4f} s alone, {after:.4f} s beside; memory {grown} bytes\n")
            assert all(each.is_there for each in healthy)
            assert after <= 1.2 * before
            assert max(grown) <= 30 * 2**20

    with running(Process(tmp_path, send_buffer=SMALL_BUFFER)) as daemon:
        asyncio.run(main(daemon))


async def fill(author, readers):
    """More than the kernel takes for who does not read."""
    for _ in range(20):
        await say_to(author, readers, 8_000)


async def say_to(author, readers, size):
    """A message that all of these hear; when it came to each of them."""
    wanted = [each.heard + 1 for each in readers]
    await author.say(1, size)
    await until(lambda: all(each.heard >= heard for each, heard in zip(readers, wanted, strict=True)))
    return [each.at for each in readers]


async def slowest(author, readers, seconds):
    """The 99th percentile of how long messages take to all readers, second by second."""
    found, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        taken, second = [], time.monotonic() + 1
        while time.monotonic() < second:
            begun = time.perf_counter()
            taken += [at - begun for at in await say_to(author, readers, 200)]
        found.append(sorted(taken)[int(len(taken) * 0.99)])
    return found


def connections(daemon):
    """The open connections of a daemon."""
    lines = Path(f"/proc/{daemon.pid}/net/tcp").read_text().splitlines()[1:]
    fields = (line.split() for line in lines)
    return [each for each in fields if int(each[1].rpartition(":")[2], 16) == daemon.port and each[3] == "01"]
