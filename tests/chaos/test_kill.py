"""SIGKILL in the middle of writing: what was acknowledged is there, and state equals events."""

import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from taskwatch.store import open_store

WORKER = Path(__file__).with_name("worker.py")
ORDER = ["ready", "in_progress", "completed"]


def kill_one(path, name, mode, acks):
    """Let a worker acknowledge so many changes, kill it at once; the last status acknowledged per task."""
    with subprocess.Popen(
        [sys.executable, WORKER, mode, path, name], stdout=subprocess.PIPE, text=True
    ) as process:
        lines = [process.stdout.readline().split() for _ in range(acks)]
        process.kill()
    return dict(line for line in lines if line)


def lost(path, acknowledged):
    """The acknowledged changes that are not in the database."""
    store = open_store(str(path))
    with store.read() as tx:
        assert tx.all(tuple, "events.disagreeing") == []
    kept = dict(store.connection.execute("SELECT code, status FROM tasks"))
    integrity = store.connection.execute("PRAGMA integrity_check").fetchone()[0]
    store.close()
    assert integrity == "ok"
    return [
        code
        for code, status in acknowledged.items()
        if code not in kept or ORDER.index(kept[code]) < ORDER.index(status)
    ]


def storm(path, kills, mode="write"):
    open_store(str(path)).close()
    acks = [random.Random(kill).randint(1, 12) for kill in range(kills)]
    with ThreadPoolExecutor(2) as pool:
        runs = pool.map(lambda kill: kill_one(str(path), f"w{kill}", mode, acks[kill]), range(kills))
        acknowledged = {code: status for run in runs for code, status in run.items()}
    assert len(acknowledged) >= kills
    return lost(path, acknowledged)


def test_no_acknowledged_change_is_lost_to_sigkill(tmp_path):
    assert storm(tmp_path / "t.db", kills=40) == []


def test_the_harness_sees_an_acknowledgement_before_the_commit(tmp_path):
    assert storm(tmp_path / "t.db", kills=10, mode="lie") != []


@pytest.mark.long
@pytest.mark.timeout(900)
def test_no_acknowledged_change_is_lost_to_a_thousand_sigkills(tmp_path):
    assert storm(tmp_path / "t.db", kills=1000) == []
