"""Clocks that jump, machines that sleep, days of 23 hours: each alert is sent once, or counted as missed."""

import asyncio
import itertools
import random
import time
from bisect import bisect_right
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from chaos.wires import until
from taskwatch.actions import events, tasks, transitions
from taskwatch.actions.tasks import NewTask
from taskwatch.services import fact
from taskwatch.services.database import Database
from taskwatch.services.watch import LONGEST_REST, Watch

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
DAY = 24 * HOUR
JUMPS = [1, SECOND, 59 * SECOND, 10 * MINUTE, HOUR, 7 * HOUR, DAY, -1, -SECOND, -MINUTE, -HOUR, -DAY]
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"]
# The calendar as people read it: so many minutes late, and then every quarter of an hour.
MINUTES_LATE = [0, 60, 90, *range(120, 400 * 24 * 60, 15)]


class Calendar:
    """The alerts that a task should have, told every instant at which somebody looked."""

    def __init__(self, started, timeout):
        due = started + timeout * MINUTE
        self.instants = [due + max(late * MINUTE, SECOND) for late in MINUTES_LATE]
        self.rows, self._passed = [], 0

    def look(self, now):
        """One alert for the newest slot that has come; those before it were missed."""
        passed = bisect_right(self.instants, now)
        if passed > self._passed:
            late, at = MINUTES_LATE[passed - 1] * 60, self.instants[passed - 1]
            self.rows.append((late, at, now, passed - self._passed - 1))
            self._passed = passed

    def coming(self):
        """The instant of the next slot."""
        return self.instants[self._passed]


class Shift:
    """Daemons that share a database, each with a clock that may be a little off; `calendars` by task."""

    def __init__(self, store, clock, rng, count):
        self.store, self.clock, self.rng = store, clock, rng
        self.databases = [Database(store.url) for _ in range(count)]
        self.skews = [0] * count
        self.watches = [self._hired(number) for number in range(count)]
        self.heard = [0] * count
        self.calendars = {}

    def start(self, timeout):
        """Start a task with so many minutes."""
        code = f"T{len(self.calendars)}"
        (added,) = tasks.add(self.store, [NewTask(code, timeout_minutes=timeout)], self.clock.change())
        transitions.transition(self.store, "start", [code], self.clock.change())
        self.calendars[added["id"]] = Calendar(self.clock.now, timeout)

    async def look(self, number):
        """One daemon looks."""
        self._expect(self.clock.now + self.skews[number])
        await self._tick(number)

    async def look_together(self):
        """All look at the same instant."""
        self.skews = [0] * len(self.watches)
        self._expect(self.clock.now)
        await asyncio.gather(*(self._tick(number) for number in range(len(self.watches))))

    async def die_looking(self, number):
        """One is ended in the middle of it; another takes over."""
        self.skews[number] = 0
        self._expect(self.clock.now)
        dying = asyncio.create_task(self._tick(number))
        for _ in range(self.rng.randrange(4)):
            await asyncio.sleep(0)
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
        self.restart(number)
        self.skews[number] = 0
        await self._tick(number)

    def restart(self, number):
        """A daemon that has to learn everything anew."""
        self.watches[number] = self._hired(number)
        self.skews[number] = self.rng.choice([0, 0, -2_500, 1_700])

    def rows(self):
        """What was claimed, by task."""
        found = {task_id: [] for task_id in self.calendars}
        for task_id, *row in self.store.connection.execute(
            "SELECT task_id, slot_seconds, slot_at, claimed_at, missed FROM alerts ORDER BY task_id, ordinal"
        ):
            found[task_id].append(tuple(row))
        return found

    def check(self):
        assert self.rows() == {task_id: calendar.rows for task_id, calendar in self.calendars.items()}
        told = self.store.connection.execute("SELECT count(*) FROM events WHERE kind = 'task.sla.exceeded'")
        assert told.fetchone()[0] == sum(len(calendar.rows) for calendar in self.calendars.values())

    async def close(self):
        for database in self.databases:
            await database.close()

    async def _tick(self, number):
        rows = await self.databases[number].read(events.facts, self.heard[number], 2**40)
        if rows:
            self.heard[number] = rows[-1].seq
            self.watches[number].learn([fact.read(row, "e") for row in rows])
        await self.watches[number].tick()

    def _hired(self, number):
        return Watch(self.databases[number], lambda: self.clock.now + self.skews[number])

    def _expect(self, now):
        for calendar in self.calendars.values():
            calendar.look(now)


def play(store, clock, scenario, *, count=1, seed=0):
    """Run a scenario with so many daemons, and compare what they claimed with the calendar."""

    async def main():
        shift = Shift(store, clock, random.Random(seed), count)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(shift.close)
            await scenario(shift)
            shift.check()

    asyncio.run(main())


async def storm(shift, steps):
    """Jumps of a millisecond to a day in both directions, mostly to where something is due; tasks come up."""
    rng, clock = shift.rng, shift.clock
    begin = clock.now + DAY
    for timeout in (1, 30, 600):
        shift.start(timeout)
    for step in range(steps):
        if step % 10 == 9:
            shift.start(rng.choice([1, 5, 45, 1_440]))
        coming = rng.choice(list(shift.calendars.values())).coming()
        now = rng.choice([coming, coming - 1, clock.now + rng.choice(JUMPS), clock.now + rng.choice(JUMPS)])
        clock.now = max(begin - DAY, min(now, begin + 30 * DAY))
        number = rng.randrange(len(shift.watches))
        match rng.randrange(6):
            case 0:
                await shift.look_together()
            case 1:
                await shift.die_looking(number)
            case 2:
                shift.restart(number)
            case _:
                await shift.look(number)
    await shift.look_together()


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_clock_does_each_slot_is_claimed_once_or_counted_as_missed(store, clock, count, seed):
    play(store, clock, partial(storm, steps=60), count=count, seed=seed)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(100, 140))
def test_so_it_is_in_long_storms(store, clock, seed):
    play(store, clock, partial(storm, steps=400), count=1 + seed % 5, seed=seed)


def changes_of(zone):
    """The instants (ms) of a year at which clocks of a zone are changed."""
    hours = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=30 * n) for n in range(365 * 48))
    for before, after in itertools.pairwise(hours):
        if before.astimezone(ZoneInfo(zone)).utcoffset() != after.astimezone(ZoneInfo(zone)).utcoffset():
            yield int(after.timestamp()) * 1_000


@pytest.fixture(params=ZONES)
def zone(request, monkeypatch):
    """A zone that this process lives in."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def test_a_day_of_23_or_25_hours_is_as_long_as_any_other(store, clock, zone):
    async def days(shift):
        for change in list(changes_of(zone))[:2]:
            clock.now = change - 3 * HOUR
            for timeout in (30, 120, 240):
                shift.start(timeout)
            while clock.now < change + 5 * HOUR:
                clock.advance(seconds=1 if clock.now % HOUR < 2 * SECOND else 59)
                await shift.look(0)
        late = [row for calendar in shift.calendars.values() for row in calendar.rows]
        assert len(late) > 20

    play(store, clock, days)


@pytest.mark.parametrize("count", [1, 3])
def test_a_machine_that_slept_alerts_as_soon_as_it_wakes_up(store, clock, count):
    async def sleep(shift):
        shift.start(30)
        (calendar,) = shift.calendars.values()
        loops = [asyncio.create_task(watch.run()) for watch in shift.watches]
        for asleep in (31 * MINUTE, 8 * HOUR):
            clock.now += asleep
            calendar.look(clock.now)
            async with asyncio.timeout(LONGEST_REST + 2):
                await until(lambda: shift.rows() == {1: calendar.rows})
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)

    play(store, clock, sleep, count=count)
