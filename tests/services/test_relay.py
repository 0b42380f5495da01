"""The relay on a real log, and the replay of what a client missed."""

import asyncio

import pytest

from taskwatch.actions import events, messages, upkeep
from taskwatch.actions.messages import Message
from taskwatch.errors import Conflict, Unavailable
from taskwatch.services.database import Database
from taskwatch.services.hub import RECENT, Hub
from taskwatch.services.relay import BATCH, Relay
from taskwatch.services.replay import PAGE, replay


def served(store, scenario):
    """Run a scenario with a hub and a relay on the store's file."""

    async def main():
        database = Database(store.url)
        hub = Hub()
        relay = Relay(store.url, hub)
        try:
            await relay.start()
            return await scenario(database, hub, relay)
        finally:
            await relay.stop()
            await database.close()

    return asyncio.run(main())


async def collect(hub, database, topics, after):
    return [fact.seq async for facts in replay(hub, database, frozenset(topics), after) for fact in facts]


def test_every_new_fact_goes_out_once_and_in_order_however_many_there_are(store, say):
    say(3)

    async def scenario(_database, hub, relay):
        heard = []
        relay.listeners.append(lambda facts: heard.extend(fact.seq for fact in facts))
        before = hub.seq
        last = say(2 * BATCH + 7)
        await asyncio.gather(relay.pass_on(), relay.pass_on(), relay.pass_on())
        assert heard == list(range(before + 1, last + 1))
        assert hub.cursor == f"{hub.epoch}-{last}"

    served(store, scenario)


def test_a_wake_up_is_enough_and_none_is_needed(store, say):
    async def scenario(_database, hub, relay):
        heard = asyncio.Event()
        relay.listeners.append(lambda _facts: heard.set())
        async with asyncio.timeout(30):
            say(1)
            await heard.wait()
            heard.clear()
            last = say(1)
            await relay.pass_on()
            await heard.wait()
        assert hub.seq == last

    served(store, scenario)


@pytest.mark.parametrize("count", [1, PAGE, RECENT + 3 * PAGE + 1])
def test_a_replay_gives_what_followed_from_memory_or_from_the_log(store, say, count):
    async def scenario(database, hub, relay):
        begin = hub.seq
        say(count)
        say(1, "other")
        await relay.pass_on()
        seqs = list(range(begin + 1, begin + count + 1))
        assert await collect(hub, database, {"news"}, begin) == seqs
        assert await collect(hub, database, {"ne*"}, begin + 1) == seqs[1:]
        assert await collect(hub, database, {"none"}, begin) == []
        assert await collect(hub, database, {"news"}, hub.seq) == []

    served(store, scenario)


def test_a_replay_takes_in_what_is_sent_while_it_goes_on(store, say):
    async def scenario(database, hub, relay):
        begin = hub.seq
        say(3 * PAGE)
        await relay.pass_on()
        got = []
        async for facts in replay(hub, database, frozenset({"news"}), begin):
            got += [fact.seq for fact in facts]
            if len(got) < 5 * PAGE:
                say(PAGE // 2)
                await relay.pass_on()
        assert got == list(range(begin + 1, hub.seq + 1))

    served(store, scenario)


def test_a_replay_never_passes_over_what_was_pruned_under_it(store, say, clock):
    async def scenario(database, hub, relay):
        begin = hub.seq
        say(RECENT + 2 * PAGE)
        await relay.pass_on()
        pages = replay(hub, database, frozenset({"news"}), begin)
        await anext(pages)
        upkeep.prune(store, clock.now + 1, 0)
        with pytest.raises(Conflict) as caught:
            await anext(pages)
        assert caught.value.details["reset"]

    served(store, scenario)


def test_what_comes_after_the_end_does_not_open_the_database_again(store):
    async def main():
        database = Database(store.url)
        await database.read(lambda opened: opened.url)
        closing = asyncio.ensure_future(database.close())
        late = [asyncio.ensure_future(database.write(lambda opened: opened.url)) for _ in range(3)]
        await closing
        answers = await asyncio.gather(*late, return_exceptions=True)
        assert all(isinstance(each, str | Unavailable | RuntimeError) for each in answers)
        await database.close()

    asyncio.run(main())


def test_a_log_that_broke_off_behind_it_is_told_and_gone_on_with(store, say, clock, monkeypatch):
    read = events.facts_after

    def forgotten_unread(its_store, epoch, seq, limit):
        if not lost:
            lost.extend(
                messages.publish(its_store, [Message("n", ("news",), ("news",), "{}")] * 20, clock.now)
            )
            upkeep.prune(its_store, clock.now + 1, 0)
        return read(its_store, epoch, seq, limit)

    async def scenario(_database, hub, relay):
        heard, breaks = [], []
        relay.listeners.append(lambda facts: heard.extend(fact.seq for fact in facts))
        relay.on_break.append(lambda: breaks.append(hub.seq))
        monkeypatch.setattr(events, "facts_after", forgotten_unread)
        await relay.pass_on()
        assert (heard, breaks) == ([], [lost[-1]])
        last = say(1)
        await relay.pass_on()
        assert (heard, breaks) == ([last], [lost[-1]])

    lost = []
    served(store, scenario)


def test_another_log_in_the_place_of_the_first_is_told_and_gone_on_with(store, say):
    say(3)

    async def scenario(_database, hub, relay):
        breaks = []
        relay.on_break.append(lambda: breaks.append(hub.cursor))
        store.connection.execute("UPDATE meta SET value = 'another' WHERE name = 'epoch'")
        await relay.pass_on()
        assert breaks == [f"another-{hub.seq}"]

    served(store, scenario)
