"""What the statistics over 1,000,000 running tasks cost against the bare SQL that counts them.

Run: python tests/bench/bench_stats.py
"""

import sqlite3
import sys

from bench import filled, folder, pairs, seconds, verdict
from taskwatch import clock
from taskwatch.actions import standing
from taskwatch.store.queries import question

LIMIT = 1.3
ROUNDS = 15
BARE = """
SELECT count(due_at), sum(at_risk_at <= :now), sum(due_at <= :now - 1000), sum(timeout_minutes IS NULL),
    (SELECT count(*) FROM tasks WHERE status = 'on_hold')
FROM tasks WHERE status = 'in_progress'
"""


def main() -> int:
    """Print times and ratios, against the plain aggregate and our own SQL; 1 if one is too high."""
    with folder() as place:
        store, now = filled(place / "large.db", 1_000_000), clock.now()
        bare = sqlite3.connect(place / "large.db", isolation_level=None)

        def ours() -> float:
            return seconds(lambda: standing.stats(store, now, now))

        missed = [
            verdict(what, *pairs(ours, lambda sql=sql: count(bare, sql, now), ROUNDS), LIMIT)
            for what, sql in (("sla stats against one aggregate", BARE), ("against its own SQL", own_sql()))
        ]
        bare.close()
        store.close()
    return int(any(missed))


def count(connection: sqlite3.Connection, sql: str, now: int) -> float:
    """Seconds to count."""
    return seconds(lambda: connection.execute(sql, {"now": now}).fetchall())


def own_sql() -> str:
    """The statement that the statistics ask."""
    return question("sla.counts")


if __name__ == "__main__":
    sys.exit(main())
