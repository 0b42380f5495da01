"""The care of a SQLite file: describe it, copy it, switch its journal, give space back."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from typing import Any

from taskwatch.errors import Conflict, InvalidInput, StoreUnusable, Unavailable
from taskwatch.store import schema
from taskwatch.store.base import APPLICATION_ID, Description, Finding
from taskwatch.store.fault import reached, translated
from taskwatch.store.place import files_of, make_private

_PAGES_PER_STEP = 1024


class SqliteUpkeep:
    """Takes care of the file behind one connection."""

    def __init__(self, path: str, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection

    def describe(self) -> Description:
        """Engine, place, size (with what waits in the journal) and versions."""
        with translated(self._path):
            version, mode = self._ask("PRAGMA user_version"), self._ask("PRAGMA journal_mode")
        path = os.path.abspath(self._path)
        size = sum(os.stat(file).st_size for file in files_of(path))
        return Description("SQLite", sqlite3.sqlite_version, path, size, version, mode)

    def examine(self, *, full: bool = False) -> Iterator[Finding]:
        """What could go wrong with the library, the file system, the rights and the pages."""
        from taskwatch.store.examination import examine

        with translated(self._path):
            yield from examine(self._path, self._connection, full=full)

    def backup(self, target: str, *, force: bool = False, told: Callable[[int, int], None]) -> int:
        """Copy one snapshot by SQLite's backup API beside the target, verify it, then move it there."""
        _check_target(self._path, target, force=force)
        part = f"{target}.part"
        try:
            with reached(target), translated(target):
                make_private(part)
                self._copy(part, told)
                os.replace(part, target)
                return os.stat(target).st_size
        finally:
            for file in files_of(part):
                os.unlink(file)

    def migrate(self) -> list[str]:
        """Apply both halves of every step."""
        with translated(self._path):
            return schema.migrate(self._connection, "post")

    def grants(self, role: str) -> list[str]:
        """None: the rights of the file say who may use it."""
        del role
        raise InvalidInput(
            "SQLite has no roles: the rights of the file say who may use it",
            hint="name a PostgreSQL database with --db",
        )

    def at_leisure(self) -> AbstractContextManager[None]:
        """Nothing to do: a transaction may last."""
        return nullcontext()

    def others(self) -> int:
        """Nobody that SQLite knew of."""
        return 0

    def set_journal(self, mode: str) -> str:
        """Switch between `wal` and `truncate`; the file remembers the first, and opening it the second."""
        wanted = schema.journal_mode().lower() if mode == "auto" else mode
        with translated(self._path):
            present: str = self._ask(f"PRAGMA journal_mode = {wanted}")
        if present != wanted:
            raise Unavailable(
                f"the journal of {self._path} stays {present}", hint="stop what uses it, then try again"
            )
        return present

    def vacuum(self) -> None:
        """Write the file anew without its gaps."""
        with translated(self._path):
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _copy(self, part: str, told: Callable[[int, int], None]) -> None:
        with closing(sqlite3.connect(part, isolation_level=None)) as copy:
            # An open snapshot: otherwise every commit of another process starts the copy from its beginning.
            self._connection.execute("BEGIN")
            try:
                self._ask("SELECT count(*) FROM sqlite_master")
                self._connection.backup(
                    copy,
                    pages=_PAGES_PER_STEP,
                    progress=lambda _status, left, total: told(total - left, total),
                )
            finally:
                self._connection.rollback()
            copy.execute("PRAGMA journal_mode = DELETE")
            _verify(copy, part)

    def _ask(self, sql: str) -> Any:
        return self._connection.execute(sql).fetchone()[0]


def _check_target(path: str, target: str, *, force: bool) -> None:
    with suppress(OSError):
        if os.path.samefile(path, target):
            raise InvalidInput(f"{target} is the database itself", hint="name another file")
    if os.path.isdir(target):
        raise InvalidInput(f"{target} is a directory", hint="name a file")
    if os.path.exists(target) and not force:
        raise Conflict(f"{target} is there already", hint="replace it with --force, or name another file")


def _verify(copy: sqlite3.Connection, path: str) -> None:
    marked = copy.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    verdict = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if not marked or verdict != "ok":
        raise StoreUnusable(f"the copy {path} is not sound: {verdict}", hint="run: taskwatch doctor --full")
