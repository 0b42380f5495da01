"""10,000 WebSocket connections: memory each, the time until all are subscribed, and p99 of a broadcast.

The last is measured against an aiohttp loop that writes one prebuilt frame straight to the transports. One
after the other, as one process may hardly ever have more files open than one of them takes.

Run: python tests/bench/bench_connections.py
"""

import sys
import time
from typing import NamedTuple

from contenders import Contender, aiohttp, taskwatch
from rig import below, percentile, prepare_client

from bench import folder

CONNECTIONS = 10_000
BROADCASTS = 20
KIB_EACH = 20.0
SECONDS_TO_JOIN = 30.0
SLOWER = 1.3


class Figures(NamedTuple):
    """KiB per connection, seconds until all are subscribed, and the p99 of broadcasts in ms."""

    memory: float
    joining: float
    broadcast: float


def main() -> int:
    """Print the figures and their limits; 1 if any is above."""
    prepare_client()
    theirs = measured(aiohttp("direct", "ws", CONNECTIONS))
    with folder() as place:
        ours = measured(taskwatch(place, "ws", CONNECTIONS))
    words = f"p99 of a broadcast, {ours.broadcast:.0f} to {theirs.broadcast:.0f} ms"
    missed = [
        below("memory per connection", ours.memory, KIB_EACH, "KiB"),
        below("until all are subscribed", ours.joining, SECONDS_TO_JOIN, "s"),
        below(words, ours.broadcast / theirs.broadcast, SLOWER, "x"),
    ]
    return int(any(missed))


def measured(contender: Contender) -> Figures:
    """The figures of a server, which is stopped."""
    spread(contender)  # does not count
    waits = [wait for _ in range(BROADCASTS) for wait in spread(contender)]
    figures = Figures(contender.bytes_each() / 1024, contender.joined_in, percentile(waits, 0.99))
    contender.stop()
    return figures


def spread(contender: Contender) -> list[float]:
    """How many ms each client waits for a message once it is published."""
    contender.send(1)
    begun = time.monotonic()
    return [(instant - begun) * 1000 for instant in contender.audience.arrivals(1)]


if __name__ == "__main__":
    sys.exit(main())
