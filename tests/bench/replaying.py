"""Statements as an action executes them, and the same without it: what durable SQL alone would cost."""

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench import seconds
from taskwatch.store import Store, open_store

Values = Mapping[str, Any] | tuple[Any, ...]
Statement = tuple[str, Values]


class Recorder:
    """A connection that notes what it executes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.statements: list[Statement] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)

    def execute(self, sql: str, values: Values = ()) -> sqlite3.Cursor:
        """Note it and do it."""
        self.statements.append((sql, values))
        return self.connection.execute(sql, values)

    def rollback(self) -> None:
        """Note the end of a transaction that only read, and end it."""
        self.statements.append(("ROLLBACK", ()))
        self.connection.rollback()


def recorded(path: Path, work: Callable[[Store], object]) -> list[Statement]:
    """The statements of some work on a database, with their values."""
    store = open_store(str(path))
    recorder = store.connection = Recorder(store.connection)
    work(store)
    recorder.connection.close()
    return recorder.statements


def replay(path: Path, statements: list[Statement]) -> float:
    """Seconds that the bare statements need, every transaction committed with synchronous=FULL."""
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        connection.execute("PRAGMA journal_mode = TRUNCATE")
    taken = seconds(lambda: [connection.execute(*each).fetchall() for each in statements])
    connection.close()
    return taken
