"""How much longer an import takes than reading the file with csv and inserting the same rows bare.

Run: python tests/bench/bench_import.py [FILE.csv]
"""

import csv
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from zoneinfo import ZoneInfo

from taskwatch import clock
from taskwatch.actions.change import Change
from taskwatch.actions.history import Target, import_log
from taskwatch.model.history import Columns, Log
from taskwatch.store import open_store
from taskwatch.store.dump import TABLES

REAL = Path(__file__).parents[3] / "shared" / "data" / "loan_applications.csv"
LIMIT = 3.0
ROUNDS = 5
COLUMNS = Columns("Case ID", "Activity", "Start Timestamp", "Complete Timestamp", "Resource")


def main() -> int:
    """Print both times and their ratio; 1 if it is above the limit."""
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else REAL
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        pairs = [(import_once(file, place / f"{n}.db"), insert_bare(file, place, n)) for n in range(ROUNDS)]
    ours, bare = min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)
    sys.stdout.write(
        f"import log {ours:.3f} s, csv + executemany {bare:.3f} s: {ours / bare:.2f}x (limit {LIMIT}x)\n"
    )
    return int(ours > LIMIT * bare)


def import_once(file: Path, database: Path) -> float:
    """Seconds that the import takes into a new database."""
    store = open_store(str(database))
    now, begun = clock.now(), time.perf_counter()
    with file.open(encoding="utf-8", newline="") as lines:
        log = Log(lines, COLUMNS, zone=ZoneInfo("Europe/Amsterdam"), now=now, ignore=("Start", "End"))
        import_log(store, log, Target("loans", 30), Change(now))
    seconds = time.perf_counter() - begun
    store.close()
    return seconds


def insert_bare(file: Path, folder: Path, number: int) -> float:
    """Seconds to read the file and insert the rows of the import, ready made, durably in one transaction."""
    source = sqlite3.connect(folder / f"{number}.db")
    rows = {table: source.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}
    source.close()
    open_store(str(folder / f"bare{number}.db")).close()
    target = sqlite3.connect(folder / f"bare{number}.db", isolation_level=None)
    target.execute("PRAGMA synchronous = FULL")
    target.execute("PRAGMA foreign_keys = ON")
    target.execute("DELETE FROM meta")
    begun = time.perf_counter()
    with file.open(encoding="utf-8", newline="") as lines:
        for _ in csv.reader(lines):
            pass
    target.execute("BEGIN IMMEDIATE")
    for table, many in rows.items():
        if many:
            target.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(many[0]))})", many)
    target.execute("COMMIT")
    seconds = time.perf_counter() - begun
    target.close()
    return seconds


if __name__ == "__main__":
    sys.exit(main())
