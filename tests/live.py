"""A whole daemon in this process, and what talks to it: for tests of everything that is live."""

import asyncio
import json
import os
from contextlib import asynccontextmanager

from aiohttp import ClientSession, ClientTimeout, WSMsgType

from taskwatch.config import load
from taskwatch.daemon.daemon import Daemon


def configured(path, *, cwd=None, **settings):
    """The configuration of a daemon on a free port, for a database file or a server's URL."""
    flags = {"--db": str(path), "server.port": "0"}
    flags |= {name.replace("__", "."): str(value) for name, value in settings.items()}
    return load(flags=flags, environ={}, cwd=str(cwd or os.path.dirname(path)))


@asynccontextmanager
async def serving(path, *, clock=None, sockets=None, bus=None, number=0, **settings):
    """A started daemon."""
    options = {"now": lambda: clock.now} if clock else {}
    daemon = Daemon(configured(path, **settings), {}, sockets=sockets, bus=bus, number=number, **options)
    await daemon.start()
    try:
        yield daemon
    finally:
        await daemon.stop()


@asynccontextmanager
async def visiting(daemon, token=None, **headers):
    """A client of a daemon."""
    if token:
        headers["Authorization"] = f"Bearer {token}"
    session = ClientSession(daemon.address, headers=headers, timeout=ClientTimeout(total=20))
    async with session:
        yield session


class Stream:
    """What comes over `/events`, event by event."""

    def __init__(self, response):
        self.response = response
        self._fields = {}

    async def next(self, seconds=20):
        """The next event as a dict of its fields; comments and `retry:` alone are passed over."""
        async with asyncio.timeout(seconds):
            while line := await self.response.content.readline():
                text = line.decode().rstrip("\n")
                if not text:
                    fields, self._fields = self._fields, {}
                    if "data" in fields:
                        return {**fields, "data": json.loads(fields["data"])}
                elif not text.startswith(":"):
                    name, _, value = text.partition(": ")
                    self._fields[name] = value
            return None


@asynccontextmanager
async def streaming(session, *topics, cursor=None, **query):
    """An open stream."""
    headers = {"Last-Event-ID": cursor} if cursor else {}
    params = [*(("topic", topic) for topic in topics), *query.items()]
    async with session.get("/events", params=params, headers=headers) as response:
        yield Stream(response)


class Talk:
    """A WebSocket that speaks JSON."""

    def __init__(self, socket):
        self.socket = socket

    async def say(self, **message):
        await self.socket.send_str(json.dumps(message))

    async def hear(self, seconds=20):
        """The next message as a dict, or the close code as an int."""
        message = await self.socket.receive(timeout=seconds)
        if message.type is WSMsgType.CLOSE:
            return message.data  # what was said: the socket forgets it when its own goodbye comes too late
        return (
            json.loads(message.data)
            if isinstance(message.data, str) and message.data[:1] == "{"
            else self.code
        )

    @property
    def code(self):
        return self.socket.close_code

    async def ask(self, **message):
        await self.say(**message)
        return await self.hear()


@asynccontextmanager
async def talking(session, path="/ws", **options):
    """An open WebSocket."""
    async with session.ws_connect(path, **options) as socket:
        yield Talk(socket)


PUSHER = "/app/taskwatch?protocol=7&client=js&version=8.6.0&flash=false"


class Page(Talk):
    """A WebSocket that speaks the Pusher protocol, as pusher-js does."""

    socket_id = ""

    def __init__(self, session, socket):
        super().__init__(socket)
        self._session = session

    async def greet(self):
        greeting = await self.hear()
        self.socket_id = json.loads(greeting["data"])["socket_id"]
        return greeting

    async def authorize(self, channel):
        """Status and answer of the auth endpoint."""
        form = {"socket_id": self.socket_id, "channel_name": channel}
        async with self._session.post("/broadcasting/auth", data=form) as response:
            return response.status, await response.json(content_type=None)

    async def join(self, channel):
        """Subscribe, with a signature where one is needed; the answer."""
        data = {"auth": "", "channel": channel}
        if channel.startswith(("private-", "presence-")):
            status, answer = await self.authorize(channel)
            assert status == 200
            data |= answer
        return await self.ask(event="pusher:subscribe", data=data)

    async def leave(self, channel):
        await self.say(event="pusher:unsubscribe", data={"channel": channel})

    async def event(self, name):
        """The next frame of that name; others are passed over."""
        while (frame := await self.hear())["event"] != name:
            pass
        return frame


@asynccontextmanager
async def paging(session, path=PUSHER, **options):
    """A greeted Pusher client."""
    async with session.ws_connect(path, **options) as socket:
        page = Page(session, socket)
        await page.greet()
        yield page
