"""A private copy to play in: what a forecast writes is seen by nobody, locks nothing and is not kept.

Temporary tables stand before the real ones of the same name. The server itself lets the rest be read only.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from taskwatch.store.postgres.connection import Connection, connect
from taskwatch.store.postgres.place import SCHEMA

# What planning and alerting write, with the column that counts by itself.
_COPIED = {
    "meta": None,
    "tasks": "id",
    "ledger": "id",
    "alerts": None,
    "events": "seq",
    "notifications": "id",
    "deliveries": "id",
}
# Of the log only what is not planned yet.
_PART = {
    "events": f"WHERE seq = (SELECT max(seq) FROM {SCHEMA}.events) OR seq > (SELECT coalesce(max(CAST("
    "split_part(value, '-', 2) AS BIGINT)), 0) FROM meta WHERE name = 'planned')"
}


@contextmanager
def sandbox(url: str, patience: float) -> Iterator[Connection]:
    """A connection of its own in one transaction on such a copy; its end undoes everything.

    Raises:
        psycopg.Error: see `fault`.
    """
    with closing(connect(url, patience)) as connection, connection.at_leisure():
        try:
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            _fill(connection)
            connection.execute("SET TRANSACTION READ ONLY")
            yield connection
        finally:
            if not connection.closed:
                connection.execute("ROLLBACK")


def _fill(connection: Connection) -> None:
    # Read before the copies stand there, it names the tables as questions do.
    [view] = connection.execute("SELECT pg_get_viewdef('task_record'::regclass)").fetchone() or [""]
    for table, counter in _COPIED.items():
        _copy(connection, table, counter)
    connection.execute(f"CREATE TEMPORARY VIEW task_record AS {view}".encode())


def _copy(connection: Connection, table: str, counter: str | None) -> None:
    like = "INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES"
    rows = f"SELECT * FROM {SCHEMA}.{table} {_PART.get(table, '')}"
    connection.execute(f"CREATE TEMPORARY TABLE {table} (LIKE {SCHEMA}.{table} {like})".encode())
    connection.execute(f"INSERT INTO pg_temp.{table} {rows}".encode())
    if counter:
        connection.execute(
            f"SELECT setval(pg_get_serial_sequence('pg_temp.{table}', '{counter}'), last_value, is_called)"
            f" FROM {SCHEMA}.{table}_{counter}_seq".encode()
        )
