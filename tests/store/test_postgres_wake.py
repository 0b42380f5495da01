"""A commit rings every daemon of its database on all machines, once for all who commit at the same time."""

import os
import select
import signal
import tempfile
import threading
from contextlib import closing, suppress

import psycopg
import pytest

import postgres
from taskwatch.actions import tasks
from taskwatch.store import open_store, wake
from taskwatch.store.postgres import connection
from taskwatch.store.postgres import wake as ringing
from taskwatch.testing import HandClock


@pytest.fixture(scope="module")
def url():
    made = postgres.new_database()
    yield made
    postgres.drop_database(made)


@pytest.fixture
def store(url):
    with closing(open_store(url)) as opened:
        yield opened


@pytest.fixture
def ear(url):
    with closing(wake.listen(url)) as made:
        assert made.mend()
        yield made


def rings(ear, seconds=5.0):
    """Whether it rings so soon, and then no more."""
    heard = False
    while select.select([ear], [], [], 0.1 if heard else seconds)[0]:
        heard |= ear.drain()
    return heard


def end_all(url):
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def add_task(store, code):
    tasks.add(store, [tasks.NewTask(code)], HandClock().change())


def test_a_commit_that_wrote_rings(store, ear):
    add_task(store, "A")
    assert rings(ear)


def test_reading_dry_runs_failures_and_empty_writes_do_not_ring(store, ear):
    with store.read() as tx:
        tx.value("events.epoch")
    with store.write(dry_run=True) as tx:
        tx.run("planning.set_cursor", value="x")
    with suppress(ZeroDivisionError), store.write() as tx:
        tx.run("planning.set_cursor", value="x")
        raise ZeroDivisionError
    with store.write():
        pass
    assert not rings(ear, 0.2)


def test_another_database_on_the_same_server_is_not_rung(ear):
    other = postgres.new_database()
    with closing(open_store(other)) as store:
        add_task(store, "A")
    postgres.drop_database(other)
    assert not rings(ear, 0.2)


def test_whoever_asks_while_it_rings_is_rung_for_once_more_and_together(url):
    begun, go_on, sent = threading.Event(), threading.Event(), []

    class Slow:
        def execute(self, sql):
            sent.append(sql)
            begun.set()
            go_on.wait(10)

    threads = [threading.Thread(target=ringing.nudge, args=(f"{url}#slow", Slow())) for _ in range(12)]
    threads[0].start()
    assert begun.wait(10)
    for thread in threads[1:]:
        thread.start()
    while ringing._bell(f"{url}#slow")._asked < 12:
        pass
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert sent == [ringing.NUDGE] * 2


def test_whoever_rings_and_is_stuck_holds_nobody_up(url, monkeypatch):
    monkeypatch.setattr(ringing, "LONGEST_TURN", 0.01)
    with ringing._bell(url)._turn:
        ringing.nudge(url, None)


def test_a_connection_that_is_gone_keeps_nobody_from_ringing(store, ear, url):
    with closing(connection.connect(url, 1)) as lost:
        lost.close()
        ringing.nudge(url, lost)
    add_task(store, "B")
    assert rings(ear)


def test_an_ear_whose_connection_is_ended_says_so_and_hears_again(store, ear, url):
    assert not ear.mend()
    before = ear.fileno()
    end_all(url)
    while ear.fileno() == before:
        select.select([ear], [], [], 5)
        assert ear.drain() or ear.fileno() == before
    assert ear.fileno() == -1
    assert ear.mend()
    add_task(store, "C")
    assert rings(ear)


def test_an_ear_whose_server_is_away_waits_for_it(monkeypatch):
    monkeypatch.setattr(ringing, "REST_SECONDS", 0.0)
    cluster = postgres.Cluster(tempfile.mkdtemp(prefix="taskwatch-pg-"))
    with closing(wake.listen(cluster.url)) as ear:
        assert (ear.mend(), ear.fileno(), ear.drain()) == (False, -1, False)
        cluster.start(*postgres.HASTY)
        assert ear.mend()
        assert ear.fileno() >= 0
    cluster.remove()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may stop a server's process")
def test_a_server_that_falls_silent_is_noticed_and_another_connection_made(url, monkeypatch):
    monkeypatch.setattr(ringing, "HEARTBEAT_SECONDS", 0.0)
    monkeypatch.setattr(ringing, "PATIENCE", 0.2)
    monkeypatch.setattr(connection, "MARGIN_SECONDS", 0.1)
    with closing(wake.listen(url)) as ear:
        ear.mend()
        pid = ear._connection.info.backend_pid
        os.kill(pid, signal.SIGSTOP)
        try:
            assert ear.mend()
        finally:
            os.kill(pid, signal.SIGCONT)
        assert ear._connection.info.backend_pid != pid


def test_a_server_is_asked_less_often(url, tmp_path):
    assert wake.poll_seconds(url) == 4 * wake.poll_seconds(str(tmp_path / "t.db"))
