"""Several daemons on one PostgreSQL: each alert and message once, by the database's time, and no leader."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import asynccontextmanager

import pytest

import postgres
from live import serving
from outbox import put, states
from taskwatch import clock as clocks
from taskwatch.actions import people, tasks, transitions
from taskwatch.actions.people import NewUser
from taskwatch.actions.tasks import NewTask
from taskwatch.daemon import status
from taskwatch.model.assignment import Assignment
from taskwatch.store import open_store
from taskwatch.testing import HandClock

HOUR_MS = 3_600_000
RULE = """\
[[notify.rule]]
name = "all"
kinds = ["task.sla.exceeded"]
to = ["assigned"]
channels = ["database", "sink"]

[channel.sink]
type = "exec"
command = ["sh", "-c", "cat >> %s/sink.ndjson; echo >> %s/sink.ndjson"]
"""


@pytest.fixture
def store():
    url = postgres.new_database()
    opened = open_store(url)
    postgres.accept_sqlite(opened.connection)
    yield opened
    opened.close()
    postgres.drop_database(url)


@pytest.fixture
def clock():
    """Of today, as the database is."""
    return HandClock(clocks.now() - HOUR_MS)


@pytest.fixture
def sink(tmp_path):
    """What a channel was given: the lines of a file."""
    (tmp_path / "taskwatch.toml").write_text(RULE % (tmp_path, tmp_path))

    def got():
        file = tmp_path / "sink.ndjson"
        return [json.loads(line) for line in file.read_text().splitlines() if line] if file.exists() else []

    return got


@asynccontextmanager
async def daemons(store, folder, count=2):
    """So many daemons, each of which does everything."""
    started = [serving(store.url, cwd=folder) for _ in range(count)]
    opened = [await each.__aenter__() for each in started]
    try:
        yield opened
    finally:
        for each in started:
            await each.__aexit__(None, None, None)


async def until(is_so, seconds=15):
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110  other threads bring it about
            await asyncio.sleep(0.02)


def late(store, clock, code):
    """A task that has run over half an hour ago."""
    assigned = (Assignment("user", 1, None),)
    tasks.add(store, [NewTask(code, timeout_minutes=30, assignments=assigned)], clock.change())
    transitions.transition(store, "start", [code], clock.change())


def count(store, table):
    return store.connection.execute(f"SELECT count(*) FROM taskwatch.{table}").fetchone()[0]


def test_each_alert_and_each_message_goes_out_once(store, clock, tmp_path, sink):
    people.add(store, NewUser("dana"), clock.change())

    async def main():
        async with daemons(store, tmp_path, 3):
            for number in range(8):
                late(store, clock, f"T{number}")
            await until(lambda: len(sink()) >= 8)
            await asyncio.sleep(1.2)  # whoever does it once more, does it by now
        assert (count(store, "alerts"), count(store, "notifications")) == (8, 8)
        assert len({each["id"] for each in sink()}) == len(sink()) == 8
        assert states(store) == {"sent": 16}  # by the inbox and the sink

    asyncio.run(main())


def test_what_one_daemon_leaves_the_other_goes_on_with(store, clock, tmp_path, sink):
    people.add(store, NewUser("dana"), clock.change())

    async def main():
        async with daemons(store, tmp_path) as (first, _second):
            await first.stop()
            late(store, clock, "A")
            await until(lambda: count(store, "alerts") == 1)
            put(store, HandClock(clocks.now() - 1_000), 2, channel="sink", address="")
            await until(lambda: len(sink()) >= 3)

    asyncio.run(main())


@pytest.mark.parametrize("skew", [-HOUR_MS, HOUR_MS])
def test_a_daemon_on_a_machine_whose_clock_is_wrong_alerts_in_time(
    store, tmp_path, monkeypatch, skew, caplog
):
    right = clocks.now
    clock = HandClock(store.now() - 30 * 60_000 + 1_500)
    monkeypatch.setattr(clocks, "now", lambda: right() + skew)

    async def main():
        async with daemons(store, tmp_path, 1):
            late(store, clock, "A")
            assert count(store, "alerts") == 0
            await until(lambda: count(store, "alerts") == 1)
        claimed_at = store.connection.execute("SELECT claimed_at FROM taskwatch.alerts").fetchone()[0]
        assert clock.now + 30 * 60_000 <= claimed_at <= store.now()

    people.add(store, NewUser("dana"), clock.change())
    asyncio.run(main())
    assert "this machine's clock" in caplog.text


@pytest.mark.parametrize("workers", [1, 2])
def test_a_daemon_is_found_asked_and_ended_on_its_machine(store, tmp_path, workers):
    secret = store.url.replace("postgres@", "postgres:c4nary@")
    environ = {**os.environ, "HOME": str(tmp_path), "TASKWATCH_DB": secret, "TASKWATCH_SERVER__PORT": "0"}
    environ["TASKWATCH_SERVER__WORKERS"] = str(workers)
    words = [sys.executable, "-m", "taskwatch", "daemon"]

    def ask(*verb):
        done = subprocess.run(
            [*words, *verb], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout, done.stderr

    code, _, err = ask("status")
    assert (code, "c4nary" in err, "no daemon serves postgresql://" in err) == (3, False, True)
    with subprocess.Popen(words, cwd=tmp_path, env=environ, stderr=subprocess.PIPE, text=True) as daemon:
        told = ""
        while "serving" not in told:
            told += daemon.stderr.readline()
        while len((state := json.loads(ask("status", "--json")[1])[0])["nodes"]) < workers:
            pass
        assert (state["engine"], state["pid"], state["workers"]) == ("PostgreSQL", daemon.pid, workers)
        assert len(state["nodes"]) == workers
        assert "PostgreSQL" in ask("status")[1]
        assert ask("reload")[0] == ask("stop")[0] == 0
        told += daemon.stderr.read()
    assert daemon.returncode == 0
    assert "c4nary" not in told


def test_a_daemon_of_the_version_before_is_shown_as_well():
    told = {**status.describe(7, "http://127.0.0.1:8000", 0, [], None)}
    del told["engine"], told["nodes"]
    assert (status.shape(told)["engine"], status.shape(told)["nodes"]) == ("SQLite", [])


def test_a_daemon_ends_in_time_though_its_server_is_away(tmp_path):
    cluster = postgres.Cluster(tempfile.mkdtemp(prefix="taskwatch-pg-"))
    cluster.start(*postgres.HASTY)
    environ = {
        **os.environ,
        "HOME": str(tmp_path),
        "TASKWATCH_DB": cluster.url,
        "TASKWATCH_SERVER__PORT": "0",
    }
    words = [sys.executable, "-m", "taskwatch", "daemon"]
    try:
        with subprocess.Popen(words, cwd=tmp_path, env=environ, stderr=subprocess.PIPE, text=True) as daemon:
            while "serving" not in daemon.stderr.readline():
                pass
            cluster.stop("fast")
            while "cannot be" not in daemon.stderr.readline():
                pass
            daemon.send_signal(signal.SIGTERM)
            _, told = daemon.communicate(timeout=9)
        assert (daemon.returncode, "Traceback" in told) == (0, False), told
    finally:
        cluster.remove()


def test_a_daemon_that_is_killed_is_missed_by_nobody_for_long(store, clock, tmp_path, sink):
    """Its alerts, plans and leases are taken over; see the harness under chaos for many of them."""
    people.add(store, NewUser("dana"), clock.change())
    environ = {**os.environ, "HOME": str(tmp_path), "TASKWATCH_DB": store.url, "TASKWATCH_SERVER__PORT": "0"}
    words = [sys.executable, "-m", "taskwatch", "daemon"]
    with subprocess.Popen(words, cwd=tmp_path, env=environ, stderr=subprocess.PIPE, text=True) as dying:
        while "serving" not in dying.stderr.readline():
            pass

        async def main():
            async with daemons(store, tmp_path, 1) as (left,):
                await until(lambda: len(left.status()["nodes"]) == 2)
                dying.send_signal(signal.SIGKILL)
                late(store, clock, "A")
                await until(lambda: count(store, "alerts") == 1 and sink(), seconds=20)

        asyncio.run(main())
