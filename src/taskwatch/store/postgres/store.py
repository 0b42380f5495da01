"""PostgreSQL as a store: transactions, the fence behind which the log is complete, and locks.

An event's number is given out before its transaction commits, so a reader could pass a number that becomes
visible later. Hence the fence: who writes holds a lock together with all other writers, so that readers know
whom to wait for; see `horizon`.

A write holds the fence alone unless it says `concurrent`: then others write at the same time, and it locks or
guards what it depends on.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

import psycopg

from taskwatch.errors import Unavailable
from taskwatch.store.address import shown
from taskwatch.store.base import BrokenRow, Record, half_a_character
from taskwatch.store.postgres.connection import Connection, connect
from taskwatch.store.postgres.fault import fault, translated
from taskwatch.store.postgres.horizon import Horizon
from taskwatch.store.postgres.questions import question
from taskwatch.store.postgres.wake import nudge

if TYPE_CHECKING:
    from taskwatch.store.base import Upkeep

FENCE = 0x7461_736B_6665_6E63  # "taskfenc"
# So many rows are sent at once: each time has to be answered while there is patience.
BATCH = 1_000
_BREAKS = (psycopg.IntegrityError, psycopg.DataError, UnicodeEncodeError)
READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
WRITE_ALONE = f"BEGIN; SELECT pg_advisory_xact_lock({FENCE})"
WRITE_AMONG_OTHERS = f"BEGIN; SELECT pg_advisory_xact_lock_shared({FENCE})"


class PostgresTx:
    """A transaction on one connection. `alone`: nobody else writes as long as it is open."""

    def __init__(self, connection: Connection, *, alone: bool) -> None:
        self.alone = alone
        self.has_changed = False
        self._connection = connection

    def one(self, record: type[Record], name: str, /, **values: Any) -> Record | None:
        """The first row as a record, or None."""
        row = self._execute(name, values).fetchone()
        return None if row is None else getattr(record, "_make", record)(row)

    def all(self, record: type[Record], name: str, /, **values: Any) -> list[Record]:
        """Every row as a record."""
        make = getattr(record, "_make", record)
        return [make(row) for row in self._execute(name, values)]

    def stream(self, record: type[Record], name: str, /, **values: Any) -> Iterator[Record]:
        """Row after row, by a cursor of the server's."""
        make = getattr(record, "_make", record)
        with self._connection.cursor("stream") as cursor:
            cursor.itersize = 2_000
            for row in cursor.execute(question(name), values):
                yield make(row)

    def value(self, name: str, /, **values: Any) -> Any:
        """The first column of the first row, or None."""
        row = self._execute(name, values).fetchone()
        return None if row is None else row[0]

    def run(self, name: str, /, **values: Any) -> int:
        """Change rows; how many were changed."""
        self.has_changed = True
        return self._execute(name, values).rowcount

    def many(self, name: str, rows: Iterable[Mapping[str, Any] | tuple[Any, ...]]) -> None:
        """Run one question for each of many rows, without waiting for each answer.

        Raises:
            BrokenRow: one of them cannot be kept.
        """
        self.has_changed = True
        first, rows = 0, iter(rows)
        while batch := list(islice(rows, BATCH)):
            self._send(question(name), batch, first)
            first += len(batch)

    def _send(self, sql: str, batch: list[Any], first: int) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute("SAVEPOINT batch")
            try:
                cursor.executemany(sql, batch)
            except _BREAKS as error:
                cursor.execute("ROLLBACK TO batch")
                number, cause = _find_broken(cursor, sql, batch) or (0, error)
                cursor.execute("ROLLBACK TO batch")
                raise BrokenRow(first + number, _rule(cause)) from cause
            cursor.execute("RELEASE batch")

    def _execute(self, name: str, values: Mapping[str, Any]) -> "psycopg.Cursor[Any]":
        try:
            return self._connection.execute(question(name), values)
        except UnicodeEncodeError as error:
            raise half_a_character() from error


class PostgresStore:
    """A database on a server. Not to be shared between threads. A connection that was lost is made anew."""

    def __init__(self, url: str, connection: Connection, patience: float) -> None:
        self.url = url
        self.steps: list[str] = []
        self.kept = 0
        self._connection = connection
        self._patience = patience
        self._horizon = Horizon()

    @classmethod
    def open(cls, url: str, *, create: bool, patience: float) -> "PostgresStore":
        """Connect; make or upgrade the schema when `create`.

        Raises:
            Unavailable, Forbidden, StoreUnusable: see `open_store`.
        """
        with translated(url):
            store = cls(url, connect(url, patience), patience)
            try:
                store._prepare(migrate=create)
            except BaseException:
                store.close()
                raise
            return store

    @property
    def connection(self) -> Connection:
        """The connection, made anew when it was lost."""
        if self._connection.closed or self._connection.broken:
            self._connection = connect(self.url, self._patience)
            self._horizon = Horizon()
        return self._connection

    @contextmanager
    def read(self) -> Iterator[PostgresTx]:
        """A transaction that sees one snapshot."""
        with translated(self.url):
            connection = self._begin(READ)
            try:
                yield PostgresTx(connection, alone=False)
            finally:
                _roll_back(connection)

    @contextmanager
    def snapshot(self) -> Iterator[PostgresTx]:
        """The same: a snapshot holds nobody up here."""
        with translated(self.url), self.connection.at_leisure(), self.read() as tx:
            yield tx

    @contextmanager
    def sandbox(self) -> Iterator[PostgresTx]:
        """A transaction on a private copy, by a connection of its own."""
        from taskwatch.store.postgres.sandbox import sandbox

        with translated(self.url), sandbox(self.url, self._patience) as connection:
            yield PostgresTx(connection, alone=True)

    @contextmanager
    def write(self, *, dry_run: bool = False, concurrent: bool = False) -> Iterator[PostgresTx]:
        """A transaction that is kept when the block ends well; see the head of this file."""
        with translated(self.url):
            connection = self._begin(WRITE_AMONG_OTHERS if concurrent else WRITE_ALONE)
            tx = PostgresTx(connection, alone=not concurrent)
            try:
                yield tx
                if dry_run:
                    connection.execute("ROLLBACK")
                else:
                    self.kept += tx.has_changed
                    self._commit(connection)
            except BaseException:
                _roll_back(connection)
                raise
            if tx.has_changed and not dry_run:
                # A hint after the fact: in the transaction it would queue every commit.
                nudge(self.url, connection)

    def horizon(self) -> int:
        """The seq up to which the log is complete; as far as is known when a writer does not end soon.

        Raises:
            Unavailable: nothing is known yet, and a writer does not end.
        """
        with translated(self.url):
            connection = self.connection
            return self._horizon.look(connection, self._patience)

    def now(self) -> int:
        """The server's time in ms UTC: all machines go by it."""
        with translated(self.url):
            row = self.connection.execute(question("clock.now")).fetchone()
            return int(row[0]) if row else 0

    def upkeep(self) -> "Upkeep":
        """What takes care of the database."""
        from taskwatch.store.postgres.upkeep import PostgresUpkeep

        return PostgresUpkeep(self)

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _begin(self, how: str) -> Connection:
        connection = self.connection
        try:
            connection.execute(how)
        except psycopg.Error:
            _roll_back(connection)
            if not connection.closed:
                raise
            # It was lost while nobody used it: nothing has happened yet.
            connection = self.connection
            connection.execute(how)
        return connection

    def _commit(self, connection: Connection) -> None:
        try:
            connection.execute("COMMIT")
        except psycopg.OperationalError as error:
            if error.sqlstate is not None and not connection.closed:
                raise
            raise Unavailable(
                f"the connection to {shown(self.url)} ended while a change was kept: it may stand or not",
                hint="run it again with the same --idempotency-key, or look before you run it again",
            ) from error

    def _prepare(self, *, migrate: bool) -> None:
        from taskwatch.store.postgres import schema

        self.steps = schema.prepare(self._connection, self.url, migrate=migrate)


def _find_broken(
    cursor: "psycopg.Cursor[Any]", sql: str, batch: list[Any]
) -> tuple[int, psycopg.Error | UnicodeEncodeError] | None:
    """Send them one by one, to find the one that breaks a rule."""
    for number, row in enumerate(batch):
        try:
            cursor.execute(sql, row)
        except _BREAKS as error:
            return number, error
    return None


def _rule(error: psycopg.Error | UnicodeEncodeError) -> str:
    told = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    return told or str(error)


def _roll_back(connection: Connection) -> None:
    if connection.closed:
        return
    try:
        connection.execute("ROLLBACK")
    except psycopg.Error:
        connection.close()


__all__ = ["PostgresStore", "PostgresTx", "fault"]
