"""The line on which the processes that share a database talk: NOTIFY with payloads, by its own connection."""

import psycopg

from taskwatch.store.postgres.connection import Connection
from taskwatch.store.postgres.fault import translated
from taskwatch.store.postgres.wake import listening

CHANNEL = "taskwatch_bus"
LISTEN = f"LISTEN {CHANNEL}"
# All texts or none, in this order.
SAY = f"SELECT pg_notify('{CHANNEL}', piece) FROM unnest(%s::text[]) AS piece"
LONGEST = 7_900  # bytes in a text


class PostgresLine:
    """One process's end of it, of one thread. What it says it hears itself, too.

    Every method but `close` raises Unavailable when the server is away; `connect` begins anew.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Connection | None = None

    def connect(self) -> None:
        """Hear what is said from now on."""
        self.close()
        with translated(self._url):
            self._connection = listening(self._url, LISTEN)

    def fileno(self) -> int:
        """The descriptor to wait for: readable when something was said."""
        return self._connected().fileno()

    def hear(self) -> list[str]:
        """What was said meanwhile, or the first of it. Never waits."""
        with translated(self._url):
            return [each.payload for each in self._connected().notifies(timeout=0)]

    def say(self, texts: list[str]) -> None:
        """Say all of this, each text once; they are heard together."""
        with translated(self._url):
            self._connected().execute(SAY, [texts])

    def close(self) -> None:
        """Hear and say no more."""
        connection, self._connection = self._connection, None
        if connection:
            connection.close()

    def _connected(self) -> Connection:
        if self._connection is None:
            raise psycopg.OperationalError("there is no connection")
        return self._connection
