"""What the SLA loop costs the daemon with 1,000,000 tasks in progress, against with 10,000.

In both a hundred become due a minute, and each alert must start within a second of that.

Run: python tests/bench/bench_watch.py [SECONDS]
"""

import sqlite3
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from contenders import daemon
from rig import Process, below, percentile, prepare_client

from bench import filled, folder
from taskwatch import clock

LARGE, SMALL = 1_000_000, 10_000
PER_MINUTE = 100
SECONDS = 30  # `filled` leaves forty in which nothing else is due
LEAD = 4000  # ms for a daemon to start
MORE = 1.5
LATEST = 1000.0  # ms


def main() -> int:
    """Print the costs and their ratio, and how late the alerts were; 1 if any is above its limit."""
    prepare_client()
    seconds = int(sys.argv[1]) if sys.argv[1:] else SECONDS
    with folder() as place, ExitStack() as stack:
        paths = [prepared(place / f"{tasks}.db", tasks) for tasks in (LARGE, SMALL)]
        begin = clock.now() + LEAD
        for path in paths:
            plan(path, begin, seconds)
        servers = [daemon(path)[0] for path in paths]
        for server in servers:
            stack.callback(server.stop)
        large, small = costs(servers, begin, seconds)
        late = {path.stem: percentile(lateness(path, seconds), 0.99) for path in paths}
    missed = [
        below(f"CPU of {seconds} s, {large * 1000:.0f} to {small * 1000:.0f} ms", large / small, MORE, "x"),
        *(below(f"p99 of an alert's delay, {tasks} tasks", ms, LATEST, "ms") for tasks, ms in late.items()),
    ]
    return int(any(missed))


def prepared(path: Path, tasks: int) -> Path:
    """A database with so many tasks."""
    filled(path, tasks).close()
    return path


def plan(path: Path, begin: int, seconds: int) -> None:
    """Let the first tasks become due one after the other."""
    with sqlite3.connect(path) as connection:
        connection.execute(DUE, {"begin": begin, "every": 60_000 // PER_MINUTE, "due": due_in(seconds)})
    connection.close()


def due_in(seconds: int) -> int:
    """How many are due in so many seconds."""
    return seconds * PER_MINUTE // 60


def costs(servers: list[Process], begin: int, seconds: int) -> list[float]:
    """CPU-seconds that each uses while the tasks become due."""
    time.sleep(max(0, begin - clock.now()) / 1000)
    used = [server.cpu_seconds() for server in servers]
    time.sleep(seconds + LATEST / 1000)
    return [server.cpu_seconds() - before for server, before in zip(servers, used, strict=True)]


def lateness(path: Path, seconds: int) -> list[float]:
    """How many ms after its instant each alert was claimed."""
    connection = sqlite3.connect(path)
    found = [late for (late,) in connection.execute("SELECT claimed_at - slot_at FROM alerts")]
    connection.close()
    if len(found) != due_in(seconds):
        raise SystemExit(f"{len(found)} alerts instead of {due_in(seconds)}")
    return found


DUE = """
UPDATE tasks SET next_alert_at = :begin + id * :every, due_at = :begin + id * :every - 1000,
    at_risk_at = due_at - 720000, running_since = :begin + id * :every - 3601000,
    started_at = running_since, ready_at = running_since
WHERE id <= :due
"""

if __name__ == "__main__":
    sys.exit(main())
