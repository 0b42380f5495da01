"""Our frames, as a real WebSocket client reads them."""

import asyncio

import pytest
from aiohttp import ClientSession, WSMsgType, web
from aiohttp.test_utils import TestServer

from taskwatch.server.frames import PING, pong_frame, text_frame


def received(data):
    """What a client gets when the server writes these bytes to an upgraded connection."""

    async def handler(request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        request.transport.write(data)
        await socket.receive()
        return socket

    async def main():
        app = web.Application()
        app.router.add_get("/", handler)
        async with (
            TestServer(app) as server,
            ClientSession() as session,
            session.ws_connect(server.make_url("/"), autoping=False) as socket,
        ):
            return await socket.receive(timeout=5)

    return asyncio.run(main())


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65_535, 65_536, 100_000])
def test_a_text_of_any_length_arrives(length):
    text = "é" * (length // 2) + "x" * (length % 2)
    message = received(text_frame(text))
    assert (message.type, message.data) == (WSMsgType.TEXT, text)


def test_pings_and_pongs_are_control_frames():
    assert received(PING).type is WSMsgType.PING
    pong = received(pong_frame(b"abc"))
    assert (pong.type, bytes(pong.data)) == (WSMsgType.PONG, b"abc")
