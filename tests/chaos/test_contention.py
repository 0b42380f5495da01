"""Eight writers and four readers on one file: everybody waits, nobody is refused."""

import subprocess
import sys
from pathlib import Path

import pytest

from taskwatch.store import open_store

WORKER = Path(__file__).with_name("worker.py")


def crowd(path, seconds, journal):
    """Run them all; what they complained about, and how many changes there were."""
    store = open_store(str(path))
    store.connection.execute(f"PRAGMA journal_mode = {journal}")
    store.close()
    modes = ["rush"] * 8 + ["read"] * 4
    processes = [
        subprocess.Popen(
            [sys.executable, WORKER, mode, path, f"w{number}", str(seconds)],
            stderr=subprocess.PIPE,
            text=True,
        )
        for number, mode in enumerate(modes)
    ]
    complaints = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 12, "".join(complaints)[-2000:]
    store = open_store(str(path))
    with store.read() as tx:
        changes = tx.value("events.last")
        assert tx.all(tuple, "events.disagreeing") == []
    store.close()
    return "".join(complaints), changes


@pytest.mark.parametrize("journal", ["WAL", "TRUNCATE"])
def test_no_busy_error_reaches_anybody(tmp_path, journal):
    complaints, changes = crowd(tmp_path / "t.db", 3, journal)
    assert complaints == ""
    assert changes > 100


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("journal", ["WAL", "TRUNCATE"])
def test_no_busy_error_reaches_anybody_for_a_minute(tmp_path, journal):
    complaints, _changes = crowd(tmp_path / "t.db", 60, journal)
    assert complaints == ""
