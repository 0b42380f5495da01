"""How much more two daemons deliver than one, to the same audience, from one database on PostgreSQL.

Where there are cores enough, each daemon, the clients and the server have one of their own, and the time on
the wall decides. Where there are not, it is the processor time of the busier daemon: as if each had a core.

Run: python tests/bench/bench_postgres_nodes.py [--rounds 5] [--seconds 1]
"""

import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from audience import Audience
from contenders import DIALECTS, SETTLING, TOPIC, payload
from duel import WARMING, Effort, effort
from rig import prepare_client

from bench import folder
from server import database, node, serving
from taskwatch import clock
from taskwatch.actions import journal
from taskwatch.model.event import STATUS_CHANGED, Event
from taskwatch.store import open_store

LEAST = 1.7
SUBSCRIBERS = 4_000  # as many as one daemon feels: what each does once for all counts little
BACKLOG = 16
CORES = 4  # two daemons, the clients, the server


class Fleet:
    """So many nodes on a database of their own, which share an audience."""

    def __init__(self, url: str, place: Path, count: int, cores: list[int], stack: ExitStack) -> None:
        self.nodes = [node(url, place / f"{count}-{n}", core=cores[n]) for n in range(count)]
        for each in self.nodes:
            stack.callback(each.stop)
        size = SUBSCRIBERS // count
        self.audiences = [Audience(each.port, DIALECTS["ws"], size) for each in self.nodes]
        self._store = open_store(url)
        stack.callback(self._store.close)
        time.sleep(SETTLING)

    def tell(self) -> None:
        """Publish messages at once, and wait until everybody has them."""
        first, now = self.audiences[0].heard + 1, clock.now()
        with self._store.write() as tx:
            for number in range(first, first + BACKLOG):
                journal.record(tx, Event(STATUS_CHANGED, now, payload(number), (TOPIC,)))
        for audience in self.audiences:
            audience.hear(BACKLOG)

    def costs(self, seconds: float, elapsed: Callable[["Fleet"], list[float]]) -> list[float]:
        """Seconds of the clock `elapsed` per message delivered to anybody, by node."""
        before, deadline, delivered = elapsed(self), time.monotonic() + seconds, 0
        while time.monotonic() < deadline:
            self.tell()
            delivered += BACKLOG * SUBSCRIBERS
        return [(after - begun) / delivered for after, begun in zip(elapsed(self), before, strict=True)]


def main() -> int:
    """Print both rates and their ratio; 1 if it is too low."""
    how = effort()
    cores = sorted(os.sched_getaffinity(0))
    are_enough = len(cores) >= CORES
    prepare_client()
    with serving() as cluster, folder() as place, ExitStack() as stack:
        on = [cores[0], cores[2]] if are_enough else [cores[0]] * 2
        one = Fleet(database(cluster, "one"), place, 1, on, stack)
        two = Fleet(database(cluster, "two"), place, 2, on, stack)
        return int(judge(one, two, how, on_wall if are_enough else on_processor))


def on_wall(fleet: Fleet) -> list[float]:
    """The time on the wall."""
    return [time.monotonic() for _ in fleet.nodes]


def on_processor(fleet: Fleet) -> list[float]:
    """What each node has used."""
    return [each.cpu_seconds() for each in fleet.nodes]


def judge(one: Fleet, two: Fleet, how: Effort, elapsed: Callable[[Fleet], list[float]]) -> bool:
    """Measure both in turn; whether the ratio is too low."""
    for fleet in (one, two):
        for _ in range(WARMING):
            fleet.tell()
    rounds = [(one.costs(how.seconds, elapsed), two.costs(how.seconds, elapsed)) for _ in range(how.rounds)]
    single, double = (rate(costs) for costs in zip(*rounds, strict=True))
    clock_name = "the wall" if elapsed is on_wall else "the processor: there are too few cores"
    missed = double / single < LEAST
    sys.stdout.write(
        f"two daemons {double / 1000:,.0f}k, one {single / 1000:,.0f}k messages a second by {clock_name}: "
        f"{double / single:.2f}x (at least {LEAST}x) {'MISSED' if missed else 'ok'}\n"
    )
    return missed


def rate(rounds: Sequence[list[float]]) -> float:
    """Messages a second, as fast as the busiest node can, by the medians of the rounds."""
    return 1 / max(statistics.median(costs) for costs in zip(*rounds, strict=True))


if __name__ == "__main__":
    sys.exit(main())
