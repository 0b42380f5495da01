"""What the benchmarks share: runs in pairs, verdicts, and databases filled in bulk."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from taskwatch import clock
from taskwatch.store import Store, open_store

MINUTE = 60_000


def pairs(ours: Callable[[], float], theirs: Callable[[], float], rounds: int) -> tuple[float, float]:
    """The medians of both in seconds, measured in turn: A B A B …, after one round that does not count."""
    measured = [(ours(), theirs()) for _ in range(rounds + 1)][1:]
    return statistics.median(a for a, _ in measured), statistics.median(b for _, b in measured)


def seconds(deed: Callable[[], object]) -> float:
    """How long a deed takes."""
    begun = time.perf_counter()
    deed()
    return time.perf_counter() - begun


def process(*command: str | Path) -> float:
    """How long a process takes, from its start to its end. It must end well."""
    return seconds(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))


def verdict(what: str, ours: float, theirs: float, limit: float) -> bool:
    """Print both times in milliseconds and their ratio; whether it is above the limit."""
    ratio = ours / theirs
    words = "MISSED" if ratio > limit else "ok"
    sys.stdout.write(
        f"{what}: {ours * 1000:.2f} ms to {theirs * 1000:.2f} ms: {ratio:.2f}x (limit {limit}x) {words}\n"
    )
    return ratio > limit


@contextmanager
def folder() -> Iterator[Path]:
    """A place for databases, empty again afterwards."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def filled(path: Path, tasks: int, *, due: int = 0) -> Store:
    """A store with so many tasks in progress under a timeout of an hour, `due` of them late and not alerted.

    A tenth of the others is at risk; what is not due now is not due within the next forty seconds.
    """
    store = open_store(str(path))
    connection = store.connection
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(TASKS, {"tasks": tasks, "due": due, "now": clock.now()})
    connection.execute(EVENTS)
    connection.execute(LEDGER)
    connection.execute("COMMIT")
    connection.execute("ANALYZE")
    connection.execute("PRAGMA synchronous = FULL")
    return store


TASKS = """
WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < :tasks),
started (n, at) AS (SELECT n, :now - CASE
    WHEN n <= :due THEN 65 WHEN n % 10 = 0 THEN 50 + n % 9 ELSE n % 47 END * 60000 FROM number)
INSERT INTO tasks (code, name, type, status, cycle, version, timeout_minutes, implicit_start, created_at,
    changed_at, ready_at, started_at, banked_ms, running_since, due_at, at_risk_at, next_alert_at, alerts)
SELECT 'T' || n, 'Task ' || n, 'task', 'in_progress', 1, 3, 60, 0, at, at, at, at, 0, at,
    at + 3600000, at + 2881000, at + 3601000, 0 FROM started
"""
EVENTS = """
INSERT INTO events (kind, at, task_id, status, topics, payload)
SELECT 'task.status.changed', changed_at, id, status, ' task.' || id || ' ', '{}' FROM tasks
"""
LEDGER = """
INSERT INTO ledger (task_id, cycle, at, state, banked_ms, timeout_minutes)
SELECT id, cycle, running_since, 'running', 0, timeout_minutes FROM tasks
"""
