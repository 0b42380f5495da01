"""How fast the actions move tasks, against a raw sqlite3 script that runs the same statements durably.

The script replays what was recorded, with the same values, on a copy of the database; every
transaction is committed with synchronous=FULL on both sides.

Run: python tests/bench/bench_transition.py
"""

import shutil
import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench import filled, folder, pairs, seconds, verdict
from taskwatch import clock
from taskwatch.actions import tasks, transitions
from taskwatch.actions.change import Change
from taskwatch.store import Store, open_store

LIMIT = 2.0
CHAINS = 50
Values = Mapping[str, Any] | tuple[Any, ...]
ROUNDS = 5


def main() -> int:
    """Print both times per transition and their ratio; 1 if the actions reach less than half the rate."""
    with folder() as place:
        prepare(place / "begin.db")
        statements = record(place)
        ours, theirs = pairs(lambda: by_actions(place), lambda: by_script(place, statements), ROUNDS)
    moves = CHAINS * 4
    return int(verdict("a transition against its bare SQL", ours / moves, theirs / moves, LIMIT))


def prepare(path: Path) -> None:
    """10,000 other tasks, and pairs of which the second waits for the first."""
    store = filled(path, 10_000)
    new = [
        tasks.NewTask(f"{step}{n}", timeout_minutes=60, after=(f"A{n}",) if step == "B" else ())
        for n in range(CHAINS)
        for step in "AB"
    ]
    tasks.add(store, new, Change(clock.now()))
    store.close()


def work(store: Store) -> None:
    """Start and complete both of every pair."""
    for n in range(CHAINS):
        for code in (f"A{n}", f"B{n}"):
            for verb in ("start", "complete"):
                transitions.transition(store, verb, [code], Change(clock.now()))


class Recorder:
    """A connection that notes what it executes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.statements: list[tuple[str, Values]] = []

    def execute(self, sql: str, values: Values = ()) -> sqlite3.Cursor:
        """Note it and do it."""
        self.statements.append((sql, values))
        return self.connection.execute(sql, values)


def record(place: Path) -> list[tuple[str, Values]]:
    """The statements of the work with their values."""
    store = open_store(str(copy(place)))
    recorder = store.connection = Recorder(store.connection)
    work(store)
    recorder.connection.close()
    return recorder.statements


def by_actions(place: Path) -> float:
    """Seconds that the actions need."""
    store = open_store(str(copy(place)))
    taken = seconds(lambda: work(store))
    store.close()
    return taken


def by_script(place: Path, statements: list[tuple[str, Values]]) -> float:
    """Seconds that the bare statements need."""
    connection = sqlite3.connect(copy(place), isolation_level=None)
    for pragma in ("synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        connection.execute("PRAGMA journal_mode = TRUNCATE")
    taken = seconds(lambda: [connection.execute(*each).fetchall() for each in statements])
    connection.close()
    return taken


def copy(place: Path) -> Path:
    """The database as it was at the beginning."""
    return Path(shutil.copyfile(place / "begin.db", place / "work.db"))


if __name__ == "__main__":
    sys.exit(main())
