"""Messages that reach 1,000 subscribers per CPU-second, beside nginx with nchan and Node's ws.

As in bench_push. What is absent is installed: ws from npm into the user's cache, nchan by apt-get.

Run: python tests/bench/bench_peers.py [--rounds 5] [--seconds 1]
"""

import sys

from contenders import nchan, node, taskwatch
from duel import SUBSCRIBERS, Duel, decide, effort
from rig import prepare_client

from bench import folder

LEAST = (1.0, 1.7, 5.0)
DUELS = (
    Duel("/ws", "nchan WebSocket", LEAST),
    Duel("SSE", "nchan SSE", LEAST),
    Duel("/ws", "Node ws", LEAST),
    Duel("SSE", "Node ws", LEAST),
)


def main() -> int:
    """Print the rates and their ratios; 1 if any is too low."""
    how = effort()
    prepare_client()
    with folder() as place:
        place.chmod(0o755)  # nginx gives up root
        contenders = {
            "/ws": taskwatch(place, "ws", SUBSCRIBERS),
            "SSE": taskwatch(place, "sse", SUBSCRIBERS),
            "nchan WebSocket": nchan(place, "ws", SUBSCRIBERS),
            "nchan SSE": nchan(place, "sse", SUBSCRIBERS),
            "Node ws": node(SUBSCRIBERS),
        }
        return int(decide(contenders, DUELS, how))


if __name__ == "__main__":
    sys.exit(main())
