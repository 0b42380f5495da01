"""`/app/{key}`: carries out what the Pusher protocol decides, one socket at a time.

A refusal comes after the upgrade, as a close code: an HTTP error would make a client wait fifteen seconds.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import cast

from aiohttp import WSMessage, WSMsgType, web

from taskwatch import clock
from taskwatch.model.access import Identity, may_follow
from taskwatch.server import gate
from taskwatch.server.frames import PING, pong_frame, text_frame
from taskwatch.server.house import House, house
from taskwatch.server.outlet import Outlet
from taskwatch.server.policy import Policy
from taskwatch.server.pusher import frames, protocol
from taskwatch.server.pusher.effects import Close, Effect, Join, Send, SignIn
from taskwatch.server.pusher.line import Line
from taskwatch.server.pusher.state import Connection
from taskwatch.server.route import Route

MAX_MESSAGE_BYTES = 4 * protocol.MAX_FRAME
COME_BACK = 4200
HOUSE_FAMILIES = frozenset({"workflow", "task", "user", "role", "admin"})


async def connect(request: web.Request) -> web.StreamResponse:
    """Talk to a client until it or we have enough."""
    here = house(request)
    socket = web.WebSocketResponse(autoping=False, compress=False, max_msg_size=MAX_MESSAGE_BYTES)
    await socket.prepare(request)
    identity = await gate.identify(request)
    state, effects = _greet(here, request, identity)
    driver = _Driver(here, request, socket)
    if state is None:
        await driver.refuse(effects)
    else:
        await driver.run(state, effects, identity)
    return socket


async def lost(request: web.Request) -> web.StreamResponse:
    """A WebSocket at a path where no app is."""
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await _Driver(house(request), request, socket).refuse(protocol.refuse(4005))
    return socket


def _greet(
    here: House, request: web.Request, identity: Identity | None
) -> tuple[Connection | None, list[Effect]]:
    if not gate.origin_allowed(request):
        return None, protocol.refuse(4009)
    return protocol.connect(
        here.switchboard.rules,
        request.match_info["key"],
        request.query,
        socket_id=here.switchboard.new_socket_id(),
        may_listen=_listening(identity),
    )


def _listening(identity: Identity | None) -> Callable[[str], bool]:
    """What may be heard without a signature: other applications' topics, and ours by who asks."""

    def may_listen(topic: str) -> bool:
        if topic.partition(".")[0] not in HOUSE_FAMILIES:
            return True
        return identity is not None and may_follow(identity, topic)

    return may_listen


class _Driver:
    """One connection."""

    def __init__(self, here: House, request: web.Request, socket: web.WebSocketResponse) -> None:
        self._house = here
        self._board = here.switchboard
        self._socket = socket
        self._closing: asyncio.Task[bool] | None = None
        transport = cast("asyncio.Transport", request.transport)
        self._outlet = Outlet(transport, "pusher", self._board.encoding, pulse=PING, now=clock.monotonic())
        self._outlet.farewell = lambda: self._end(COME_BACK)

    async def refuse(self, effects: Iterable[Effect]) -> None:
        """Carry out what ends a connection before it began."""
        for effect in effects:
            match effect:
                case Send(text):
                    self._outlet.send(text_frame(text))
                case Close(code, reason):
                    await self._socket.close(code=code, message=reason.encode())

    async def run(self, state: Connection, greeting: Iterable[Effect], identity: Identity | None) -> None:
        """Serve a connection that was greeted, to its end."""
        line = Line(state, self._outlet, self._end, identity)
        line.keep_until(identity and identity.expires_at)
        self._outlet.name, self._outlet.is_of = state.socket_id, line.is_of
        self._board.enter(line)
        self._house.clients.enter(self._outlet)
        self._carry_out(line, greeting)
        try:
            async for message in self._socket:
                self._take(line, message)
        finally:
            self._house.clients.leave(self._outlet)
            self._board.part(line)
            if self._closing:
                await self._closing

    def _take(self, line: Line, message: WSMessage) -> None:
        now = self._outlet.heard = clock.monotonic()
        match message.type:
            case WSMsgType.TEXT:
                self._carry_out(line, protocol.receive(line.state, message.data, int(now * 1000)))
            case WSMsgType.PING:
                self._outlet.send(pong_frame(message.data))
            case WSMsgType.BINARY:
                line.send(frames.error("frames are texts"))

    def _carry_out(self, line: Line, effects: Iterable[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send(text):
                    line.send(text)
                case Close(code, _):
                    self._end(code)
                case Join(seat=seat) | SignIn(seat=seat) if self._board.was_revoked(line, seat):
                    self._end(COME_BACK)
                case Join(seat=seat) | SignIn(seat=seat):
                    line.keep_until(seat.expires_at)
                    self._board.carry_out(line, effect)
                case _:
                    self._board.carry_out(line, effect)

    def _end(self, code: int) -> None:
        if self._closing is None:
            reason = protocol.CLOSE_REASONS[code].encode()
            closing = self._socket.close(code=code, message=reason)
            self._closing = asyncio.get_running_loop().create_task(closing)


ROUTES = [
    Route("GET", "/app/{key}", connect, Policy.SOCKET, "Speak the Pusher protocol", "Pusher", hidden=True),
    Route("GET", "/app", lost, Policy.SOCKET, "Speak the Pusher protocol", "Pusher", hidden=True),
]
