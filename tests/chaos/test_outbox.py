"""Sixteen writers, slow ones among them, some undone, some cut off: who follows the log misses nothing."""

import asyncio
import sys

import psycopg
import pytest

import postgres
from chaos.turns import Turns
from taskwatch.actions import lookup
from taskwatch.errors import Conflict
from taskwatch.store import EVERYTHING
from taskwatch.store.postgres import store as engine
from taskwatch.store.postgres.store import PostgresStore

WRITERS_ONLY = {"writer": 1.0}
EVERYBODY = {"writer": 0.8, "reader": 0.3}
LAG = 0.7  # seconds; those who wait for a gap between writers wait for the end of all


@pytest.fixture
def url():
    url = postgres.new_database()
    yield url
    postgres.drop_database(url)


def played(url, seed, **size):
    """The turns, once they are over."""
    turns = Turns(url, seed, **size)
    asyncio.run(turns.play())
    return turns


def test_two_readers_miss_nothing_of_sixteen_writers(url):
    turns = played(url, 1, seconds=2.5, terminated=WRITERS_ONLY)
    turns.check()
    assert turns.terminations > 5
    assert len(turns.acknowledged) > 30
    assert turns.undone


def test_a_writer_in_another_database_holds_nobody_up(url):
    other = postgres.new_database(pristine=False)
    with psycopg.connect(other) as connection:
        connection.execute("CREATE TABLE busy (n INT)")
        turns = played(url, 2, seconds=1, writers=4)
    postgres.drop_database(other)
    turns.check()
    assert turns.lag(0.5) < 1


@pytest.mark.long
@pytest.mark.timeout(300)
def test_two_readers_that_are_cut_off_themselves_miss_nothing_for_a_minute(url):
    turns = played(url, 3, seconds=60, terminated=EVERYBODY)
    turns.check()
    sys.stdout.write(
        f"{len(turns.acknowledged)} deeds, {len(turns.undone)} undone, {turns.terminations} terminated; "
        f"lag {turns.lag(0.5) * 1000:.0f} ms, p99 {turns.lag(0.99) * 1000:.0f} ms\n"
    )


def test_slow_writers_that_overlap_without_end_do_not_starve_the_readers(url):
    turns = played(url, 4, seconds=2, writers=8, subjects=8, fates={"linger": 1})
    turns.check()
    assert turns.lag(0.5) < LAG


def test_the_harness_sees_a_reader_that_does_not_wait_for_the_fence(url, monkeypatch):
    monkeypatch.setattr(PostgresStore, "horizon", lambda _: EVERYTHING)
    with pytest.raises(AssertionError, match="missed"):
        played(url, 5, seconds=1.2).check()


def test_the_harness_sees_writers_that_pass_the_fence_unseen(url, monkeypatch):
    monkeypatch.setattr(engine, "WRITE_AMONG_OTHERS", "BEGIN")
    with pytest.raises(AssertionError, match="missed"):
        played(url, 6, seconds=1.2).check()


def test_the_harness_sees_two_that_move_one_workflow_at_once(url, monkeypatch):
    monkeypatch.setattr(lookup, "hold", lambda _tx, _refs: None)
    with pytest.raises(Conflict):
        played(url, 7, seconds=1.2).check()
