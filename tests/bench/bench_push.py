"""Messages that reach 1,000 subscribers per CPU-second, against aiohttp with one awaited send per client.

From the row in the event log to the socket, payloads of 200 bytes, server and clients on a core each; wN is
a backlog of N messages. Nothing is lost or reordered, or the run ends.

Run: python tests/bench/bench_push.py [--rounds 5] [--seconds 1]
"""

import sys

from contenders import aiohttp, taskwatch
from duel import SUBSCRIBERS, Duel, decide, effort
from rig import prepare_client

from bench import folder

PLAIN = (1.25, 2.3, 6.0)
PUSHER = (1.2, 2.0, 5.0)
DUELS = (
    Duel("/ws", "awaited WebSocket", PLAIN),
    Duel("SSE", "awaited SSE", PLAIN),
    Duel("Pusher", "awaited WebSocket", PUSHER),
)


def main() -> int:
    """Print the rates and their ratios; 1 if any is too low."""
    how = effort()
    prepare_client()
    with folder() as place:
        contenders = {
            "/ws": taskwatch(place, "ws", SUBSCRIBERS),
            "SSE": taskwatch(place, "sse", SUBSCRIBERS),
            "Pusher": taskwatch(place, "pusher", SUBSCRIBERS),
            "awaited WebSocket": aiohttp("awaited", "ws", SUBSCRIBERS),
            "awaited SSE": aiohttp("awaited", "sse", SUBSCRIBERS),
        }
        return int(decide(contenders, DUELS, how))


if __name__ == "__main__":
    sys.exit(main())
