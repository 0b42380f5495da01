"""SQLite by the standard library: the embedded engine.

Every write opens with BEGIN IMMEDIATE, since a transaction that reads first and writes later fails under
contention without waiting. The live file is never opened by path, which would drop SQLite's locks.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from taskwatch.errors import NotFound, StoreUnusable
from taskwatch.store.base import Record
from taskwatch.store.fault import translated
from taskwatch.store.queries import question

APPLICATION_ID = 0x7461_736B  # "task"
SCHEMA_VERSION = 1


class SqliteTx:
    """A transaction on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def one(self, record: type[Record], question: str, **values: Any) -> Record | None:
        """The first row as a record, or None."""
        rows = self.all(record, question, **values)
        return rows[0] if rows else None

    def all(self, record: type[Record], question: str, **values: Any) -> list[Record]:
        """Every row as a record. Fetched whole: an unfinished cursor would hold the snapshot open."""
        make = getattr(record, "_make", record)
        return [make(row) for row in self._execute(question, values).fetchall()]

    def stream(self, record: type[Record], question: str, **values: Any) -> Iterator[Record]:
        """Row after row."""
        make = getattr(record, "_make", record)
        return (make(row) for row in self._execute(question, values))

    def value(self, question: str, **values: Any) -> Any:
        """The first column of the first row, or None."""
        rows = self._execute(question, values).fetchall()
        return rows[0][0] if rows else None

    def run(self, question: str, **values: Any) -> int:
        """Change rows; how many were changed."""
        return self._execute(question, values).rowcount

    def many(self, question: str, rows: Iterable[Mapping[str, Any] | tuple[Any, ...]]) -> None:
        """Run one question for each of many rows."""
        self._connection.executemany(_sql(question), rows)

    def _execute(self, question: str, values: Mapping[str, Any]) -> sqlite3.Cursor:
        return self._connection.execute(_sql(question), values)


_sql = question


class SqliteStore:
    """A SQLite file. Not to be shared between threads, nor carried over a fork."""

    def __init__(self, url: str, connection: sqlite3.Connection) -> None:
        self.url = url
        self.connection = connection

    @classmethod
    def open(cls, path: str, *, create: bool, patience: float) -> "SqliteStore":
        """Open a file; make or upgrade it when `create`.

        Raises:
            NotFound: there is no such file, and it may not be made.
            StoreUnusable, Unavailable, Forbidden: see `open_store`.
        """
        with translated(path):
            if not os.path.exists(path):
                if not create:
                    raise NotFound(f"there is no database at {path}", hint="see taskwatch config path")
                _make_file(path)
            store = cls(path, _connect(path, patience))
            try:
                store._prepare(migrate=create)
            except BaseException:
                store.close()
                raise
            return store

    @contextmanager
    def read(self) -> Iterator[SqliteTx]:
        """A transaction that sees one snapshot."""
        with translated(self.url):
            self.connection.execute("BEGIN")
            try:
                yield SqliteTx(self.connection)
            finally:
                self.connection.rollback()

    @contextmanager
    def write(self, *, dry_run: bool = False) -> Iterator[SqliteTx]:
        """A transaction that waits for its turn at once, and is kept when all went well."""
        with translated(self.url):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield SqliteTx(self.connection)
                self.connection.execute("ROLLBACK" if dry_run else "COMMIT")
            except BaseException:
                self.connection.rollback()
                raise

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def _prepare(self, *, migrate: bool) -> None:
        application, version = self._identity()
        if (application, version) != (APPLICATION_ID, SCHEMA_VERSION):
            self._upgrade(application, version, migrate=migrate)
        if self.connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            self.connection.execute("PRAGMA journal_mode = TRUNCATE")

    def _identity(self) -> tuple[int, int]:
        application = self.connection.execute("PRAGMA application_id").fetchone()[0]
        return application, self.connection.execute("PRAGMA user_version").fetchone()[0]

    def _upgrade(self, application: int, version: int, *, migrate: bool) -> None:
        from taskwatch.store import schema

        if application != APPLICATION_ID and not schema.is_empty(self.connection):
            raise StoreUnusable(
                f"{self.url} is a SQLite file of another program", hint="give another path with --db"
            )
        if version > SCHEMA_VERSION:
            raise StoreUnusable(
                f"{self.url} has schema {version}, this taskwatch knows up to {SCHEMA_VERSION}",
                hint="upgrade taskwatch on this machine",
            )
        if not migrate:
            raise StoreUnusable(f"{self.url} has an older schema", hint="run: taskwatch db migrate")
        schema.migrate(self.connection)


def _make_file(path: str) -> None:
    """An empty file that only its owner can read, made before SQLite first opens it."""
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        os.makedirs(folder, mode=0o700)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return


def _connect(path: str, patience: float) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=patience, isolation_level=None)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection
