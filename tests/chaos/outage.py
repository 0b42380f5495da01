"""A daemon whose way to its server fails: whether it notices, comes back by itself and has missed nothing."""

import asyncio
import time
from contextlib import AsyncExitStack

from chaos.processes import Author
from chaos.proxy import HOST, Proxy
from chaos.wires import StreamWire, connect
from live import serving
from taskwatch import clock
from taskwatch.actions import tasks
from taskwatch.actions.change import Change
from taskwatch.actions.tasks import NewTask

NOTICED = 15  # seconds
RECOVERED = 10
PAUSE = 0.2
TASKS = [f"T{number}" for number in range(100)]


class Outage:
    """A daemon behind a proxy. `seqs` was written, past the proxy; `heard` is what its client was told."""

    def __init__(self, url, proxy, daemon, author):
        self.url, self.proxy, self.daemon, self.author = url, proxy, daemon, author
        self.port = int(daemon.address.rpartition(":")[2])
        self.seqs, self.heard = [], []
        self._news = asyncio.Event()
        self._tasks = iter(TASKS)

    async def suffer(self, fault, *, noticed=NOTICED, recovered=RECOVERED):
        """Have a fault, from before until after it."""
        self.wire = StreamWire(self._hear, "topic=news")
        await connect(self.wire, HOST, self.port)
        await self._say("before")
        await self._await_news(recovered)
        begun = time.monotonic()
        failing = asyncio.create_task(fault(self.proxy))
        await self._say("meanwhile")
        async with asyncio.timeout(noticed):
            await self._start(next(self._tasks))
        lasts = await failing
        if lasts:  # it is for the daemon to find another way
            await self._await_news(begun + noticed + recovered - time.monotonic())
        await self._recover(recovered)
        assert not self.wire.ended.done(), "the client was cut off"
        assert self.heard == self.seqs
        self.wire.drop()

    async def _recover(self, seconds):
        """Events go out and changes come in again."""
        async with asyncio.timeout(seconds):
            await self._say("after")
            await self._await_news(seconds)
            while await self._start(next(self._tasks)) != 200:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(PAUSE)

    async def _say(self, name):
        self.seqs += await self.author.say(name=name)

    async def _await_news(self, seconds):
        """Until all that was written has been heard."""
        async with asyncio.timeout(seconds):
            while self.heard[-1:] != self.seqs[-1:]:
                self._news.clear()
                await self._news.wait()

    async def _start(self, code):
        """Start a task through the daemon; the status of its answer."""
        reader, writer = await asyncio.open_connection(HOST, self.port)
        path = f"/api/v1/tasks/{code}/start"
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 2\r\n"
        writer.write(f"{head}Content-Type: application/json\r\n\r\n{{}}".encode())
        answer = await reader.read()
        writer.close()
        return int(answer.split(b" ", 2)[1])

    def _hear(self, message):
        if message["event"] == "message.published":
            self.heard.append(message["data"]["seq"])
            self._news.set()


async def outage(site, fault, **limits):
    """An outage from its beginning to its end, on a database of its own."""
    name = site.new_database()
    url = site.url(name)
    async with AsyncExitStack() as stack:
        author = await stack.enter_async_context(Author(url))
        await author.write(tasks.add, [NewTask(code) for code in TASKS], Change(clock.now()))
        proxy = await stack.enter_async_context(Proxy(site.port).open())
        daemon = await stack.enter_async_context(serving(site.url(name, proxy.port)))
        stack.callback(proxy.cut)
        await Outage(url, proxy, daemon, author).suffer(fault, **limits)


def slow(seconds, latency):
    async def fault(proxy):
        proxy.change(latency=latency)
        await asyncio.sleep(seconds)
        proxy.change(latency=0)

    return fault


def cut(*, politely):
    async def fault(proxy):
        proxy.cut(politely=politely)

    return fault


def cut_often(seconds, pause):
    async def fault(proxy):
        for _ in range(int(seconds / pause)):
            proxy.cut()
            await asyncio.sleep(pause)

    return fault


def cut_within(seconds, sizes):
    """In the middle of answers."""

    async def fault(proxy):
        for size in sizes:
            proxy.change(left=size)
            await asyncio.sleep(seconds / len(sizes))
        proxy.new.clear()
        proxy.change_present(left=None)

    return fault


def refuse(seconds, *, spare_present=False):
    async def fault(proxy):
        await proxy.refuse()
        if not spare_present:
            proxy.cut()
        await asyncio.sleep(seconds)
        await proxy.listen()

    return fault


def flap(times, seconds):
    async def fault(proxy):
        for _ in range(times):
            await refuse(seconds)(proxy)
            await asyncio.sleep(seconds)

    return fault


def everything(seconds, good, **bad):
    """All connections are bad, then as `good` says again."""

    async def fault(proxy):
        proxy.change(**bad)
        await asyncio.sleep(seconds)
        proxy.change(**good)

    return fault


def anew(seconds, **bad):
    """The connections are cut, and those that follow are bad."""

    async def fault(proxy):
        proxy.new |= bad
        proxy.cut()
        await asyncio.sleep(seconds)
        proxy.new.clear()

    return fault


def forgotten(**bad):
    """Those there are bad for good, but new ones would do."""

    async def fault(proxy):
        proxy.change_present(**bad)
        return True

    return fault
