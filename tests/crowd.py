"""Many who use one PostgreSQL database at once, each by a connection of its own."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from taskwatch.actions import transitions, workflows
from taskwatch.actions.change import Change
from taskwatch.model import definition
from taskwatch.testing import START

SECOND = 1_000
MINUTE = 60 * SECOND
JOIN, _ = definition.check(
    {
        "workflow": {"code": "join", "name": "Join", "subject": "Order"},
        "task": [
            {"code": "LEFT", "name": "Left", "timeout": 30},
            {"code": "RIGHT", "name": "Right", "timeout": 30},
            {"code": "LAST", "name": "Last", "after": ["LEFT", "RIGHT"]},
        ],
    }
)


def race(another, count, deed):
    """Let so many do `deed(store, number)` at once, each by a connection of its own; what they returned."""
    stores, barrier = [another() for _ in range(count)], Barrier(count)

    def run(number):
        barrier.wait()
        return deed(stores[number], number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def meanwhile(store, deed):
    """Begin a deed in a thread, and wait until it waits for somebody or is done; its future."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(deed)
    pool.shutdown(wait=False)
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    while not (future.done() or asked(store, waiting)[0][0]):
        pass
    return future


def start_runs(store, count):
    workflows.define(store, JOIN, Change(START))
    for number in range(count):
        workflows.start(store, "join", "Order", str(number), Change(START))


def asked(store, sql):
    return store.connection.execute(sql).fetchall()


def move(store, verb, code, at=START, **more):
    return transitions.transition(store, verb, [code], Change(at, **more))
