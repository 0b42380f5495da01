"""Making and upgrading the database, by sqlite-utils' migrations: the cold path."""

import os
import secrets
import sqlite3

from taskwatch.errors import Unavailable
from taskwatch.store import steps
from taskwatch.store.base import APPLICATION_ID
from taskwatch.store.steps import Half

NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph"}
WAL_RESET_FIXED = ((3, 51, 3), (3, 50, 7), (3, 44, 6))


def migrate(connection: sqlite3.Connection, until: Half) -> list[str]:
    """Apply what is missing, in one transaction; the names of the steps applied.

    Raises:
        Unavailable: the file lies on a network file system, where SQLite's locks do not hold.
    """
    _refuse_network(connection)
    if is_empty(connection):
        connection.execute(f"PRAGMA journal_mode = {journal_mode()}")
    connection.execute("BEGIN IMMEDIATE")
    try:
        due = steps.due(applied(connection), "post" if is_empty(connection) else until)
        _apply(connection, due)
        connection.execute(
            "INSERT INTO meta VALUES ('epoch', ?) ON CONFLICT DO NOTHING", (secrets.token_hex(4),)
        )
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {steps.stage(applied(connection)).pre}")
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise
    return [step.name for step in due]


def applied(connection: sqlite3.Connection) -> list[str]:
    """The steps that a database remembers."""
    there = connection.execute("SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'").fetchone()
    return [row[0] for row in connection.execute("SELECT name FROM _sqlite_migrations")] if there else []


def is_empty(connection: sqlite3.Connection) -> bool:
    """No table has been made yet."""
    tables: int = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return tables == 0


def has_wal_reset_bug(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    """SQLite 3.7.0 to 3.51.2 can damage a WAL file when processes write and checkpoint at once."""
    return not any(version >= fixed and version[:2] == fixed[:2] for fixed in WAL_RESET_FIXED) and (
        version < WAL_RESET_FIXED[0]
    )


def journal_mode() -> str:
    """WAL where the library is sound, else TRUNCATE: slower, and as durable."""
    return "TRUNCATE" if has_wal_reset_bug() else "WAL"


def file_system(path: str) -> str | None:
    """The kind of file system a path lies on; None where the system does not tell."""
    try:
        with open("/proc/mounts", encoding="utf-8", errors="replace") as mounts:
            points = [line.split()[1:3] for line in mounts]
    except OSError:
        return None
    real = os.path.realpath(path)
    inside = [(point, kind) for point, kind in points if os.path.commonpath([real, point]) == point]
    return max(inside, key=lambda found: len(found[0]))[1] if inside else None


def _refuse_network(connection: sqlite3.Connection) -> None:
    path = connection.execute("PRAGMA database_list").fetchone()[2]
    kind = file_system(path) if path else None
    if kind in NETWORK_FILE_SYSTEMS:
        raise Unavailable(
            f"{path} lies on a network file system ({kind}), where SQLite's locks do not hold",
            hint="put the database on a local disk",
        )


def _apply(connection: sqlite3.Connection, due: list[steps.Step]) -> None:
    from sqlite_utils import Database, Migrations

    migrations = Migrations("taskwatch")

    def register(step: steps.Step) -> None:
        @migrations(name=step.name)
        def apply(database: Database) -> None:
            for statement in _statements(step.script()):
                database.execute(statement)

    for step in due:
        register(step)
    migrations.apply(Database(connection, recursive_triggers=False))


def _statements(script: str) -> list[str]:
    """The single statements: `executescript` would commit the transaction around them."""
    found, statement = [], ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            found.append(statement)
            statement = ""
    return found
