"""Commits a transition for every line it reads, and answers with the instant its COMMIT returned.

Run: python committer.py DATABASE, where the tasks T1, T2 … are in progress. Instants are monotonic ns, which
all processes of a machine share.
"""

import sys
import time
from typing import Any

from taskwatch import clock
from taskwatch.actions import transitions
from taskwatch.actions.change import Change
from taskwatch.store import open_store
from taskwatch.store.address import is_postgres


class Timed:
    """A connection that notes when it has committed."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.committed = 0

    def execute(self, sql: str, values: Any = ()) -> Any:
        cursor = self.connection.execute(sql, values)
        if sql == "COMMIT":
            self.committed = time.monotonic_ns()
        return cursor

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)


def watched(store: Any) -> Timed:
    """A store's connection, from now on noted."""
    timed = Timed(store.connection)
    setattr(store, "_connection" if is_postgres(store.url) else "connection", timed)
    return timed


def main() -> None:
    store = open_store(sys.argv[1])
    timed = watched(store)
    for line in sys.stdin:
        transitions.transition(store, "complete", [f"T{int(line)}"], Change(clock.now()))
        sys.stdout.write(f"{timed.committed}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
