"""A process that really works: `worker.py MODE DATABASE NAME [SECONDS]`.

write: tasks are added, started and completed without end; each change is acknowledged on stdout after it.
lie: the same, but acknowledged before it: the fault that a harness must catch.
rush: as `write` for some seconds, silently. read: statistics for some seconds.
"""

import itertools
import sys
import time
from functools import partial

from taskwatch.actions import listing, tasks, transitions
from taskwatch.actions.change import Change
from taskwatch.store import open_store


def deeds(name):
    for number in itertools.count():
        code = f"{name}-{number}"
        yield code, "ready", partial(add, code)
        yield code, "in_progress", partial(move, "start", code)
        yield code, "completed", partial(move, "complete", code)


def add(code, store, now):
    tasks.add(store, [tasks.NewTask(code)], Change(now))


def move(verb, code, store, now):
    transitions.transition(store, verb, [code], Change(now))


def acknowledge(code, status):
    sys.stdout.write(f"{code} {status}\n")
    sys.stdout.flush()


def write(store, name, *, lie):
    for code, status, do in deeds(name):
        if lie:
            acknowledge(code, status)
        do(store, time.time_ns() // 1_000_000)
        if not lie:
            acknowledge(code, status)


def rush(store, name, seconds):
    end = time.monotonic() + seconds
    for _code, _status, do in deeds(name):
        if time.monotonic() > end:
            break
        do(store, time.time_ns() // 1_000_000)


def read(store, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        listing.list_tasks(store, listing.Filters(limit=50), time.time_ns() // 1_000_000)


def main(mode, path, name, seconds="0"):
    store = open_store(path)
    if mode == "read":
        read(store, float(seconds))
    elif mode == "rush":
        rush(store, name, float(seconds))
    else:
        write(store, name, lie=mode == "lie")


main(*sys.argv[1:])
