"""SQLite's faults as sentences: what happened to the file, and what to do about it."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from taskwatch.errors import Forbidden, StoreUnusable, TaskwatchError, Unavailable

_FAULTS: dict[int, tuple[type[TaskwatchError], str, str]] = {
    5: (
        Unavailable,
        "another process holds the database {path}",
        "try again, or find it with: fuser -v {path}",
    ),
    6: (Unavailable, "another connection holds the database {path}", "try again"),
    8: (Forbidden, "the database {path} is read-only", "check the rights of the file and its directory"),
    10: (Unavailable, "reading or writing {path} failed", "check the disk, then run: taskwatch doctor"),
    11: (StoreUnusable, "the database {path} is damaged", "restore a backup; see taskwatch doctor"),
    13: (Unavailable, "no room to write {path}: the disk is full", "free some space; nothing was changed"),
    14: (Forbidden, "the database {path} cannot be opened", "check the path and its rights"),
    15: (Unavailable, "another process changed {path} meanwhile", "try again"),
    23: (Forbidden, "the database {path} may not be used", "check the rights of the file"),
    26: (StoreUnusable, "{path} is not a SQLite database", "give another path with --db"),
}
_RIGHTS = (Forbidden, "check the rights of the directory")
_PATH = (StoreUnusable, "check the path given by --db")
_REFUSALS: dict[int, tuple[type[TaskwatchError], str]] = {
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EROFS: _RIGHTS,
    errno.ENOENT: _PATH,
    errno.ENOTDIR: _PATH,
    errno.EISDIR: _PATH,
    errno.ENAMETOOLONG: _PATH,
    errno.ELOOP: _PATH,
    errno.ENOSPC: (Unavailable, "free some space; nothing was changed"),
    errno.EDQUOT: (Unavailable, "free some space; nothing was changed"),
}


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Turn SQLite's errors into taskwatch's own. Others pass: they are not the database's."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _fault(error, path) from error


@contextmanager
def reached(path: str) -> Iterator[None]:
    """Turn the system's refusals to make, find or replace a file into taskwatch's own errors."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        kind, hint = _REFUSALS.get(error.errno or 0, (Unavailable, "check the disk"))
        raise kind(f"{path}: {reason[:1].lower()}{reason[1:]}", hint=hint) from error


def _fault(error: sqlite3.DatabaseError, path: str) -> Exception:
    code = getattr(error, "sqlite_errorcode", 1) & 0xFF
    if code not in _FAULTS:
        return error
    kind, message, hint = _FAULTS[code]
    return kind(message.format(path=path), hint=hint.format(path=path))
