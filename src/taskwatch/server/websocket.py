"""`/ws`: topics over a WebSocket, in JSON. Every message from a client gets an answer, an error as well."""

import asyncio
import json
from contextlib import suppress
from typing import Any, cast

import msgspec
from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from taskwatch import clock
from taskwatch.errors import InvalidInput, TaskwatchError
from taskwatch.model.access import Identity
from taskwatch.server import gate
from taskwatch.server.encoding import WEBSOCKET
from taskwatch.server.following import MOST_TOPICS, catch_up, choose, come_back, reset_data
from taskwatch.server.frames import PING, pong_frame, text_frame
from taskwatch.server.house import House, house
from taskwatch.server.outlet import Outlet
from taskwatch.server.policy import Policy
from taskwatch.server.route import Route
from taskwatch.services.fact import Fact

MAX_MESSAGE_BYTES = 16 * 1024


async def connect(request: web.Request) -> web.StreamResponse:
    """Talk to a client until it or we have enough."""
    socket = web.WebSocketResponse(autoping=False, compress=False, max_msg_size=MAX_MESSAGE_BYTES)
    await socket.prepare(request)
    try:
        identity = await gate.admit(request)
    except TaskwatchError as error:
        with suppress(ConnectionError):  # it did not wait for the answer
            await socket.send_str(_error(error))
        await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=error.message.encode()[:120])
        return socket
    await _Talk(house(request), identity, request, socket).run()
    return socket


class _Talk:
    """One connection: what it follows, and what it says."""

    def __init__(
        self, here: House, identity: Identity, request: web.Request, socket: web.WebSocketResponse
    ) -> None:
        self._house = here
        self._identity = identity
        self._request = request
        self._socket = socket
        self._goodbye: asyncio.Task[bool] | None = None
        self._outlet = Outlet(
            cast("asyncio.Transport", request.transport),
            "websocket",
            WEBSOCKET,
            pulse=PING,
            now=clock.monotonic(),
        )
        self._outlet.farewell = self._leave
        self._outlet.is_of = lambda revocation: revocation.concerns_identity(identity)
        self._outlet.expires_at = identity.expires_at

    async def run(self) -> None:
        self._house.clients.enter(self._outlet)
        self._say(type="welcome", cursor=self._house.hub.cursor)
        try:
            async for message in self._socket:
                await self._take(message)
        finally:
            self._house.hub.leave(self._outlet)
            self._house.clients.leave(self._outlet)
            if self._goodbye:
                await self._goodbye

    async def _take(self, message: WSMessage) -> None:
        self._outlet.heard = clock.monotonic()
        if message.type is WSMsgType.PING:
            self._outlet.send(pong_frame(message.data))
        elif message.type in {WSMsgType.TEXT, WSMsgType.BINARY}:
            try:
                await self._obey(_read(message))
            except TaskwatchError as error:
                self._outlet.send(text_frame(_error(error)))

    async def _obey(self, wanted: dict[str, Any]) -> None:
        match wanted.get("type"):
            case "subscribe":
                await self._subscribe(wanted)
            case "unsubscribe":
                self._unsubscribe(wanted)
            case "ping":
                self._say(type="pong")
            case _:
                raise InvalidInput(
                    "the type of a message is subscribe, unsubscribe or ping",
                    hint='send {"type":"subscribe","topics":["workflow.*"]}',
                )

    async def _subscribe(self, wanted: dict[str, Any]) -> None:
        topics = choose(self._identity, _topics(wanted))
        together = self._house.hub.followed(self._outlet) | topics
        if len(together) > MOST_TOPICS:
            raise InvalidInput(
                f"one connection follows at most {MOST_TOPICS} topics", hint="open another one"
            )
        place = await come_back(self._house, _text(wanted, "after")) if "after" in wanted else None

        async def send(facts: list[Fact]) -> None:
            await self._drain(WEBSOCKET.encode(facts, topics, {}))

        why = await catch_up(self._house, topics, place, send) if place else None
        if why:
            self._outlet.send(text_frame(f'{{"type":"reset",{reset_data(self._house, why)[1:]}'))
        self._house.hub.follow(self._outlet, self._house.hub.followed(self._outlet) | topics)
        self._say(type="subscribed", topics=sorted(topics), cursor=self._house.hub.cursor)

    def _unsubscribe(self, wanted: dict[str, Any]) -> None:
        topics = frozenset(_topics(wanted))
        self._house.hub.follow(self._outlet, self._house.hub.followed(self._outlet) - topics)
        self._say(type="unsubscribed", topics=sorted(topics))

    def _say(self, **message: Any) -> None:
        self._outlet.send(text_frame(json.dumps(message, ensure_ascii=False)))

    async def _drain(self, data: bytes) -> None:
        self._outlet.transport.write(data)
        await self._request.writer.drain()
        self._outlet.heard = clock.monotonic()  # its pongs wait behind this

    def _leave(self) -> None:
        if self._goodbye is None:
            closing = self._socket.close(
                code=WSCloseCode.SERVICE_RESTART, message=b"come back with your cursor"
            )
            self._goodbye = asyncio.get_running_loop().create_task(closing)


def _read(message: WSMessage) -> dict[str, Any]:
    if message.type is not WSMsgType.TEXT:
        raise InvalidInput("messages are JSON texts", hint="send text frames")
    try:
        wanted = msgspec.json.decode(message.data)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        wanted = None
    if not isinstance(wanted, dict):
        raise InvalidInput("a message is one JSON object", hint='send {"type":"ping"}')
    return wanted


def _topics(wanted: dict[str, Any]) -> list[str]:
    topics = wanted.get("topics")
    if not isinstance(topics, list) or not all(isinstance(each, str) for each in topics):
        raise InvalidInput("topics is a list of texts", hint='send {"topics":["workflow.bc.114"]}')
    return topics


def _text(wanted: dict[str, Any], key: str) -> str:
    value = wanted[key]
    if not isinstance(value, str):
        raise InvalidInput(f"{key} is a text", hint="send the id of the last event you have")
    return value


def _error(error: TaskwatchError) -> str:
    inner = error.as_json()["error"]
    told = {"type": "error", "code": inner["code"], "message": error.message, "hint": error.hint}
    return json.dumps(told, ensure_ascii=False)


ROUTES = [Route("GET", "/ws", connect, Policy.SOCKET, "Follow topics over a WebSocket", "Live", hidden=True)]
