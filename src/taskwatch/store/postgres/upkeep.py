"""The care of a database on a server: describe it, finish a migration, let a role in, give space back."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from psycopg import sql

from taskwatch import clock
from taskwatch.errors import InvalidInput, StoreClosed, Unavailable
from taskwatch.store import steps
from taskwatch.store.address import shown
from taskwatch.store.base import Description, Finding
from taskwatch.store.postgres import schema
from taskwatch.store.postgres.fault import translated
from taskwatch.store.postgres.place import SCHEMA
from taskwatch.store.postgres.questions import question

if TYPE_CHECKING:
    from taskwatch.store.postgres.store import PostgresStore

# What a daemon does: it reads and writes rows, and the counters of their ids; the schema is not its own.
# A forecast plays in temporary tables.
_GRANTS = (
    "GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {role};",
    "GRANT USAGE ON SCHEMA {schema} TO {role};",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role};",
    "REVOKE INSERT, UPDATE, DELETE ON {schema}.steps FROM {role};",
    "GRANT SELECT, USAGE, UPDATE ON ALL SEQUENCES IN SCHEMA {schema} TO {role};",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, USAGE, UPDATE ON SEQUENCES TO {role};",
)


class PostgresUpkeep:
    """Takes care of the database of a store."""

    def __init__(self, store: "PostgresStore") -> None:
        self._store = store
        self._url = store.url

    def describe(self) -> Description:
        """Engine, place, size of the tables with their indexes, and versions."""
        with translated(self._url):
            connection = self._store.connection
            version = connection.info.parameter_status("server_version") or "unknown"
            stage = steps.stage(schema.remembered(connection))
            return Description(
                "PostgreSQL", version, shown(self._url), self._ask("server.size")[0], stage.pre, None
            )

    def examine(self, *, full: bool = False) -> Iterator[Finding]:
        """What could go wrong with the server, the role, the way to it and the rows."""
        from taskwatch.store.postgres.examination import examine

        with translated(self._url):
            before = clock.now()
            now, after = self._store.now(), clock.now()
            yield from examine(self._store.connection, full=full)
            yield from _judge_log(self._store)
            yield _judge_clock(now - (before + after) // 2)

    def backup(self, target: str, *, force: bool = False, told: Callable[[int, int], None]) -> int:
        """Nothing: the server has better tools."""
        del force, told
        name = os.path.splitext(os.path.basename(target))[0] or "taskwatch"
        raise InvalidInput(
            "a PostgreSQL database is backed up by PostgreSQL's own tools",
            hint=f"run: pg_dump --format=custom --schema={SCHEMA} --file={name}.dump '{shown(self._url)}'",
        )

    def migrate(self) -> list[str]:
        """Apply both halves of every step."""
        with translated(self._url):
            return schema.upgrade(self._store.connection, self._url, "post")

    def grants(self, role: str) -> list[str]:
        """What its owner runs; who is granted already is granted again."""
        with translated(self._url):
            connection = self._store.connection
            names = {
                "database": sql.Identifier(connection.info.dbname),
                "schema": sql.Identifier(SCHEMA),
                "role": sql.Identifier(role),
            }
            return [sql.SQL(grant).format(**names).as_string(connection) for grant in _GRANTS]

    def at_leisure(self) -> AbstractContextManager[None]:
        """Without the server's limits and this side's own; locks are still waited for in patience only."""
        return self._store.connection.at_leisure()

    def others(self) -> int:
        """Connections of taskwatch to the same database, from whatever machine."""
        with translated(self._url):
            count: int = self._ask("server.others")[0]
            return count

    def set_journal(self, mode: str) -> str:
        """Nothing: a server keeps a log of its own."""
        raise InvalidInput(f"PostgreSQL has no journal {mode!r} to choose", hint="leave out --journal")

    def vacuum(self) -> None:
        """Give dead rows' space back to the tables, and count anew for the planner; others go on meanwhile.

        Raises:
            StoreClosed: only their owner may.
        """
        with translated(self._url):
            connection = self._store.connection
            tables = connection.execute(question("server.tables")).fetchall()
            if not all(owned for _, owned in tables):
                raise StoreClosed(
                    f"only the owner of the tables at {shown(self._url)} may vacuum them",
                    hint="leave it to autovacuum, or run it as the owner",
                )
            with connection.at_leisure():
                for name, _ in tables:
                    connection.execute(f'VACUUM (ANALYZE) {SCHEMA}."{name}"')

    def _ask(self, name: str) -> tuple[Any, ...]:
        row = self._store.connection.execute(question(name)).fetchone()
        return row or (None,)


def _judge_log(store: "PostgresStore") -> Iterator[Finding]:
    with store.read() as tx:
        last = tx.value("events.last")
    try:
        behind = last - store.horizon()
    except Unavailable as error:
        yield Finding("log", "warn", error.message, error.hint)
        return
    if behind <= 0:
        yield Finding("log", "ok", f"complete up to {last}")
        return
    message = f"the last {behind} events wait behind a change that has not ended"
    yield Finding("log", "warn", message, "look again; if it stays, see the finding on transactions")


def _judge_clock(offset_ms: int) -> Finding:
    message = f"this machine's clock is {abs(offset_ms) / 1000:.1f} s from the server's"
    if abs(offset_ms) <= 2_000:
        return Finding("server clock", "ok", message)
    return Finding("server clock", "warn", message, "let NTP set both; the server's is the one that counts")
