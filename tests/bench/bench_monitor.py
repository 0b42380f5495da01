"""What a monitor pass costs when 100 of 1,000,000 running tasks are due, against 100 of 10,000.

Run: python tests/bench/bench_monitor.py
"""

import sys
from collections.abc import Callable
from pathlib import Path

from bench import filled, folder, pairs, seconds, verdict
from taskwatch import clock
from taskwatch.actions import alerts
from taskwatch.store import Store

LIMIT = 1.5
DUE = 100
ROUNDS = 15


def main() -> int:
    """Print both times and their ratio; 1 if it is above the limit."""
    with folder() as place:
        large, small = one_pass(place / "large.db", 1_000_000), one_pass(place / "small.db", 10_000)
        ours, theirs = pairs(large, small, ROUNDS)
    return int(verdict(f"monitor, {DUE} due of 1,000,000 against of 10,000", ours, theirs, LIMIT))


def one_pass(path: Path, tasks: int) -> Callable[[], float]:
    """A deed that claims the alerts due, and undoes that for its next time; it returns the pass's seconds."""
    store, now = filled(path, tasks, due=DUE), clock.now()

    def measured() -> float:
        passed = []
        taken = seconds(lambda: passed.append(alerts.monitor(store, now)))
        if passed[0].sent != DUE:
            raise SystemExit(f"{passed[0].sent} alerts instead of {DUE}")
        forget(store)
        return taken

    return measured


def forget(store: Store) -> None:
    """As if no alert had ever been sent."""
    run = store.connection.execute
    run("BEGIN IMMEDIATE")
    run("DELETE FROM alerts")
    run("DELETE FROM events WHERE kind = 'task.sla.exceeded' AND seq > (SELECT max(seq) - 200 FROM events)")
    run(
        "UPDATE tasks SET alerts = 0, alert_mark = NULL, last_alert_at = NULL, next_alert_at = due_at + 1000"
        f" WHERE id <= {DUE}"
    )
    run("COMMIT")


if __name__ == "__main__":
    sys.exit(main())
