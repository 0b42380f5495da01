"""The SLA loop on a real database, its clock driven by hand: nothing lost, doubled or scanned."""

import asyncio
import random

import pytest

from taskwatch.actions import tasks, transitions
from taskwatch.actions.tasks import NewTask
from taskwatch.services.database import Database
from taskwatch.services.fact import Fact
from taskwatch.services.watch import Watch

CALENDAR = [0, 60, 90, 120, 135, 150]
DAY = 24 * 60


@pytest.fixture
def running(store, clock):
    """Start a task with a timeout of half an hour."""

    def running(code="A", timeout=30):
        tasks.add(store, [NewTask(code, timeout_minutes=timeout)], clock.change())
        transitions.transition(store, "start", [code], clock.change())

    return running


def alerted(store):
    return store.connection.execute(
        "SELECT (slot_seconds + 30) / 60 FROM alerts ORDER BY task_id, ordinal"
    ).fetchall()


def watched(store, clock, scenario):
    async def main():
        database = Database(store.url)
        try:
            return await scenario(Watch(database, lambda: clock.now))
        finally:
            await database.close()

    return asyncio.run(main())


def test_it_alerts_in_the_second_that_a_task_runs_over_and_then_by_the_calendar(store, clock, running):
    running()

    async def scenario(watch):
        seconds = 0
        while seconds < (30 + 151) * 60:
            step = 1 if seconds % 60 > 55 or seconds % 60 < 3 else 26
            clock.advance(seconds=step)
            seconds += step
            await watch.tick()

    watched(store, clock, scenario)
    assert [minutes for (minutes,) in alerted(store)] == CALENDAR


def test_it_asks_the_database_only_after_something_changed(store, clock, running):
    running()

    async def scenario(watch):
        await watch.tick()
        asked = []
        read = watch._database.read
        watch._database.read = lambda action, *args: asked.append(action) or read(action, *args)
        for _ in range(100):
            clock.advance(seconds=1)
            await watch.tick()
        assert asked == []
        watch.learn([Fact(1, "e-1", "task.status.changed", 0, ("task.1",), "{}")])
        await watch.tick()
        assert len(asked) == 1

    watched(store, clock, scenario)


def test_a_task_with_an_earlier_alert_is_learned_of(store, clock, running):
    running("LATE", timeout=600)

    async def scenario(watch):
        await watch.tick()
        running("EARLY", timeout=5)
        watch.learn([Fact(1, "e-1", "task.status.changed", 0, ("task.2",), "{}")])
        clock.advance(minutes=5, seconds=1)
        done = await watch.tick()
        assert done.sent == 1

    watched(store, clock, scenario)


@pytest.mark.parametrize("seed", range(20))
def test_no_jump_of_the_clock_loses_or_doubles_an_alert(store, clock, running, seed):
    """A second to a day, forwards (a suspend, a set clock) and back: the calendar comes out all the same."""
    rng = random.Random(seed)
    running()
    begin = clock.now

    async def scenario(watch):
        latest = begin
        for _ in range(60):
            jump = rng.choice([1, 61, 3600, -1, -30, -3600, 7 * 3600, -DAY * 60, 600])
            clock.now = max(begin, clock.now + jump * 1000)
            latest = max(latest, clock.now)
            await watch.tick()
        clock.now = latest
        await watch.tick()
        return latest

    latest = watched(store, clock, scenario)
    found = store.connection.execute(
        "SELECT slot_seconds, missed, slot_at, claimed_at FROM alerts ORDER BY ordinal"
    ).fetchall()
    late_minutes = (latest - begin) // 60_000 - 30
    slots = [slot for slot, _, _, _ in found]
    assert slots == sorted(set(slots))
    assert all(claimed >= slot_at for _, _, slot_at, claimed in found)
    due = sum(1 for minute in expected_slots() if minute * 60 + 1 <= late_minutes * 60)
    assert len(found) + sum(missed for _, missed, _, _ in found) in (due, due + 1)


def expected_slots():
    yield from (0, 60, 90)
    yield from range(120, 100 * DAY, 15)


def test_the_loop_itself_ticks_and_wakes(store, clock, running):
    running("A", timeout=1)

    async def scenario(watch):
        done = asyncio.Event()
        work = watch._database.work

        async def noted(action, *args, **kwargs):
            answer = await work(action, *args, **kwargs)
            done.set()
            return answer

        watch._database.work = noted
        loop = asyncio.create_task(watch.run())
        clock.advance(minutes=1, seconds=1)
        async with asyncio.timeout(30):
            await done.wait()
        loop.cancel()

    watched(store, clock, scenario)
    assert len(alerted(store)) == 1
