"""How fast 10,000 events become messages for 50 people, against the bare inserts of the same rows.

What the planner inserts is recorded, and replayed with the same values and the same commits on a copy of the
database.

Run: python tests/bench/bench_plan.py
"""

import shutil
import sys
from pathlib import Path

from replaying import Statement, recorded, replay

from bench import folder, pairs, seconds, verdict
from taskwatch import clock
from taskwatch.actions import people, planning, tasks
from taskwatch.actions.change import Change
from taskwatch.actions.people import NewUser
from taskwatch.actions.planner import Planner
from taskwatch.actions.tasks import NewTask
from taskwatch.model.assignment import Assignment
from taskwatch.store import Store, open_store

LIMIT = 4.0
EVENTS = 10_000
PEOPLE = 50
ROUNDS = 3
KEPT = ("BEGIN IMMEDIATE", "COMMIT", "INSERT")


def main() -> int:
    """Print both times per event and their ratio; 1 if it is above the limit."""
    with folder() as place:
        prepare(place / "begin.db")
        statements = [each for each in recorded(copy(place), plan) if is_kept(each)]
        ours, theirs = pairs(lambda: by_planner(copy(place)), lambda: replay(copy(place), statements), ROUNDS)
    return int(verdict("planning an event against its bare inserts", ours / EVENTS, theirs / EVENTS, LIMIT))


def prepare(path: Path) -> None:
    """So many tasks that became ready, each assigned to one of the people; nothing of it is planned yet."""
    store, change = open_store(str(path)), Change(clock.now())
    for number in range(PEOPLE):
        people.add(store, NewUser(f"user{number}"), change)
    planning.plan(store, change.now, Planner())
    store.connection.execute("PRAGMA synchronous = OFF")
    whom = [(Assignment("user", number % PEOPLE + 1, None),) for number in range(EVENTS)]
    tasks.add(store, [NewTask(f"T{n}", assignments=who) for n, who in enumerate(whom)], change)
    store.close()


def plan(store: Store) -> None:
    """Plan all of it."""
    planned = 0
    while (done := planning.plan(store, clock.now(), Planner())).more or done.events:
        planned += done.notifications
    if planned != EVENTS:
        raise SystemExit(f"{planned} messages instead of {EVENTS}")


def is_kept(statement: Statement) -> bool:
    """Whether a statement inserts, or begins or ends a transaction that does."""
    return statement[0].lstrip().upper().startswith(KEPT)


def by_planner(path: Path) -> float:
    """Seconds that the planner needs."""
    store = open_store(str(path))
    taken = seconds(lambda: plan(store))
    store.close()
    return taken


def copy(place: Path) -> Path:
    """The database as it was at the beginning."""
    for rest in place.glob("work.db-*"):
        rest.unlink()
    return Path(shutil.copyfile(place / "begin.db", place / "work.db"))


if __name__ == "__main__":
    sys.exit(main())
