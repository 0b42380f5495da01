"""SQLite's faults as sentences: what happened to the file, and what to do about it."""

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
    23: (Forbidden, "the database {path} may not be used", "check the rights of the file"),
    26: (StoreUnusable, "{path} is not a SQLite database", "give another path with --db"),
}


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Turn SQLite's and the system's errors into taskwatch's own."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _fault(error, path) from error
    except PermissionError as error:
        raise Forbidden(f"{path} may not be opened", hint="check the rights of the directory") from error
    except OSError as error:
        raise Unavailable(
            f"{path}: {error.strerror or error}", hint="check the path given by --db"
        ) from error


def _fault(error: sqlite3.DatabaseError, path: str) -> Exception:
    code = getattr(error, "sqlite_errorcode", 1) & 0xFF
    if code not in _FAULTS:
        return error
    kind, message, hint = _FAULTS[code]
    return kind(message.format(path=path), hint=hint.format(path=path))
