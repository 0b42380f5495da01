"""The wake-up of daemons through the server: an empty NOTIFY after a commit, heard by its own connection.

Only a hint: it may get lost, a daemon looks by itself from time to time. The server lets one NOTIFY pass at a
time, whatever its database. So a process sends one at a time, for all of its threads that wait for it.
"""

import threading
import time
from functools import cache

import psycopg

from taskwatch.errors import TaskwatchError
from taskwatch.store.postgres.connection import Connection, connect

CHANNEL = "taskwatch"
NUDGE = f"NOTIFY {CHANNEL}"
LISTEN = f"LISTEN {CHANNEL}"
HEARTBEAT_SECONDS = 5.0
PATIENCE = 2.0
REST_SECONDS = 1.0
LONGEST_TURN = 1.0


def nudge(url: str, connection: Connection) -> None:
    """Wake every daemon of that database, by a connection of the caller's. Never fails."""
    _bell(url).ring(connection)


class _Bell:
    """Rings once for everybody in this process who asked before it began."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._counting = threading.Lock()
        self._asked = 0
        self._rung = 0

    def ring(self, connection: Connection) -> None:
        with self._counting:
            self._asked += 1
            mine = self._asked
        if not self._turn.acquire(timeout=LONGEST_TURN):  # who rings is stuck: it was only a hint
            return
        try:
            if self._rung < mine:
                everybody = self._asked
                connection.execute(NUDGE)
                self._rung = everybody
        except psycopg.Error:  # what was to be done is done
            return
        finally:
            self._turn.release()


@cache
def _bell(url: str) -> _Bell:
    del url
    return _Bell()


class PostgresEar:
    """Hears nudges by a connection of its own, which is made anew when it was lost. Of one thread."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Connection | None = None
        self._next_look = 0.0

    def fileno(self) -> int:
        """The descriptor to wait for; -1 while there is no connection."""
        return self._connection.fileno() if self._connection else -1

    def drain(self) -> bool:
        """Take every nudge that came; whether there was one, or the connection is lost."""
        try:
            return bool(self._connection and list(self._connection.notifies(timeout=0)))
        except psycopg.Error:
            self.close()
            self._next_look = 0.0
            return True

    def mend(self) -> bool:
        """Connect if need be, and from time to time ask whether the server is still there."""
        if time.monotonic() < self._next_look:
            return False
        if self._connection and self._is_alive(self._connection):
            return self.drain()
        self.close()
        return self._connect()

    def close(self) -> None:
        """Hear no more."""
        connection, self._connection = self._connection, None
        if connection:
            connection.close()

    def _is_alive(self, connection: Connection) -> bool:
        self._next_look = time.monotonic() + HEARTBEAT_SECONDS
        try:
            connection.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def _connect(self) -> bool:
        try:
            self._connection = listening(self._url, LISTEN)
        except (psycopg.Error, TaskwatchError):
            self._next_look = time.monotonic() + REST_SECONDS
            return False
        self._next_look = time.monotonic() + HEARTBEAT_SECONDS
        return True


def listening(url: str, how: str) -> Connection:
    """A connection that hears a channel; raises psycopg.Error."""
    connection = connect(url, PATIENCE)
    try:
        connection.execute(how)
    except BaseException:
        connection.close()
        raise
    return connection
