"""What 10,000 messages that wait for a dead channel cost the messages of a healthy one.

Run: python tests/bench/bench_dead_channel.py
"""

import asyncio
import shutil
import sys
from mailbox import Dead, Healthy, fill
from pathlib import Path

from bench import folder, pairs, seconds, verdict
from taskwatch import clock
from taskwatch.services.database import Database
from taskwatch.services.deliver import Deliver
from taskwatch.store import open_store

LIMIT = 1.1
WAITING = 10_000
MESSAGES = 1_000
ROUNDS = 5


def main() -> int:
    """Print both times per message and their ratio; 1 if it is above the limit."""
    with folder() as place:
        prepare(place / "alone.db", 0)
        prepare(place / "beside.db", WAITING)
        ours, theirs = pairs(
            lambda: deliver(place / "beside.db"), lambda: deliver(place / "alone.db"), ROUNDS
        )
    what = f"a message beside {WAITING:,} of a dead channel against one alone"
    return int(verdict(what, ours / MESSAGES, theirs / MESSAGES, LIMIT))


def prepare(path: Path, waiting: int) -> None:
    """Messages for the healthy channel, and perhaps for the dead one, which are older."""
    store = open_store(str(path))
    if waiting:
        fill(store, waiting, "dead")
    fill(store, MESSAGES, "healthy")
    store.close()


def deliver(path: Path) -> float:
    """Seconds until the healthy channel has sent all it had, on a copy of the database."""
    work = shutil.copyfile(path, path.with_name("work.db"))
    for rest in path.parent.glob("work.db-*"):
        rest.unlink()
    return seconds(lambda: asyncio.run(_deliver(work)))


async def _deliver(path: Path) -> None:
    database, healthy = Database(str(path)), Healthy()
    loop = Deliver(database, {"dead": Dead(), "healthy": healthy}, clock.now)
    running = asyncio.create_task(loop.run())
    while healthy.sent < MESSAGES:  # noqa: ASYNC110  a count has no bell
        await asyncio.sleep(0.001)
    await loop.stop()
    await running
    await database.close()


if __name__ == "__main__":
    sys.exit(main())
