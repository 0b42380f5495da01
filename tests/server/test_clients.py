"""Who is connected: kept warm, watched over, said goodbye to."""

import asyncio

from aiohttp import ClientTimeout

from live import paging, serving, streaming, talking, visiting
from taskwatch.server.clients import ROWS


def run(scenario, path, **settings):
    async def main():
        async with serving(path, **settings) as daemon, visiting(daemon) as session:
            await scenario(daemon, session)

    asyncio.run(main())


async def gone(clients):
    async with asyncio.timeout(30):
        while len(clients):  # noqa: ASYNC110 - the handlers end by themselves
            await asyncio.sleep(0)


def test_they_are_counted_by_kind_until_they_go(path, orders):
    async def scenario(daemon, session):
        clients = daemon.house.clients
        async with streaming(session, "news"), talking(session), paging(session):
            assert clients.count() == {"sse": 1, "websocket": 1, "pusher": 1}
        await gone(clients)

    run(scenario, path)


def test_every_client_hears_something_in_every_round(path, orders):
    async def scenario(daemon, session):
        async with (
            session.get("/events", params={"topic": "news"}) as stream,
            talking(session, autoping=False) as talk,
        ):
            await stream.content.readuntil(b": current\n\n")
            await talk.hear()
            for row in range(ROWS):
                daemon.house.clients.pulse(row)
            async with asyncio.timeout(30):
                assert await stream.content.readuntil(b"\n\n") == b": \n\n"
                assert (await talk.socket.receive()).type.name == "PING"

    run(scenario, path)


def test_a_websocket_that_answers_no_ping_is_cut_off_and_a_stream_is_not(path, orders):
    async def scenario(daemon, session):
        clients = daemon.house.clients
        async with streaming(session, "news"), talking(session) as talk:
            await talk.hear()
            socket = next(outlet for outlet in clients if outlet.kind == "websocket")
            clients.look(socket.heard + 44, 0)
            assert len(clients) == 2
            clients.look(socket.heard + 46, 0)
            assert await talk.hear() == 1006
            assert clients.cut_off == 1

    run(scenario, path)


def test_who_does_not_read_is_cut_off_by_bytes_or_by_time(path, orders):
    async def scenario(daemon, session):
        clients = daemon.house.clients
        async with asyncio.timeout(20):
            for way in ("bytes", "time"):
                host, port = daemon.address.removeprefix("http://").split(":")
                reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
                writer.write(b"GET /events?topic=news HTTP/1.1\r\nHost: localhost\r\n\r\n")
                await reader.readuntil(b": current\n\n")
                writer.transport.pause_reading()
                outlet = next(iter(clients))
                outlet.is_stalled(outlet.heard)
                while not outlet.transport.is_closing():
                    waiting = outlet.transport.get_write_buffer_size()
                    if way == "time" and waiting:
                        clients.look(outlet.heard, 0)
                        since = outlet._moved
                        clients.look(since + 9, 0)
                        assert not outlet.transport.is_closing()
                        clients.look(since + 11, 0)
                        assert outlet.transport.is_closing()
                    else:
                        outlet.send(b"x" * 8192)
                    assert waiting <= 256 * 1024
                writer.transport.abort()
                await gone(clients)
        assert clients.cut_off == 2

    run(scenario, path)


def test_an_identity_that_has_expired_ends_its_stream(path, orders):
    async def scenario(daemon, session):
        clients = daemon.house.clients
        async with streaming(session, "news") as stream:
            outlet = next(iter(clients))
            outlet.expires_at = 1_000
            clients.look(outlet.heard, 999)
            clients.look(outlet.heard, 1_000)
            assert (await stream.next())["event"] == "bye"
            assert await stream.next() is None

    run(scenario, path)


def test_a_drain_says_goodbye_to_everybody_in_time(path, orders):
    async def scenario(daemon, session):
        streams = [
            await session.get("/events", params={"topic": "news"}, timeout=ClientTimeout(10))
            for _ in range(60)
        ]
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await daemon.house.clients.drain(0.5)
        assert loop.time() - begun < 3
        for each in streams:
            assert b"event: bye" in await each.content.read()

    run(scenario, path)
