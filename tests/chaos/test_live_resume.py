"""Clients of all transports, dropped at random while events flow: no gap, no duplicate, in order."""

import asyncio
import random
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chaos.followers import PusherFollower
from chaos.storm import Storm
from live import serving, streaming, talking, visiting
from taskwatch.actions import events, messages, upkeep
from taskwatch.actions.messages import Message
from taskwatch.server import sse
from taskwatch.services.hub import RECENT, Hub
from taskwatch.services.replay import PAGE
from taskwatch.testing import new_store


def survive(tmp_path, seed, *, seconds=15, **size):
    """A storm, after which everybody was dropped as often as planned and has heard what there was."""
    store = new_store(tmp_path)
    store.close()

    async def main():
        storm = Storm(tmp_path / "taskwatch.db", random.Random(seed), **size)
        await storm.rage(seconds)
        return storm

    storm = asyncio.run(main())
    assert storm.cutter.cuts > 0
    for follower in storm.followers:
        follower.check(storm.log)
    return storm


def test_twenty_clients_miss_nothing_and_hear_nothing_twice(tmp_path):
    storm = survive(tmp_path, 1, clients=21, drops=10, count=2_000)
    assert all(follower.resets == [] for follower in storm.followers)
    connections = [len(each.records) for each in storm.followers if isinstance(each, PusherFollower)]
    assert min(connections) == 11


def test_who_comes_back_after_retention_is_told_so_and_nobody_else(tmp_path):
    storm = survive(tmp_path, 2, clients=20, drops=8, count=1_500, prunes=4)
    assert sum(len(follower.resets) for follower in storm.followers) >= 4  # about one each time


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_two_hundred_clients_miss_nothing_and_hear_nothing_twice(tmp_path):
    survive(tmp_path, 3, clients=200, drops=50, count=20_000, seconds=1_700)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_two_hundred_clients_and_a_retention_that_passes(tmp_path):
    survive(tmp_path, 4, clients=200, drops=50, count=20_000, prunes=20, seconds=1_700)


def test_the_harness_sees_a_history_that_ends_before_the_present_begins(tmp_path, monkeypatch):
    whole = sse.catch_up

    async def early(*circumstances):
        why = await whole(*circumstances)
        await asyncio.sleep(0.02)
        return why

    monkeypatch.setattr(sse, "catch_up", early)
    with pytest.raises((AssertionError, TimeoutError)):
        survive(tmp_path, 5, clients=6, drops=10, count=1_000, seconds=3)


def test_the_harness_sees_a_fact_that_is_skipped(tmp_path, monkeypatch):
    publish = Hub.publish
    monkeypatch.setattr(
        Hub, "publish", lambda hub, facts: publish(hub, facts[1:] if len(facts) > 30 else facts)
    )
    with pytest.raises(AssertionError):
        survive(tmp_path, 6, clients=6, drops=1, count=500)


@pytest.mark.parametrize("transport", ["sse", "ws"])
def test_who_is_overtaken_by_retention_while_catching_up_is_told_so(store, clock, transport):
    def say(count=1):
        wanted = [Message("n", ("news",), ("news",), "{}")] * count
        return messages.publish(store, wanted, clock.now)[-1]

    async def main():
        async with serving(Path(store.url)) as daemon, visiting(daemon) as session:
            cursor = daemon.house.hub.cursor
            say(RECENT + 3 * PAGE)
            pruned_under(daemon.house.database, store, clock)
            async with following(session, transport, cursor) as next_event:
                seqs = [await next_event() for _ in range(PAGE)]
                assert seqs == list(range(seqs[0], seqs[0] + PAGE))
                assert await next_event() == "reset"
                last = say()
                assert await next_event() == last

    asyncio.run(main())


def pruned_under(database, store, clock):
    """Let everything be forgotten once the first page of a history has been read."""
    read = database.read

    async def reading(action, *args, **kwargs):
        answer = await read(action, *args, **kwargs)
        if action is events.facts_between:
            upkeep.prune(store, clock.now + 1, 0)
        return answer

    database.read = reading


@asynccontextmanager
async def following(session, transport, cursor):
    """What tells the seq of the next event, or that there was a reset."""
    if transport == "sse":
        async with streaming(session, "news", cursor=cursor) as stream:

            async def next_event():
                event = await stream.next()
                return event["data"].get("seq", event["event"])

            yield next_event
        return
    async with talking(session) as talk:

        async def next_message():
            message = await talk.hear()
            known = message["type"] in {"event", "reset"}
            return message.get("seq", message["type"]) if known else await next_message()

        await talk.say(type="subscribe", topics=["news"], after=cursor)
        yield next_message
