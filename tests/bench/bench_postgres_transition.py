"""How fast sixteen writers move tasks on PostgreSQL, against bare psycopg that runs the same statements.

The writers are processes. What the actions ask is recorded, each with its values, and replayed by processes
that do nothing else, under the same fence and locks, on a copy of the database. The server is durable.

Run: python tests/bench/bench_postgres_transition.py
"""

import multiprocessing
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from bench import pairs, verdict
from server import Cluster, database, serving
from taskwatch import clock, tomlfile
from taskwatch.actions import transitions, workflows
from taskwatch.actions.change import Change
from taskwatch.model import definition
from taskwatch.store import Store, open_store

LIMIT = 2.0
WRITERS = 16
RUNS = 5  # of a workflow with three tasks, by each writer
MOVES = 6
ROUNDS = 5
DEFINITION = Path(__file__).parents[1] / "data" / "bc.toml"
CODES = ("ADV_REVIEW", "CONVERT_TO_BL", "DELIVER")

Values = Mapping[str, Any] | list[Any] | None
Statements = list[tuple[str, Values]]
processes = multiprocessing.get_context("fork")


def main() -> int:
    """Print both times per transition and their ratio; 1 if the actions reach less than half the rate."""
    with serving() as cluster:
        prepare(database(cluster, "begin"))
        statements = recorded(database(cluster, "work", template="begin"))
        ours, theirs = pairs(
            lambda: race(cluster, by_actions), lambda: race(cluster, partial(by_script, statements)), ROUNDS
        )
    moves = WRITERS * RUNS * MOVES
    sys.stdout.write(
        f"{WRITERS} writers: {moves / ours:,.0f} a second by actions, {moves / theirs:,.0f} bare\n"
    )
    return int(verdict("a transition against its bare statements", ours / moves, theirs / moves, LIMIT))


def prepare(url: str) -> None:
    """Every writer's workflows."""
    store = open_store(url)
    wanted, _ = definition.check(tomlfile.read(str(DEFINITION)).data)
    workflows.define(store, wanted, Change(clock.now()))
    for writer in range(WRITERS):
        for run in range(RUNS):
            workflows.start(store, "bc", "Order", subject(writer, run), Change(clock.now()))
    store.close()


def subject(writer: int, run: int) -> str:
    """The subject of one of a writer's workflows."""
    return str(1000 * (writer + 1) + run)


def work(store: Store, writer: int) -> None:
    """Start and complete each task of a writer's workflows in turn."""
    for run in range(RUNS):
        for code in CODES:
            for verb in ("start", "complete"):
                transitions.transition(store, verb, [f"{code}_BC{subject(writer, run)}"], Change(clock.now()))


def recorded(url: str) -> list[Statements]:
    """The statements of each writer."""
    store = open_store(url)
    recorder = store._connection = Recorder(store._connection)
    every = []
    for writer in range(WRITERS):
        work(store, writer)
        every.append(recorder.statements)
        recorder.statements = []
    recorder.close()
    return every


class Recorder:
    """A connection that notes what it executes."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self.statements: Statements = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, sql: str, values: Values = None) -> psycopg.Cursor[Any]:
        """Note it and do it."""
        self.statements.append((sql, values))
        return self._connection.execute(sql, values)


def race(cluster: Cluster, deed: Callable[[str, int, Any], None]) -> float:
    """Seconds from the start of all writers to the end of the last, once all are connected."""
    url = database(cluster, "work", template="begin")
    start = processes.Barrier(WRITERS + 1)
    writers = [processes.Process(target=deed, args=(url, number, start)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    start.wait()
    begun = time.perf_counter()
    for writer in writers:
        writer.join()
    taken = time.perf_counter() - begun
    if any(writer.exitcode for writer in writers):
        raise SystemExit("a writer failed")
    return taken


def by_actions(url: str, number: int, start: Any) -> None:
    """A writer as users are."""
    store = open_store(url)
    start.wait()
    work(store, number)


def by_script(statements: list[Statements], url: str, number: int, start: Any) -> None:
    """A writer that only executes."""
    connection = psycopg.connect(
        url, autocommit=True, prepare_threshold=1, options="-c search_path=taskwatch"
    )
    start.wait()
    for sql, values in statements[number]:
        cursor = connection.execute(sql, values)
        if cursor.description:
            cursor.fetchall()


if __name__ == "__main__":
    sys.exit(main())
