"""SQLite by the standard library: the embedded engine.

Every write opens with BEGIN IMMEDIATE, since a transaction that reads first and writes later fails under
contention without waiting. The live file is never opened by path, which would drop SQLite's locks.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from typing import TYPE_CHECKING, Any

from taskwatch import clock
from taskwatch.errors import StoreUnusable
from taskwatch.store import base
from taskwatch.store.base import APPLICATION_ID, EVERYTHING, BrokenRow, Record, half_a_character
from taskwatch.store.fault import translated
from taskwatch.store.place import find_file
from taskwatch.store.queries import question
from taskwatch.store.wake import nudge

if TYPE_CHECKING:
    from taskwatch.store.base import Upkeep

BREATH = 0.001  # seconds between two attempts to begin


class SqliteTx:
    """A transaction on one connection."""

    alone = True

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def one(self, record: type[Record], name: str, /, **values: Any) -> Record | None:
        """The first row as a record, or None."""
        rows = self.all(record, name, **values)
        return rows[0] if rows else None

    def all(self, record: type[Record], name: str, /, **values: Any) -> list[Record]:
        """Every row as a record. Fetched whole: an unfinished cursor would hold the snapshot open."""
        make = getattr(record, "_make", record)
        return [make(row) for row in self._execute(name, values).fetchall()]

    def stream(self, record: type[Record], name: str, /, **values: Any) -> Iterator[Record]:
        """Row after row."""
        make = getattr(record, "_make", record)
        return (make(row) for row in self._execute(name, values))

    def value(self, name: str, /, **values: Any) -> Any:
        """The first column of the first row, or None."""
        rows = self._execute(name, values).fetchall()
        return rows[0][0] if rows else None

    def run(self, name: str, /, **values: Any) -> int:
        """Change rows; how many were changed."""
        return self._execute(name, values).rowcount

    def many(self, name: str, rows: Iterable[Mapping[str, Any] | tuple[Any, ...]]) -> None:
        """Run one question for each of many rows."""
        number = 0

        def counted() -> Iterator[Mapping[str, Any] | tuple[Any, ...]]:
            nonlocal number
            for number, row in enumerate(rows):  # noqa: B007 - the row at which SQLite stops reading is at fault
                yield row

        try:
            self._connection.executemany(question(name), counted())
        except (sqlite3.IntegrityError, sqlite3.DataError, UnicodeEncodeError) as error:
            raise BrokenRow(number, str(error)) from error

    def _execute(self, name: str, values: Mapping[str, Any]) -> sqlite3.Cursor:
        try:
            return self._connection.execute(question(name), values)
        except UnicodeEncodeError as error:
            raise half_a_character() from error


class SqliteStore:
    """A SQLite file. Not to be shared between threads, nor carried over a fork."""

    def __init__(self, url: str, connection: sqlite3.Connection, patience: float) -> None:
        self.url = url
        self.connection = connection
        self._patience = patience
        self.steps: list[str] = []
        self.kept = 0

    @classmethod
    def open(cls, path: str, *, create: bool, patience: float) -> "SqliteStore":
        """Open a file; make or upgrade it when `create`.

        Raises:
            NotFound: there is no such file, and it may not be made.
            StoreUnusable, Unavailable, Forbidden: see `open_store`.
        """
        find_file(path, create=create)
        with translated(path):
            store = cls(path, _connect(path, patience), patience)
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
    def snapshot(self) -> Iterator[SqliteTx]:
        """A private copy: without WAL a long read would hold up every writer, a copy takes milliseconds.

        SQLite keeps it in memory or in an unnamed file of its temporary directory.
        """
        with translated(self.url), closing(sqlite3.connect("", isolation_level=None)) as copy:
            with self.read() as tx:
                tx.value("events.epoch")  # takes the snapshot, with the usual patience
                self.connection.backup(copy)
            yield SqliteTx(copy)

    def sandbox(self) -> AbstractContextManager[SqliteTx]:
        """The same: a copy may be written."""
        return self.snapshot()

    @contextmanager
    def write(self, *, dry_run: bool = False, concurrent: bool = False) -> Iterator[SqliteTx]:
        """A transaction that waits for its turn at once, and is kept when all went well; always alone."""
        del concurrent
        with translated(self.url):
            self._await_turn()
            rows_before = self.connection.total_changes
            try:
                yield SqliteTx(self.connection)
                self.kept += not dry_run
                self.connection.execute("ROLLBACK" if dry_run else "COMMIT")
            except BaseException:
                self.connection.rollback()
                raise
            if not dry_run and self.connection.total_changes != rows_before:
                nudge(self.url)

    def horizon(self) -> int:
        """All there is: writers come one after the other, so that what can be read is complete."""
        return EVERYTHING

    def now(self) -> int:
        """This machine's time: nobody else uses the file."""
        return clock.now()

    def upkeep(self) -> "Upkeep":
        """What takes care of the file."""
        from taskwatch.store.upkeep import SqliteUpkeep

        return SqliteUpkeep(self.url, self.connection)

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def _await_turn(self) -> None:
        """Begin to write. SQLite itself asks again ever less often, up to 100 ms apart, and so may starve."""
        deadline = clock.monotonic() + self._patience
        self.connection.execute("PRAGMA busy_timeout = 0")
        try:
            while not self._begin(last=clock.monotonic() >= deadline):
                clock.sleep(BREATH)
        finally:
            self.connection.execute(f"PRAGMA busy_timeout = {int(self._patience * 1000)}")

    def _begin(self, *, last: bool) -> bool:
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if last or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            return False
        return True

    def _prepare(self, *, migrate: bool) -> None:
        if self._identity() != (APPLICATION_ID, base.SCHEMA_VERSION):
            self._upgrade(migrate=migrate)
        if self.connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            self.connection.execute("PRAGMA journal_mode = TRUNCATE")

    def _identity(self) -> tuple[int, int]:
        application = self.connection.execute("PRAGMA application_id").fetchone()[0]
        return application, self.connection.execute("PRAGMA user_version").fetchone()[0]

    def _upgrade(self, *, migrate: bool) -> None:
        from taskwatch.store import schema, steps

        with self.read():  # one snapshot: another process may be making the database at this moment
            (application, version), empty = self._identity(), schema.is_empty(self.connection)
        if application != APPLICATION_ID and not empty:
            raise StoreUnusable(
                f"{self.url} is a SQLite file of another program", hint="give another path with --db"
            )
        reached = steps.Stage(version, steps.stage(schema.applied(self.connection)).post)
        if steps.is_ready(reached, self.url):
            return
        if not migrate:
            raise StoreUnusable(f"{self.url} has an older schema", hint="run: taskwatch db migrate")
        self.steps = schema.migrate(self.connection, "pre")


def _connect(path: str, patience: float) -> sqlite3.Connection:
    # An absolute path, as SQLite takes `:memory:` for something else.
    connection = sqlite3.connect(os.path.abspath(path), timeout=patience, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return connection
