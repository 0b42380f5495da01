"""How fast messages go through a channel that does nothing, against the bare SQL of the same transactions.

What the loop executes is recorded, and replayed with the same values on a copy of the database; every
transaction is committed with synchronous=FULL on both sides.

Run: python tests/bench/bench_deliver.py
"""

import asyncio
import shutil
import sys
from collections.abc import Callable
from mailbox import Instant, fill
from pathlib import Path
from typing import Any

from replaying import recorded, replay

from bench import folder, pairs, seconds, verdict
from taskwatch import clock
from taskwatch.services.database import Database
from taskwatch.services.deliver import Deliver
from taskwatch.store import Store, open_store

LIMIT = 2.0
MESSAGES = 2_000
ROUNDS = 9


def main() -> int:
    """Print both times per message and their ratio; 1 if the loop reaches less than half the rate."""
    with folder() as place:
        store = open_store(str(place / "begin.db"))
        fill(store, MESSAGES, "instant")
        store.close()
        statements = recorded(copy(place), by_desk)
        ours, theirs = pairs(lambda: by_loop(copy(place)), lambda: replay(copy(place), statements), ROUNDS)
    return int(verdict("a message against its bare SQL", ours / MESSAGES, theirs / MESSAGES, LIMIT))


class Desk:
    """The database without threads, as far as the loop uses it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def work(self, action: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """The answer of an action."""
        return action(self._store, *args, **options)

    read = work


def by_desk(store: Store) -> None:
    """The work as the loop does it, in this thread."""
    asyncio.run(Deliver(Desk(store), {"instant": Instant()}, clock.now).drain())


def by_loop(path: Path) -> float:
    """Seconds that the loop needs, threads and all."""

    async def deliver() -> None:
        database = Database(str(path))
        sender = Instant()
        await Deliver(database, {"instant": sender}, clock.now).drain()
        await database.close()
        if sender.sent != MESSAGES:
            raise SystemExit(f"{sender.sent} messages instead of {MESSAGES}")

    return seconds(lambda: asyncio.run(deliver()))


def copy(place: Path) -> Path:
    """The database as it was at the beginning."""
    for rest in place.glob("work.db-*"):
        rest.unlink()
    return Path(shutil.copyfile(place / "begin.db", place / "work.db"))


if __name__ == "__main__":
    sys.exit(main())
