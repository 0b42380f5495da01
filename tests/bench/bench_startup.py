"""What starting a command costs, against a bare click program that opens SQLite and runs the one statement.

Run: python tests/bench/bench_startup.py
"""

import os
import sys
from pathlib import Path

from bench import filled, folder, pairs, process, verdict
from taskwatch import clock
from taskwatch.actions import tasks
from taskwatch.actions.change import Change
from taskwatch.store.queries import question

LIMIT = 1.6
ROUNDS = 21
TASKWATCH = Path(sys.executable).with_name("taskwatch")
BARE = '''
import sqlite3
import click

@click.command()
@click.argument("database")
@click.argument("statement")
@click.argument("now", type=int)
@click.option("--json", "as_json", is_flag=True)
def main(database, statement, now, as_json):
    """Run one statement."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA synchronous = FULL")
    rows = connection.execute(statement, {"now": now}).fetchall()
    if as_json:
        import json
        rows = json.dumps(rows)
    click.echo(rows)
    connection.close()

main()
'''
COMPLETE = """
UPDATE tasks SET status = 'completed', ended_at = :now, version = version + 1
WHERE id = (SELECT max(id) FROM tasks WHERE status = 'ready') AND :now > 0
"""


def main() -> int:
    """Print the times of all three and their ratios; 1 if one is above the limit."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with folder() as place:
        bare, database = place / "bare.py", place / "tasks.db"
        bare.write_text(BARE)
        prepare(database)
        missed = [measure(what, database, bare) for what in ("--help", "sla stats --json", "task complete")]
    return int(any(missed))


def prepare(database: Path) -> None:
    """100,000 tasks in progress, and enough that are ready to be completed, one for each run."""
    store = filled(database, 100_000)
    tasks.add(store, [tasks.NewTask(f"R{n}") for n in range(4 * ROUNDS)], Change(clock.now()))
    store.close()


def measure(what: str, database: Path, bare: Path) -> bool:
    """Whether this command misses the limit."""
    os.environ["TASKWATCH_DB"] = str(database)
    codes = (f"R{n}" for n in range(4 * ROUNDS))
    statement = {"sla stats --json": question("sla.counts"), "task complete": COMPLETE}.get(what, "SELECT 1")

    options = ["--json"] if "--json" in what else []

    def ours() -> float:
        arguments = [next(codes)] if what == "task complete" else []
        return process(TASKWATCH, *what.split(), *arguments)

    def theirs() -> float:
        return process(sys.executable, bare, *options, "--", database, statement, str(clock.now()))

    return verdict(f"taskwatch {what}", *pairs(ours, theirs, ROUNDS), LIMIT)


if __name__ == "__main__":
    sys.exit(main())
