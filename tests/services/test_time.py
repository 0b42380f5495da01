"""The time of the database is the time of all who use it, however wrong a machine's own clock is."""

import asyncio

import pytest

import postgres
from taskwatch import clock
from taskwatch.services import time
from taskwatch.services.database import Database
from taskwatch.services.time import SharedTime, telling

HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def url():
    made = postgres.new_database()
    yield made
    postgres.drop_database(made)


@pytest.fixture
def skew(monkeypatch):
    """Set this machine's wall clock wrong by so many ms."""
    right = clock.now

    def skew(by):
        monkeypatch.setattr(clock, "now", lambda: right() + by)

    return skew


def timed(url, scenario):
    async def main():
        database = Database(url)
        try:
            async with asyncio.timeout(20):
                await scenario(database)
        finally:
            await database.close()

    asyncio.run(main())


async def server_now(database):
    return await database.read(lambda store: store.now())


@pytest.mark.parametrize("by", [-HOUR_MS, 0, HOUR_MS])
def test_a_clock_that_is_wrong_is_not_gone_by(url, skew, caplog, by):
    async def scenario(database):
        skew(by)
        shared = SharedTime(database)
        await shared.begin()
        assert abs(shared.now() - await server_now(database)) < 1_000
        assert abs(shared.ahead_ms + by) < 1_000

    timed(url, scenario)
    told = {-HOUR_MS: ["3600.0 s behind"], 0: [], HOUR_MS: ["3600.0 s ahead of"]}[by]
    assert len(caplog.records) == len(told)
    assert all(words in caplog.text for words in told)


def test_a_step_of_the_own_clock_changes_nothing_and_is_told_once(url, skew, monkeypatch, caplog):
    monkeypatch.setattr(time, "MEASURE_SECONDS", 0.01)

    async def scenario(database):
        async with telling(database) as now:
            before = now()
            skew(HOUR_MS)
            assert 0 <= now() - before < 5_000
            while not caplog.records:  # noqa: ASYNC110  a loop in the background brings it about
                await asyncio.sleep(0.01)
            assert abs(now() - await server_now(database)) < 1_000
            await asyncio.sleep(0.1)

    timed(url, scenario)
    assert len(caplog.records) == 1


def test_an_answer_that_was_long_on_its_way_is_not_taken(url, monkeypatch, skew, caplog):
    monkeypatch.setattr(time, "MEASURE_SECONDS", 0.0)
    monkeypatch.setattr(time, "SLOW_SECONDS", -1.0)

    async def scenario(database):
        async with telling(database):
            skew(HOUR_MS)
            await asyncio.sleep(0.1)

    timed(url, scenario)
    assert caplog.records == []


def test_where_nobody_else_can_be_the_own_clock_is_right(tmp_path, skew):
    skew(HOUR_MS)

    async def scenario(database):
        async with telling(database) as now:
            assert now() == pytest.approx(clock.now(), abs=1_000)

    timed(str(tmp_path / "t.db"), scenario)
