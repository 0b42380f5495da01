"""What can be wrong with a SQLite file: the library, the journal, the disk, the rights, the pages."""

import os
import sqlite3
import stat
from collections.abc import Iterator

from taskwatch.store import schema, steps
from taskwatch.store.base import Finding, Level
from taskwatch.store.place import files_of

_SHOWN_FAULTS = 3


def examine(path: str, connection: sqlite3.Connection, *, full: bool) -> Iterator[Finding]:
    """Finding after finding, the library first. The files are looked at by `stat` alone, never opened."""
    yield judge_library(sqlite3.sqlite_version_info, _ask(connection, "PRAGMA journal_mode"))
    yield judge_file_system(path, schema.file_system(path))
    yield from judge_rights(path)
    yield steps.judge(schema.applied(connection))
    yield _judge_pages(connection, full=full)
    yield _judge_references(connection)


def judge_library(version: tuple[int, ...], journal_mode: str) -> Finding:
    """Whether this SQLite may damage a file with this journal."""
    release = ".".join(map(str, version[:3]))
    about = f"SQLite {release}, journal {journal_mode}"
    if not schema.has_wal_reset_bug(version):
        return Finding("sqlite", "ok", about)
    if journal_mode != "wal":
        return Finding("sqlite", "ok", f"{about}: its WAL-reset bug cannot strike")
    fix = "run: taskwatch db migrate --journal truncate, or use a Python with SQLite 3.51.3 or newer"
    message = f"{about}: this release can damage a WAL file that several processes write"
    return Finding("sqlite", "warn", message, fix)


def judge_file_system(path: str, kind: str | None) -> Finding:
    """Whether SQLite's locks hold where the file lies."""
    if kind in schema.NETWORK_FILE_SYSTEMS:
        message = f"{path} lies on a network file system ({kind}), where SQLite's locks do not hold"
        return Finding("file system", "fail", message, "move the database to a local disk")
    return Finding("file system", "ok", kind or "this system does not tell its kind")


def judge_rights(path: str) -> Iterator[Finding]:
    """Who else may read the files and the directory."""
    open_files = [(file, mode) for file in files_of(path) if (mode := _mode(file)) & 0o077]
    for file, mode in open_files:
        level: Level = "fail" if mode & 0o007 else "warn"
        others = "everybody" if mode & 0o007 else "a group"
        yield Finding("rights", level, f"{others} may use {file} (mode {mode:04o})", f"run: chmod 600 {file}")
    folder = os.path.dirname(os.path.abspath(path))
    if (mode := _mode(folder)) & 0o077:
        message = f"others may look into {folder} (mode {mode:04o})"
        yield Finding("rights", "warn", message, f"if nothing else is kept there, run: chmod 700 {folder}")
    elif not open_files:
        yield Finding("rights", "ok", "only the owner may read the files")


def _judge_pages(connection: sqlite3.Connection, *, full: bool) -> Finding:
    check = "integrity_check" if full else "quick_check"
    try:
        faults = [row[0] for row in connection.execute(f"PRAGMA {check}({_SHOWN_FAULTS})")]
    except sqlite3.DatabaseError as error:
        faults = [str(error)]
    if faults == ["ok"]:
        return Finding("integrity", "ok", f"{check} finds nothing")
    return Finding("integrity", "fail", "; ".join(faults), "restore a backup")


def _judge_references(connection: sqlite3.Connection) -> Finding:
    try:
        tables = sorted({row[0] for row in connection.execute("PRAGMA foreign_key_check")})
    except sqlite3.DatabaseError as error:
        return Finding("references", "fail", str(error), "restore a backup")
    if not tables:
        return Finding("references", "ok", "every reference leads somewhere")
    message = f"rows refer to what is gone, in {', '.join(tables)}"
    return Finding("references", "fail", message, "restore a backup")


def _mode(path: str) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


def _ask(connection: sqlite3.Connection, sql: str) -> str:
    answer: str = connection.execute(sql).fetchone()[0]
    return answer
