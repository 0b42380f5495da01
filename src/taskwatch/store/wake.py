"""The wake-up of daemons: whoever commits rings, and the daemons look into the log at once.

Only a hint: it may get lost, a daemon looks by itself from time to time. Without a daemon there is no folder,
and ringing costs a commit next to nothing. A database on a server is rung by the server: see `postgres.wake`.
"""

import os
from typing import TYPE_CHECKING, Protocol

from taskwatch.store.address import is_postgres
from taskwatch.store.place import live_folder

if TYPE_CHECKING:
    import socket

    from taskwatch.store.live import LiveFolder

PREFIX = "wake-"


class Ear(Protocol):
    """Something to wait for by its descriptor: readable after a nudge."""

    def fileno(self) -> int:
        """The descriptor to wait for at present; -1 if there is none."""
        ...

    def drain(self) -> bool:
        """Take every nudge that came; whether there was one, or may have been. Never waits."""
        ...

    def mend(self) -> bool:
        """See to it that it hears, to be called now and then; True if it was deaf: look at once.

        Waits a few seconds at most for whoever rings from elsewhere, and never fails.
        """
        ...

    def close(self) -> None:
        """Hear no more."""
        ...


def nudge(path: str) -> None:
    """Wake every daemon of that file. Never waits and never fails."""
    try:
        names = os.listdir(live_folder(path))
    except OSError:
        return
    if any(name.startswith(PREFIX) for name in names):
        _ring(path)


def listen(url: str) -> Ear | None:
    """An ear for the nudges of all other processes; None where the machine or the folder allows none."""
    if is_postgres(url):
        from taskwatch.store.postgres.wake import PostgresEar

        return PostgresEar(url)
    from taskwatch.store.live import LiveFolder

    try:
        folder = LiveFolder.make(url)
    except OSError:
        return None
    try:
        return LocalEar(folder)
    except OSError:
        folder.close()
        return None


def poll_seconds(url: str) -> float:
    """How often to look without being rung: a server is asked less often, and rings more reliably."""
    return 1.0 if is_postgres(url) else 0.25


class LocalEar:
    """A datagram socket in the folder beside a file."""

    def __init__(self, folder: "LiveFolder") -> None:
        import socket

        self._folder = folder
        self._name = folder.new_name(PREFIX)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            folder.bind(self._socket, self._name)
        except OSError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """The descriptor to wait for, always the same."""
        return self._socket.fileno()

    def drain(self) -> bool:
        """Take every nudge that came; whether there was one. Never waits."""
        heard = False
        try:
            while True:
                self._socket.recv(1)
                heard = True
        except BlockingIOError:
            return heard

    def mend(self) -> bool:
        """It is never deaf."""
        return False

    def close(self) -> None:
        """Hear no more; the socket's file goes, too."""
        self._folder.remove(self._name)
        self._folder.close()
        self._socket.close()


def _ring(url: str) -> None:
    import socket
    from contextlib import closing, suppress

    from taskwatch.store.live import LiveFolder

    with (
        suppress(OSError),
        closing(LiveFolder.open(url)) as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell,
    ):
        bell.setblocking(False)
        for name in folder.names(PREFIX):
            _ring_one(bell, folder, name)


def _ring_one(bell: "socket.socket", folder: "LiveFolder", name: str) -> None:
    try:
        bell.sendto(b"", folder.address(name))
    except ConnectionRefusedError:  # its process is gone without a word
        folder.remove(name)
    except OSError:  # a full queue: that daemon is about to wake anyhow
        return
