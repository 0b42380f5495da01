"""The daemon as an object: start, address, reload, stop."""

import asyncio
import socket

import pytest

from live import configured, serving, streaming, visiting
from taskwatch.actions import tokens
from taskwatch.actions.tokens import NewToken
from taskwatch.daemon.daemon import Daemon
from taskwatch.errors import Forbidden, InvalidConfig, Unavailable


@pytest.fixture
def path(tmp_path):
    return tmp_path / "t.db"


def start(path, **settings):
    async def main():
        async with serving(path, **settings):
            pass

    asyncio.run(main())


def test_it_serves_a_database_that_was_not_there(path):
    async def main():
        async with serving(path) as daemon, visiting(daemon) as session:
            for probe in ("/healthz", "/readyz"):
                async with session.get(probe) as response:
                    assert (response.status, await response.json()) == (200, {"status": "ok"})
            assert daemon.status()["clients"] == {}
        assert path.exists()

    asyncio.run(main())


def test_it_can_be_stopped_twice_and_never_started(path):
    async def main():
        daemon = Daemon(configured(path), {})
        await daemon.stop()
        async with serving(path) as daemon:
            await daemon.stop()
        with pytest.raises(RuntimeError):
            _ = Daemon(configured(path), {}).house

    asyncio.run(main())


def test_a_port_in_use_is_told_with_a_hint(path):
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(Unavailable) as caught:
        start(path, server__port=taken.getsockname()[1])
    assert "in use" in caught.value.message
    assert "--port" in caught.value.hint


def test_an_address_that_is_none_is_told(path):
    with pytest.raises(Unavailable):
        start(path, server__host="no.such.host.invalid")


def test_other_machines_need_tokens(path, store_at):
    with pytest.raises(Forbidden) as caught:
        start(path, server__host="0.0.0.0")
    assert "taskwatch token create" in caught.value.hint
    store_at(path, lambda store, change: tokens.create(store, NewToken(admin=True), change))
    start(path, server__host="0.0.0.0")


@pytest.fixture
def store_at(clock):
    from taskwatch.store import open_store

    def store_at(path, action):
        store = open_store(str(path))
        try:
            return action(store, clock.change())
        finally:
            store.close()

    return store_at


def test_a_reload_swaps_the_settings_or_keeps_them_all(path, tmp_path):
    async def main():
        async with serving(path) as daemon:
            await daemon.reload(configured(path, pusher__client_events="true", sla__alert_on_rise="true"))
            assert daemon.house.settings.client_events
            assert daemon.house.switchboard.rules.client_events
            assert daemon.house.watch.alert_on_rise
            with pytest.raises(InvalidConfig):
                await daemon.reload(configured(path, pusher__secret_file=str(tmp_path / "none")))
            assert daemon.house.settings.client_events

    asyncio.run(main())


def test_given_sockets_are_served_on_and_a_restart_loses_nobody_who_waits(path):
    async def main():
        with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
            address = listener.getsockname()
            async with serving(path, sockets=[listener.dup()]):
                pass
            reader, writer = await asyncio.open_connection(*address)
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            async with serving(path, sockets=[listener.dup()]):
                assert (await reader.read()).startswith(b"HTTP/1.1 200 OK")
            writer.close()

    asyncio.run(main())


def test_it_is_unready_but_alive_while_it_ends(path):
    async def main():
        async with serving(path) as daemon, visiting(daemon) as session, streaming(session, "news"):
            daemon.house.clients.is_draining = True
            async with session.get("/readyz") as response:
                assert response.status == 503
            async with session.get("/healthz") as response:
                assert response.status == 200

    asyncio.run(main())


def test_who_connects_and_asks_nothing_is_shown_out(path):
    async def main():
        async with serving(path) as daemon:
            host, port = daemon.address.removeprefix("http://").split(":")
            silent, writer = await asyncio.open_connection(host, int(port))
            half, other = await asyncio.open_connection(host, int(port))
            other.write(b"GET /healthz HTT")
            async with visiting(daemon) as session, streaming(session, "news") as stream:
                sweeper = daemon.sweeper
                async with asyncio.timeout(30):
                    while len(sweeper.idle) < 2:
                        sweeper.sweep(0.0)
                        await asyncio.sleep(0)
                    sweeper.sweep(11.0)
                    assert await silent.read() == b""
                    assert await half.read() == b""
                assert not stream.response.content.at_eof()
            writer.close()
            other.close()

    asyncio.run(main())
