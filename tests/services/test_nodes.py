"""The bus between nodes, over a real server: what one says all others hear, and who is gone is gone."""

import asyncio
import tempfile
from contextlib import asynccontextmanager

import psycopg
import pytest

import postgres
from taskwatch.services import nodes
from taskwatch.services.bus import GONE
from taskwatch.services.gathering import MISSED
from taskwatch.services.nodes import NodeBus
from taskwatch.store.postgres.line import CHANNEL


@pytest.fixture(scope="module")
def url():
    made = postgres.new_database()
    yield made
    postgres.drop_database(made)


@pytest.fixture
def hasty(monkeypatch):
    """What takes seconds takes less."""
    monkeypatch.setattr(nodes, "HERE_SECONDS", 0.1)
    monkeypatch.setattr(nodes, "SILENCE_SECONDS", 0.5)
    monkeypatch.setattr(nodes, "RETRY_SECONDS", 0.05)
    monkeypatch.setattr(nodes, "RETURN_SECONDS", 0.1)


class Node:
    """A node and what it heard."""

    def __init__(self, url):
        self.bus = NodeBus(url)
        self.heard = []
        self._news = asyncio.Event()
        self.bus.listen(self._hear)
        self.bus.start()

    def _hear(self, sender, message):
        self.heard.append((sender, message))
        self._news.set()

    async def until(self, is_enough, seconds=10):
        """Wait until what was heard is enough."""
        async with asyncio.timeout(seconds):
            while not is_enough(self.heard):
                self._news.clear()
                await self._news.wait()

    async def sees(self, count, seconds=10):
        """Wait until so many nodes are there."""
        async with asyncio.timeout(seconds):
            while len(self.bus.names) != count:  # noqa: ASYNC110  a thread brings it about
                await asyncio.sleep(0.005)


@asynccontextmanager
async def gathered(url, count=2):
    """So many nodes that hear each other."""
    members = [Node(url) for _ in range(count)]
    try:
        for each in members:
            await each.sees(count)
        yield members
    finally:
        await asyncio.gather(*(each.bus.stop() for each in members))


def test_what_one_says_all_others_hear_whole_and_in_order(url):
    async def main():
        async with gathered(url, 3) as (first, second, third):
            said = [{"text": "\N{SNOWMAN}\0\ud800" * size} for size in (1, 9_000, 3, 0)]
            for message in said:
                first.bus.send(message)
            for each in (second, third):
                await each.until(lambda heard: len(heard) == len(said))
                assert each.heard == [(first.bus.number, message) for message in said]
            assert first.heard == []

    asyncio.run(main())


def test_whoever_says_goodbye_is_gone_at_once(url):
    async def main():
        async with gathered(url) as (first, second):
            second.bus.send({"a": 1})
            await second.bus.stop()
            await first.until(lambda heard: len(heard) == 2)
            assert first.heard == [(second.bus.number, {"a": 1}), (second.bus.number, GONE)]
            assert first.bus.names == [first.bus.name]

    asyncio.run(main())


@pytest.mark.usefixtures("hasty")
def test_a_handler_that_fails_and_words_of_others_disturb_nobody(url, caplog):
    async def main():
        async with gathered(url) as (first, second):
            first.bus.listen(lambda _sender, _message: 1 / 0)
            with psycopg.connect(url, autocommit=True) as stranger:
                for text in ("", "nonsense", "5 1 0 1 {}", "9 9 9 9 9", f"{second.bus.number} 99"):
                    stranger.execute("SELECT pg_notify(%s, %s)", [CHANNEL, text])
            second.bus.send({"a": 1})
            await first.until(lambda heard: (second.bus.number, {"a": 1}) in heard)

    asyncio.run(main())
    assert "could not be handled" in caplog.text
    assert "none of taskwatch's words" in caplog.text


@pytest.mark.usefixtures("hasty")
def test_whoever_is_silent_for_too_long_is_gone_and_missed_when_it_is_back(url):
    async def main():
        async with gathered(url) as (first, second):
            silent = second.bus
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(
                    silent, "_say", lambda: nodes.clock.sleep(0.01)
                )  # it lives, and comes to nothing
                await first.until(lambda heard: (silent.number, GONE) in heard)
            await first.until(lambda heard: (silent.number, MISSED) in heard)
            await first.sees(2)

    asyncio.run(main())


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_restart_of_the_server_is_outlived_and_nobody_is_thought_dead(mode, pg_cluster):
    async def main():
        async with gathered(pg_cluster.url) as (first, second):
            await asyncio.to_thread(pg_cluster.stop, mode)
            await asyncio.to_thread(pg_cluster.start, *postgres.HASTY)
            for each in (first, second):
                await each.until(lambda heard, each=each: (each.bus.number, MISSED) in heard)
            for each, other in ((first, second), (second, first)):
                other.bus.send({"a": 1})
                await each.until(lambda heard, other=other: (other.bus.number, {"a": 1}) in heard)
                assert GONE not in [message for _, message in each.heard]

    asyncio.run(main())


@pytest.mark.usefixtures("hasty")
def test_a_connection_that_is_ended_is_made_anew(url):
    async def main():
        async with gathered(url) as (first, second):
            with psycopg.connect(url, autocommit=True) as admin:
                admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            for each in (first, second):
                await each.until(lambda heard, each=each: (each.bus.number, MISSED) in heard)
            first.bus.send({"a": 1})
            await second.until(lambda heard: (first.bus.number, {"a": 1}) in heard)

    asyncio.run(main())


def test_a_whisper_of_long_ago_is_not_said_any_more():
    assert nodes._is_stale({"whisper": {}}, 16)
    assert not nodes._is_stale({"whisper": {}}, 14)
    assert not nodes._is_stale({"terminate": "7"}, 3_600)


@pytest.fixture(scope="module")
def pg_cluster():
    made = postgres.Cluster(tempfile.mkdtemp(prefix="taskwatch-pg-"))
    made.start(*postgres.HASTY)
    yield made
    made.remove()
