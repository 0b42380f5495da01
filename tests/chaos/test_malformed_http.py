"""Malformed requests: none is answered by a failure, none hangs, and the daemon serves as before."""

import asyncio
import logging
import re
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chaos.memory import MIB, resident
from chaos.requests import spoiled, valid
from live import serving, visiting
from taskwatch import clock
from taskwatch.actions import people, tokens, workflows
from taskwatch.actions.people import NewUser
from taskwatch.actions.tokens import NewToken
from taskwatch.model import definition
from taskwatch.server.clients import ROWS
from taskwatch.testing import HandClock
from taskwatch.tomlfile import parse

EXAMPLE = Path(__file__).parent.parent / "data" / "bc.toml"
AT_ONCE = 100
FAILURE = re.compile(rb"HTTP/\d\.\d 5\d\d [^\r\n]*")
STAYING = re.compile(rb"HTTP/\d\.\d 101 |text/event-stream")
HEAD = b"Host: localhost\r\nContent-Type: application/json\r\n"
UNENDING = {
    "silence": (b"", b""),
    "half a line": (b"GET /hea", b""),
    "half of the headers": (b"GET /healthz HTTP/1.1\r\nHost: loc", b"a"),
    "a body that never comes": (b"POST /api/v1/tasks HTTP/1.1\r\n%bContent-Length: 9\r\n\r\n" % HEAD, b""),
    "a body in drops": (b"POST /api/v1/tasks HTTP/1.1\r\n%bContent-Length: 99999\r\n\r\n" % HEAD, b" "),
    "chunks in drops": (
        b"POST /api/v1/tasks HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\n\r\n" % HEAD,
        b"1\r\n \r\n",
    ),
    "a form in drops": (b"POST /login HTTP/1.1\r\n%bContent-Length: 9999\r\n\r\n" % HEAD, b"a"),
    "a body nobody wants": (b"GET /healthz HTTP/1.1\r\n%bContent-Length: 9999\r\n\r\n" % HEAD, b"a"),
    "a body of nothing": (b"POST /nothing HTTP/1.1\r\n%bContent-Length: 9999\r\n\r\n" % HEAD, b"a"),
    "an answer nobody reads": (b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 400, b""),
}


@pytest.fixture
def furnished(store):
    """The path of a database with users, a workflow and an admin's token, and that token."""
    kept, problems = definition.check(parse(EXAMPLE.read_text(), "bc.toml").data)
    assert not problems
    for name in ("dana", "eli"):
        people.add(store, NewUser(name, roles=("driver",)), HandClock().change())
    workflows.define(store, kept, HandClock().change())
    workflows.start(store, "bc", "Order", "114", HandClock().change())
    return Path(store.url), tokens.create(
        store, NewToken("all", admin=True, life_ms=None), HandClock().change()
    )["secret"]


def test_five_thousand_spoiled_requests_do_no_harm(furnished, caplog):
    asyncio.run(storm(*furnished, range(5_000)))
    assert loud(caplog) == []


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_fifty_thousand_spoiled_requests_do_no_harm(furnished, caplog):
    asyncio.run(storm(*furnished, range(5_000, 55_000)))
    assert loud(caplog) == []


def test_an_unspoiled_request_of_every_route_is_understood(furnished):
    async def main():
        path, secret = furnished
        async with serving(path) as daemon:
            originals = valid(daemon.house.settings.app, secret)
            answers = await send_all(daemon, originals)
            wrong = [
                (a[:15], o[:80])
                for a, o in zip(answers, originals, strict=True)
                if re.match(rb"HTTP/1.1 (400|5)", a)
            ]
            assert wrong == []

    asyncio.run(main())


def test_what_never_ends_is_ended(furnished):
    """By the sweeper's clock."""

    async def main():
        async with serving(furnished[0]) as daemon:
            async with unending(daemon), asyncio.timeout(30):
                await settled(daemon)
                begun = clock.monotonic()
                daemon.sweeper.sweep(begun + 8)
                assert len(daemon.sweeper.idle) == len(UNENDING)
                daemon.sweeper.sweep(begun + 9.1)
                while daemon.sweeper.idle:
                    await asyncio.sleep(0)
                    daemon.sweeper.sweep(begun + 9.1)
            await check_serving(daemon, furnished[1])

    asyncio.run(main())


@pytest.mark.long
def test_what_never_ends_is_ended_within_ten_seconds(furnished):
    async def main():
        async with serving(furnished[0]) as daemon, unending(daemon):
            await settled(daemon)
            async with asyncio.timeout(11.5):
                while daemon.sweeper.idle:  # noqa: ASYNC110 - looks once a second, as it does
                    await asyncio.sleep(0.1)

    asyncio.run(main())


def test_a_kept_connection_in_use_is_not_ended(furnished):
    async def main():
        async with serving(furnished[0]) as daemon:
            reader, writer = await connect(daemon)
            for second in range(0, 60, 5):
                daemon.sweeper.sweep(float(second))
                writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200")
            writer.close()

    asyncio.run(main())


async def storm(path, secret, numbers):
    """Send the spoiled requests of these numbers, many at once; memory is looked at after the first fifth."""
    async with serving(path) as daemon:
        originals = valid(daemon.house.settings.app, secret)
        before = 0
        for start in range(numbers.start, numbers.stop, AT_ONCE):
            wanted = range(start, min(start + AT_ONCE, numbers.stop))
            answers = await send_all(daemon, [spoiled(originals, number) for number in wanted])
            failed = {
                n: found[0] for n, a in zip(wanted, answers, strict=True) if (found := FAILURE.search(a))
            }
            assert failed == {}
            if start - numbers.start <= len(numbers) // 5:
                before = resident()
        await check_serving(daemon, secret)
        await check_all_gone(daemon)
        assert resident() - before <= 10 * MIB


async def send_all(daemon, requests):
    """What comes back for each; those that want more to be sent are ended by the sweeper."""
    async with asyncio.timeout(30):
        waiting = [asyncio.ensure_future(send(daemon, each)) for each in requests]
        await settled(daemon, waiting)
        while not all(each.done() for each in waiting):
            daemon.sweeper.idle.clear()
            daemon.sweeper.sweep(0.0)
            daemon.sweeper.sweep(60.0)
            await breathe(waiting)
        return await asyncio.gather(*waiting)


async def send(daemon, data):
    reader, writer = await connect(daemon)
    got = b""
    try:
        writer.write(data)
        while not STAYING.search(got) and (more := await reader.read(65_536)):
            got += more
    except ConnectionError:
        pass
    writer.transport.abort()
    return got


async def breathe(waiting):
    """Let others work: a loop that only asks would keep the database's threads from their turn."""
    if pending := [each for each in waiting if not each.done()]:
        await asyncio.wait(pending, timeout=0.001, return_when=asyncio.FIRST_COMPLETED)
    else:
        await asyncio.sleep(0)


async def settled(daemon, waiting=()):
    """Wait until nothing is left to be done but to wait for clients."""
    quiet = 0
    while quiet < 20 and not (waiting and all(each.done() for each in waiting)):
        await breathe(waiting)
        daemon.sweeper.idle.clear()
        daemon.sweeper.sweep(clock.monotonic())
        connections = len(daemon._runner.server.connections)
        quiet = quiet + 1 if connections <= len(daemon.sweeper.idle) + len(daemon.house.clients) else 0


@asynccontextmanager
async def unending(daemon):
    """The unending requests, on their way."""
    async with asyncio.TaskGroup() as group:
        lines = [await connect(daemon) for _ in UNENDING]
        for (begin, more), (_, writer) in zip(UNENDING.values(), lines, strict=True):
            writer.write(begin)
            group.create_task(drip(writer, more))
        yield
        for _, writer in lines:
            writer.transport.abort()


async def drip(writer, more):
    while more and not writer.is_closing():
        writer.write(more)
        await asyncio.sleep(0.01)


async def connect(daemon):
    host, _, port = daemon.address.removeprefix("http://").rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def check_serving(daemon, secret):
    async with visiting(daemon, secret) as session:
        for path in ("/healthz", "/readyz", "/api/v1/tasks"):
            async with session.get(path) as response:
                assert response.status == 200, path


async def check_all_gone(daemon):
    """Live clients that left are noticed when they are pulsed, also those that were not listened to."""
    async with asyncio.timeout(30):
        while daemon.status()["clients"]:
            for row in range(ROWS):
                daemon.house.clients.pulse(row)
            await asyncio.sleep(0.01)


def loud(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
