"""Server-sent events against a whole daemon: from now, from a cursor, through drops and resets."""

import asyncio

import pytest

from live import serving, streaming, visiting
from taskwatch.actions import upkeep


def run(scenario, path, **settings):
    async def main():
        async with serving(path, **settings) as daemon, visiting(daemon) as session:
            await scenario(daemon, session)

    asyncio.run(main())


def test_a_change_made_by_anybody_arrives_with_its_cursor_and_its_payload(path, orders, clock):
    async def scenario(daemon, session):
        async with streaming(session, "workflow.bc.114") as stream:
            orders.start()
            orders.move("start", "ADV_REVIEW_BC114")
            events = [await stream.next()]
            while events[-1]["data"]["data"].get("new_status") != "in_progress":
                events.append(await stream.next())
            event = events[-1]
        assert "task.became.ready" in [each["event"] for each in events]
        assert event["event"] == event["data"]["kind"] == "task.status.changed"
        assert event["id"] == event["data"]["id"] == daemon.house.hub.cursor
        assert event["data"]["data"]["new_status"] == "in_progress"
        assert event["data"]["at"] == "2025-12-24T10:00:00Z"
        assert "workflow.bc.114" in event["data"]["topics"]

    run(scenario, path)


def test_the_answer_begins_at_once_and_survives_a_proxy(path, orders):
    async def scenario(_daemon, session):
        async with session.get("/events", params={"topic": "workflow.*"}) as response:
            assert response.status == 200
            assert response.headers["Content-Type"] == "text/event-stream"
            assert response.headers["X-Accel-Buffering"] == "no"
            assert "no-transform" in response.headers["Cache-Control"]
            assert "Content-Encoding" not in response.headers
            assert await response.content.readexactly(18) == b"retry: 3000\n: ok\n\n"

    run(scenario, path)


def test_only_what_was_asked_for_arrives_and_each_once(path, orders):
    async def scenario(_daemon, session):
        async with streaming(session, "news", "new*", "other") as stream:
            orders.say(2, "none")
            first = orders.say(2, "news")
            orders.say(1, "other")
            seqs = [(await stream.next())["data"]["seq"] for _ in range(3)]
        assert seqs == [first - 1, first, first + 1]

    run(scenario, path)


@pytest.mark.parametrize("missed", [1, 350, 2500])
def test_who_comes_back_gets_what_was_missed_and_then_what_happens(path, orders, missed):
    async def scenario(_daemon, session):
        async with streaming(session, "news") as stream:
            orders.say()
            cursor = (await stream.next())["id"]
        last = orders.say(missed)
        async with streaming(session, "news", cursor=cursor) as stream:
            seqs = [(await stream.next())["data"]["seq"] for _ in range(missed)]
            orders.say(3)
            seqs += [(await stream.next())["data"]["seq"] for _ in range(3)]
        assert seqs == list(range(last - missed + 1, last + 4))
        async with streaming(session, "news", after=cursor) as stream:
            assert (await stream.next())["data"]["seq"] == last - missed + 1

    run(scenario, path)


def test_a_cursor_that_is_too_old_or_foreign_is_told_so_and_goes_on_from_now(path, orders, store, clock):
    async def scenario(daemon, session):
        cursor = daemon.house.hub.cursor
        orders.say(5)
        await daemon.house.relay.pass_on()
        upkeep.prune(store, clock.now + 1, 0)
        orders.say()
        for stale in (cursor, "feedbeef-3", f"{daemon.house.hub.epoch}-99999", "junk"):
            async with streaming(session, "news", cursor=stale) as stream:
                reset = await stream.next()
                assert (reset["event"], reset["id"]) == ("reset", reset["data"]["cursor"])
                seq = orders.say()
                assert (await stream.next())["data"]["seq"] == seq
            async with streaming(session, "news", cursor=reset["id"]) as stream:
                assert (await stream.next())["data"]["seq"] == seq

    run(scenario, path)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 422),
        ({"topic": "a b"}, 422),
        ({"topic": ""}, 422),
        ({"topic": "wo*rk"}, 422),
        ({"topic": "news", "after": "junk"}, 422),
        ([("topic", f"t{number}") for number in range(101)], 422),
    ],
)
def test_what_cannot_be_followed_is_refused_with_a_hint(path, orders, query, status):
    async def scenario(_daemon, session):
        async with session.get("/events", params=query) as response:
            assert response.status == status
            problem = await response.json()
            assert problem["hint"]

    run(scenario, path)


def test_an_old_client_gets_the_stream_without_chunks(path, orders):
    async def scenario(daemon, _session):
        host, port = daemon.address.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET /events?topic=news HTTP/1.0\r\nHost: localhost\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"200 OK" in head
        assert b"chunked" not in head.lower()
        assert await reader.readuntil(b"ok\n\n") == b"retry: 3000\n: ok\n\n"
        assert await reader.readuntil(b"\n\n") == b": current\n\n"
        seq = orders.say()
        assert (await reader.readuntil(b"\n\n")).startswith(f"id: {daemon.house.hub.epoch}-{seq}\n".encode())
        writer.close()

    run(scenario, path)


def test_before_a_restart_the_stream_says_bye_and_ends_whole(path, orders):
    async def main():
        async with (
            serving(path) as daemon,
            visiting(daemon) as session,
            streaming(session, "news") as stream,
        ):
            stopping = asyncio.create_task(daemon.stop())
            bye = await stream.next()
            assert bye["event"] == "bye"
            assert 200 <= int(bye["retry"]) <= 2000
            assert await stream.response.content.read() == b""
            await stopping

    asyncio.run(main())
