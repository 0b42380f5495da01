"""Where a database lies: find its file, or make it for its owner alone. What is there is never opened."""

import os
from contextlib import suppress

from taskwatch.errors import NotFound, StoreUnusable
from taskwatch.store.address import is_postgres, shown
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
        make_folders(os.path.dirname(os.path.abspath(path)))
        make_private(path)


def make_folders(folder: str) -> None:
    """Missing directories, each for its owner alone: `os.makedirs` would say so of the last one only."""
    if os.path.isdir(folder):
        return
    make_folders(os.path.dirname(folder))
    with suppress(FileExistsError):
        os.mkdir(folder, mode=0o700)


def make_private(path: str) -> None:
    """An empty file that only its owner can read, made before SQLite first opens it; never opens one."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def files_of(path: str) -> list[str]:
    """The file and those SQLite keeps beside it, as far as they are there."""
    return [file for suffix in ("", "-wal", "-shm", "-journal") if os.path.exists(file := path + suffix)]


def live_folder(url: str) -> str:
    """The folder where a database's daemons on this machine are reached.

    It lies beside a file, the same by whatever name that is opened; for a server's, in the state directory.
    """
    if not is_postgres(url):
        return f"{os.path.realpath(url)}.live"
    from hashlib import sha256

    _, _, named = shown(url).replace(":***@", "@").partition("://")
    return os.path.join(_state_folder(), f"{sha256(named.encode()).hexdigest()[:16]}.live")


def _state_folder() -> str:
    """Systemd's for this service, else the user's own."""
    given = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    home = os.environ.get("XDG_STATE_HOME", "")
    home = home if os.path.isabs(home) else os.path.expanduser("~/.local/state")
    return given or os.path.join(home, "taskwatch")
