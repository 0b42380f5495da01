"""What taskwatch is measured against: aiohttp the way its documentation shows, and written to directly.

Run: python aiohttp_server.py awaited|direct PORT FEED_PORT

Each line that comes in at the feed port goes to every client of /ws and /sse. `awaited` sends with one
await per client; `direct` builds the frame once and writes it straight to the transports.
"""

import asyncio
import resource
import sys
from typing import Any

from aiohttp import WSMsgType, web

BACKLOG = 4096


class Awaited:
    """One awaited send per client."""

    def __init__(self) -> None:
        self.sockets: set[web.WebSocketResponse] = set()
        self.streams: set[web.StreamResponse] = set()

    def add_socket(self, response: web.WebSocketResponse, request: web.Request) -> Any:
        self.sockets.add(response)
        return lambda: self.sockets.discard(response)

    def add_stream(self, response: web.StreamResponse, request: web.Request) -> Any:
        self.streams.add(response)
        return lambda: self.streams.discard(response)

    async def send(self, line: bytes) -> None:
        text, event = line.decode(), b"data: " + line + b"\n\n"
        for socket in list(self.sockets):
            await socket.send_str(text)
        for stream in list(self.streams):
            await stream.write(event)


class Direct:
    """One frame for all, written to the transports."""

    def __init__(self) -> None:
        self.sockets: set[asyncio.Transport] = set()
        self.streams: set[asyncio.Transport] = set()

    def add_socket(self, response: web.WebSocketResponse, request: web.Request) -> Any:
        transport = request.transport
        self.sockets.add(transport)
        return lambda: self.sockets.discard(transport)

    def add_stream(self, response: web.StreamResponse, request: web.Request) -> Any:
        transport = request.transport
        self.streams.add(transport)
        return lambda: self.streams.discard(transport)

    async def send(self, line: bytes) -> None:
        if self.sockets:
            frame = websocket_frame(line)
            for transport in self.sockets:
                transport.write(frame)
        if self.streams:
            chunk = http_chunk(b"data: " + line + b"\n\n")
            for transport in self.streams:
                transport.write(chunk)


ROOM: web.AppKey[Awaited | Direct] = web.AppKey("room")


def websocket_frame(data: bytes) -> bytes:
    size = bytes([len(data)]) if len(data) < 126 else b"\x7e" + len(data).to_bytes(2, "big")
    return b"\x81" + size + data


def http_chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


async def serve_socket(request: web.Request) -> web.WebSocketResponse:
    response = web.WebSocketResponse(compress=False)
    await response.prepare(request)
    leave = request.app[ROOM].add_socket(response, request)
    try:
        while (await response.receive()).type is WSMsgType.TEXT:
            pass
    finally:
        leave()
    return response


async def serve_stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    await response.write(b": ok\n\n")
    leave = request.app[ROOM].add_stream(response, request)
    try:
        await asyncio.Event().wait()
    finally:
        leave()
    return response


async def feed(room: Awaited | Direct, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        await room.send(line.rstrip())
    writer.close()


async def main(kind: str, port: int, feed_port: int) -> None:
    room = Awaited() if kind == "awaited" else Direct()
    app = web.Application()
    app[ROOM] = room
    app.add_routes([web.get("/ws", serve_socket), web.get("/sse", serve_stream)])
    await asyncio.start_server(lambda *ends: feed(room, *ends), "127.0.0.1", feed_port)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=BACKLOG).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
