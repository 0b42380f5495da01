"""Where a SQLite file lies: find it, or make it for its owner alone. What is there is never opened."""

import os
from contextlib import suppress

from taskwatch.errors import NotFound, StoreUnusable
from taskwatch.store.fault import reached


def find_file(path: str, *, create: bool) -> None:
    """Let there be a file at that path, or say why there is none."""
    if os.path.isdir(path):
        raise StoreUnusable(f"{path} is a directory", hint="give the path of a file with --db")
    if os.path.exists(path):
        return
    if not create:
        raise NotFound(f"there is no database at {path}", hint="see taskwatch config path")
    with reached(path):
        _make_folders(os.path.dirname(os.path.abspath(path)))
        make_private(path)


def _make_folders(folder: str) -> None:
    """Missing directories, each for its owner alone: `os.makedirs` would say so of the last one only."""
    if os.path.isdir(folder):
        return
    _make_folders(os.path.dirname(folder))
    with suppress(FileExistsError):
        os.mkdir(folder, mode=0o700)


def make_private(path: str) -> None:
    """An empty file that only its owner can read, made before SQLite first opens it; never opens one."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def files_of(path: str) -> list[str]:
    """The file and those SQLite keeps beside it, as far as they are there."""
    return [file for suffix in ("", "-wal", "-shm", "-journal") if os.path.exists(file := path + suffix)]


def live_folder(path: str) -> str:
    """The folder beside a database where its daemons are reached, the same by whatever name it is opened."""
    return f"{os.path.realpath(path)}.live"
