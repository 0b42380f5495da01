"""`/ws` against a whole daemon."""

import asyncio

import pytest

from live import serving, talking, visiting
from taskwatch.actions import upkeep


def run(scenario, path, **settings):
    async def main():
        async with serving(path, **settings) as daemon, visiting(daemon) as session:
            await scenario(daemon, session)

    asyncio.run(main())


def test_a_conversation(path, orders):
    async def scenario(daemon, session):
        async with talking(session) as talk:
            assert await talk.hear() == {"type": "welcome", "cursor": daemon.house.hub.cursor}
            assert await talk.ask(type="ping") == {"type": "pong"}
            assert (await talk.ask(type="subscribe", topics=["news"]))["topics"] == ["news"]
            seq = orders.say()
            event = await talk.hear()
            assert (event["type"], event["seq"], event["kind"]) == ("event", seq, "message.published")
            assert event["data"]["name"] == "n0"
            assert (await talk.ask(type="subscribe", topics=["other*"]))["topics"] == ["other*"]
            orders.say(1, "others")
            assert (await talk.hear())["topics"] == ["others"]
            assert (await talk.ask(type="unsubscribe", topics=["news"]))["type"] == "unsubscribed"
            orders.say(1, "news")
            orders.say(1, "other")
            assert (await talk.hear())["topics"] == ["other"]

    run(scenario, path)


def test_who_comes_back_with_a_cursor_misses_nothing(path, orders):
    async def scenario(_daemon, session):
        async with talking(session) as talk:
            cursor = (await talk.hear())["cursor"]
        last = orders.say(700)
        async with talking(session) as talk:
            await talk.hear()
            await talk.say(type="subscribe", topics=["news"], after=cursor)
            seqs = [(await talk.hear())["seq"] for _ in range(700)]
            assert seqs == list(range(last - 699, last + 1))
            done = await talk.hear()
            assert (done["type"], done["cursor"].rpartition("-")[2]) == ("subscribed", str(last))

    run(scenario, path)


def test_a_cursor_that_is_too_old_or_foreign_is_told_so(path, orders, store, clock):
    async def scenario(daemon, session):
        async with talking(session) as talk:
            cursor = (await talk.hear())["cursor"]
            orders.say(5)
            await daemon.house.relay.pass_on()  # what is pruned before that ends the connection
            upkeep.prune(store, clock.now + 1, 0)
            orders.say()
            for stale in (cursor, "feedbeef-1"):
                reset = await talk.ask(type="subscribe", topics=["news"], after=stale)
                assert reset["type"] == "reset"
                assert (await talk.hear())["type"] == "subscribed"
            again = await talk.ask(type="subscribe", topics=["news"], after=reset["cursor"])
            assert again["type"] == "subscribed"

    run(scenario, path)


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"type": "bark"},
        {"type": "subscribe"},
        {"type": "subscribe", "topics": "news"},
        {"type": "subscribe", "topics": []},
        {"type": "subscribe", "topics": [1]},
        {"type": "subscribe", "topics": ["a b"]},
        {"type": "subscribe", "topics": ["x"] * 3 + [f"t{number}" for number in range(100)]},
        {"type": "subscribe", "topics": ["news"], "after": "junk"},
        {"type": "subscribe", "topics": ["news"], "after": 7},
        {"type": "unsubscribe", "topics": None},
    ],
)
def test_what_cannot_be_obeyed_is_answered_and_the_connection_stays(path, orders, message):
    async def scenario(_daemon, session):
        async with talking(session) as talk:
            await talk.hear()
            answer = await talk.ask(**message)
            assert (answer["type"], answer["code"]) == ("error", "invalid_input")
            assert answer["hint"]
            assert await talk.ask(type="ping") == {"type": "pong"}

    run(scenario, path)


@pytest.mark.parametrize("text", ["", "[]", "nul", "{", '"x"', "[" * 8000, '{"type":' * 1500, "\u2028"])
def test_junk_is_answered(path, orders, text):
    async def scenario(_daemon, session):
        async with talking(session) as talk:
            await talk.hear()
            await talk.socket.send_str(text)
            assert (await talk.hear())["type"] == "error"
            await talk.socket.send_bytes(b"\x00")
            assert (await talk.hear())["type"] == "error"

    run(scenario, path)


def test_a_message_beyond_the_limit_ends_the_connection_by_its_code(path, orders):
    async def scenario(_daemon, session):
        async with talking(session) as talk:
            await talk.hear()
            await talk.socket.send_str("x" * 20_000)
            assert await talk.hear() == 1009

    run(scenario, path)


def test_pings_of_the_protocol_are_answered(path, orders):
    async def scenario(_daemon, session):
        async with talking(session, autoping=False) as talk:
            await talk.hear()
            await talk.socket.ping(b"abc")
            assert bytes((await talk.socket.receive(timeout=5)).data) == b"abc"

    run(scenario, path)


def test_before_a_restart_a_client_is_asked_to_come_back(path, orders):
    async def main():
        async with serving(path) as daemon, visiting(daemon) as session, talking(session) as talk:
            await talk.hear()
            stopping = asyncio.create_task(daemon.stop())
            assert await talk.hear() == 1012
            await stopping

    asyncio.run(main())


def test_a_page_of_another_origin_is_refused_by_a_close_code(path, orders):
    async def scenario(_daemon, session):
        async with talking(session, headers={"Origin": "http://evil.example"}) as talk:
            assert (await talk.hear())["type"] == "error"
            assert await talk.hear() == 1008

    run(scenario, path)
