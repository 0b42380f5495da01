"""The delivery loop on a real database: room, slow and dead channels, stopping, failing, waking."""

import asyncio

import pytest

from outbox import Spy, column, put, states
from taskwatch.actions import deliveries
from taskwatch.errors import Unavailable
from taskwatch.plugin import ok, permanent, retry, unknown
from taskwatch.services.database import Database
from taskwatch.services.deliver import Deliver
from taskwatch.services.fact import Fact


def delivering(store, clock, scenario, **senders):
    async def main():
        database = Database(store.url)
        try:
            deliver = Deliver(database, senders, lambda: clock.now, worker="w", chance=lambda: 1.0)
            return await scenario(deliver)
        finally:
            await database.close()

    return asyncio.run(main())


def drained(store, clock, **senders):
    async def scenario(deliver):
        await deliver.drain()
        return deliver.ended

    return delivering(store, clock, scenario, **senders)


def test_all_that_is_due_is_sent_once_and_what_is_not_waits(store, clock):
    put(store, clock, 50)
    put(store, clock, 1, due_in=5_000)
    mail = Spy()
    assert drained(store, clock, mail=mail) == {"sent": 50, "expired": 0}
    assert (len(mail.ids), set(mail.ids.values())) == (50, {1})
    assert states(store) == {"sent": 50, "pending": 1}


def test_a_message_says_when_its_try_must_have_ended(store, clock):
    put(store, clock)
    mail = Spy()
    drained(store, clock, mail=mail)
    assert mail.sent[0].deadline == clock.now + 5_000


def test_a_channel_never_sends_more_at_a_time_than_it_has_room_for(store, clock):
    put(store, clock, 30)
    mail = Spy(room=4, pause=0.002)
    drained(store, clock, mail=mail)
    assert mail.most == 4


def test_a_slow_channel_keeps_no_other_waiting(store, clock):
    put(store, clock, 40, channel="slow")
    put(store, clock, 40, channel="mail")
    slow, mail = Spy(room=2, pause=60), Spy(room=2)

    async def scenario(deliver):
        task = asyncio.create_task(deliver.run())
        await mail.has_sent(40)
        assert len(slow.sent) == 2
        await deliver.stop(0)
        await task

    delivering(store, clock, scenario, slow=slow, mail=mail)


def test_a_dead_channel_is_asked_a_few_times_and_then_left_alone(store, clock):
    put(store, clock, 500, channel="dead")
    dead = Spy(retry("no route"), room=4)
    drained(store, clock, dead=dead)
    assert len(dead.sent) <= 8
    assert states(store) == {"pending": 500}


def test_each_end_is_recorded_as_it_was(store, clock):
    put(store, clock, 4)
    mail = Spy(ok(), retry("busy"), permanent("no"), unknown("silence"), room=1)
    assert drained(store, clock, mail=mail) == {"sent": 1, "pending": 2, "dead": 1, "expired": 0}


def test_a_sender_that_raises_after_all_is_tried_again(store, clock):
    (id_,) = put(store, clock)
    assert drained(store, clock, mail=Spy(RuntimeError("oops"))) == {"pending": 1, "expired": 0}
    assert column(store, "detail", id_) == "RuntimeError"


def test_a_delivery_for_a_channel_that_is_not_set_up_waits(store, clock):
    put(store, clock, channel="pager")
    drained(store, clock, mail=Spy())
    assert states(store) == {"pending": 1}


def test_what_waits_too_long_expires_by_itself(store, clock):
    put(store, clock, channel="pager", expires_in=1000)
    clock.advance(seconds=2)
    assert drained(store, clock, mail=Spy()) == {"expired": 1}


def test_stopping_lets_a_send_end_and_records_it(store, clock):
    put(store, clock, 1)
    mail = Spy(pause=0.05)

    async def scenario(deliver):
        task = asyncio.create_task(deliver.run())
        await mail.has_sent()
        await deliver.stop()
        await task

    delivering(store, clock, scenario, mail=mail)
    assert states(store) == {"sent": 1}


def test_a_send_that_does_not_end_in_time_is_given_back(store, clock):
    (id_,) = put(store, clock, 1)
    mail = Spy(pause=60)

    async def scenario(deliver):
        task = asyncio.create_task(deliver.run())
        await mail.has_sent()
        await deliver.stop(0.01)
        await task

    delivering(store, clock, scenario, mail=mail)
    assert (column(store, "state", id_), column(store, "attempt", id_)) == ("pending", 0)


def test_nothing_is_claimed_any_more_once_it_stops(store, clock):
    put(store, clock, 100)
    mail = Spy(room=1, pause=0.001)

    async def scenario(deliver):
        task = asyncio.create_task(deliver.run())
        await mail.has_sent(3)
        await deliver.stop()
        await task

    delivering(store, clock, scenario, mail=mail)
    assert set(states(store)) == {"sent", "pending"}
    assert states(store)["sent"] == len(mail.sent)


def test_what_was_sent_is_recorded_even_if_the_database_fails_at_first(store, clock, monkeypatch):
    put(store, clock, 3)
    mail = Spy()
    fails = [Unavailable("busy"), None]
    record_all = deliveries.record_all

    def failing(store, ended):
        if error := fails.pop(0) if fails else None:
            raise error
        return record_all(store, ended)

    monkeypatch.setattr(deliveries, "record_all", failing)

    async def scenario(deliver):
        with pytest.raises(Unavailable):
            await deliver.drain()
        await deliver.drain()

    delivering(store, clock, scenario, mail=mail)
    assert states(store) == {"sent": 3}
    assert set(mail.ids.values()) == {1}


def test_news_of_a_notification_wake_it_at_once(store, clock):
    mail = Spy()

    async def scenario(deliver):
        task = asyncio.create_task(deliver.run())
        await asyncio.sleep(0.05)
        put(store, clock)
        deliver.learn([Fact(1, "e-1", "notification.created", 0, ("user.1.tasks",), "{}")])
        async with asyncio.timeout(0.5):
            await mail.has_sent()
        await deliver.stop()
        await task

    delivering(store, clock, scenario, mail=mail)


def test_while_there_is_nothing_to_do_nothing_is_written(store, clock):
    async def scenario(deliver):
        await deliver.drain()
        written = []
        deliver._database.work = lambda action, *args: written.append(action)
        for _ in range(5):
            await deliver._turn()
        assert written == []

    delivering(store, clock, scenario, mail=Spy())


def test_it_ends_although_its_database_is_away(clock):
    async def main():
        database = Database("postgresql://nobody@127.0.0.1:1/nothing")
        await Deliver(database, {}, lambda: clock.now).stop(seconds=0.1)
        await database.close()

    asyncio.run(main())
