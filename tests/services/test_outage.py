"""A server that goes away and comes back: nobody restarts anything, nothing is lost or done twice."""

import asyncio
import tempfile
import threading

import psycopg
import pytest

import postgres
from taskwatch.actions import events, messages
from taskwatch.actions.messages import Message
from taskwatch.errors import Unavailable
from taskwatch.services import database as databases
from taskwatch.services import supervise
from taskwatch.services.database import Database
from taskwatch.services.hub import Hub
from taskwatch.services.relay import Relay
from taskwatch.store import open_store

SETTINGS = ("fsync=off",)  # a crash of the server alone loses nothing by that


@pytest.fixture(scope="module")
def cluster():
    made = postgres.Cluster(tempfile.mkdtemp(prefix="taskwatch-pg-"))
    made.start(*SETTINGS)
    open_store(made.url).close()
    yield made
    made.remove()


@pytest.fixture
def url():
    made = postgres.new_database()
    yield made
    postgres.drop_database(made)


def publish(store, name="n"):
    return messages.publish(store, [Message(name, ("news",), ("news",), "{}")], 1)[-1]


def end_all(url):
    """End every connection to a database but the one that says so."""
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def relayed(url, scenario):
    """Run a scenario with a relay, a database and what clients heard."""

    async def main():
        database, hub, heard = Database(url), Hub(), []
        relay = Relay(url, hub)
        relay.listeners.append(lambda facts: heard.extend(fact.seq for fact in facts))
        try:
            await relay.start()
            async with asyncio.timeout(60):
                await scenario(database, relay, heard)
        finally:
            await relay.stop()
            await database.close()

    asyncio.run(main())


async def until(is_so):
    while not is_so():  # noqa: ASYNC110  other threads bring it about
        await asyncio.sleep(0.005)


def test_a_change_elsewhere_is_with_the_clients_long_before_anybody_polls(url):
    async def scenario(database, relay, heard):
        await until(lambda: relay._bell.ear.fileno() >= 0)
        for _ in range(5):
            async with asyncio.timeout(0.9):
                last = await database.write(publish)
                await until(lambda last=last: last in heard)

    relayed(url, scenario)


def test_what_happens_while_connections_are_ended_reaches_the_clients_once_and_in_order(url):
    async def scenario(database, relay, heard):
        said = []
        for number in range(30):
            if number % 6 == 3:
                await asyncio.to_thread(end_all, url)
            said.append(await database.write(publish))
        await relay.pass_on()
        assert heard == said

    relayed(url, scenario)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_restart_is_outlived_without_a_gap(cluster, mode):
    async def scenario(database, relay, heard):
        said = [await database.write(publish)]
        await asyncio.to_thread(cluster.stop, mode)
        waiting = asyncio.create_task(database.write(publish))  # it has to wait, and is not refused
        reading = asyncio.create_task(database.read(events.position))
        await asyncio.to_thread(cluster.start, *SETTINGS)
        said.append(await waiting)
        await reading
        said.append(await database.write(publish))
        await relay.pass_on()
        await until(lambda: len(heard) == 3)
        assert heard == said

    relayed(cluster.url, scenario)


def test_a_log_that_broke_off_while_the_server_was_away_is_told(cluster, caplog):
    async def scenario(database, relay, _heard):
        await database.write(publish)
        await relay.pass_on()
        broken = asyncio.Event()
        relay.on_break.append(broken.set)
        await asyncio.to_thread(cluster.stop, "fast")
        await asyncio.to_thread(cluster.start, *SETTINGS)
        with psycopg.connect(cluster.url, autocommit=True) as admin:
            admin.execute("UPDATE taskwatch.meta SET value = 'another' WHERE name = 'epoch'")
        await broken.wait()
        assert relay._hub.epoch == "another"

    relayed(cluster.url, scenario)
    assert "belongs to another event log" in caplog.text


def test_a_change_that_is_interrupted_before_it_is_kept_is_made_again_once(url):
    async def main():
        database, tries = Database(url), []

        def interrupted(store):
            tries.append(1)
            with store.write() as tx:
                if len(tries) == 1:
                    end_all(url)
                tx.run("planning.set_cursor", value=f"try {len(tries)}")

        await database.write(interrupted)
        assert len(tries) == 2
        assert await database.read(cursor) == "try 2"
        await database.close()

    asyncio.run(main())


def test_what_kept_something_already_is_not_made_again(url):
    async def main():
        database, tries = Database(url), []

        def in_two_steps(store):
            tries.append(1)
            for step in range(2):
                with store.write() as tx:
                    if step == 1:
                        end_all(url)
                    tx.run("planning.set_cursor", value=f"step {step}")

        with pytest.raises(Unavailable):
            await database.work(in_two_steps)
        assert len(tries) == 1
        assert await database.read(cursor) == "step 0"
        await database.close()

    asyncio.run(main())


def test_an_answer_to_commit_that_is_lost_is_never_taken_for_a_failure(url, monkeypatch):
    async def main():
        database, tries = Database(url), []

        def uncertain(store):
            tries.append(1)
            execute = store.connection.execute

            def lose(sql, *values):
                done = execute(sql, *values)
                if sql == "COMMIT":
                    store.connection.close()
                    raise psycopg.OperationalError("the answer is lost")
                return done

            with store.write() as tx:
                tx.run("planning.set_cursor", value="kept")
                monkeypatch.setattr(store.connection, "execute", lose)

        with pytest.raises(Unavailable, match="it may stand or not"):
            await database.write(uncertain)
        assert len(tries) == 1
        assert await database.read(cursor) == "kept"
        await database.close()

    asyncio.run(main())


def test_two_changes_that_wait_for_each_other_are_both_made(url):
    async def main():
        database, meeting, tries = Database(url), threading.Barrier(2), []

        def cross(store, names):
            tries.append(names)
            with store.write(concurrent=True) as tx:
                tx.value("events.hold", key=names[0])
                if len(tries) <= 2:
                    meeting.wait(10)
                tx.value("events.hold", key=names[1])
                tx.run("planning.set_cursor", value=names)
            return names

        done = await asyncio.gather(database.write(cross, "ab"), database.work(cross, "ba"))
        assert (done, len(tries)) == (["ab", "ba"], 3)
        await database.close()

    asyncio.run(main())


def test_an_outage_that_lasts_is_told_in_bounded_time_and_then_at_once(cluster, monkeypatch):
    monkeypatch.setattr(databases, "TRY_SECONDS", 0.5)

    async def main():
        database = Database(cluster.url)
        await database.read(events.position)
        await asyncio.to_thread(cluster.stop, "fast")
        try:
            async with asyncio.timeout(5):
                for _ in range(3):
                    with pytest.raises(Unavailable, match="cannot be reached"):
                        await database.read(events.position)
        finally:
            await asyncio.to_thread(cluster.start, *SETTINGS)
        await database.read(events.position)
        await database.close()

    asyncio.run(main())


def test_a_database_that_is_closed_is_not_waited_for(cluster, monkeypatch):
    monkeypatch.setattr(databases, "TRY_SECONDS", 60)

    async def main():
        database = Database(cluster.url)
        await asyncio.to_thread(cluster.stop, "fast")
        try:
            async with asyncio.timeout(10):
                waiting = asyncio.create_task(database.write(publish))
                await asyncio.sleep(0.2)
                await database.close()
                with pytest.raises(Unavailable):
                    await waiting
        finally:
            await asyncio.to_thread(cluster.start, *SETTINGS)

    asyncio.run(main())


def test_a_loop_whose_database_is_away_is_told_shortly_and_begins_again_soon(monkeypatch, caplog):
    pauses = []

    async def main():
        async def work():
            if len(pauses) == 8:
                raise asyncio.CancelledError
            raise Unavailable("it is away")

        async def rest(seconds):
            pauses.append(seconds)

        monkeypatch.setattr(supervise.asyncio, "sleep", rest)
        with pytest.raises(asyncio.CancelledError):
            await supervise.keep("SLA", work)

    asyncio.run(main())
    assert max(pauses) == supervise.OUTAGE_PAUSE
    assert "Traceback" not in caplog.text


def cursor(store):
    with store.read() as tx:
        return tx.value("planning.cursor")
