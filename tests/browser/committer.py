"""Holds and resumes tasks at a steady rate for some seconds, each in a transaction of its own.

Run: python committer.py DATABASE RATE SECONDS, where the tasks T0, T1 … are in progress. It tells how many
changes it made.
"""

import itertools
import sys
import time

from taskwatch import clock
from taskwatch.actions import transitions
from taskwatch.actions.change import Change
from taskwatch.store import open_store


def main():
    path, rate, seconds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    store = open_store(path)
    began = time.monotonic()
    made = itertools.count()
    while (number := next(made)) < rate * seconds:
        time.sleep(max(0, began + number / rate - time.monotonic()))
        verb = ("hold", "resume")[number % 2]
        # Now one that is late, now one at risk, now one among all others.
        task = f"T{number // 2 % 5 * 50 + number // 10 % 50}"
        transitions.transition(store, verb, [task], Change(clock.now(), reason=f"change {number}"))
    store.close()
    sys.stdout.write(f"{number} in {time.monotonic() - began:.1f} s\n")


if __name__ == "__main__":
    main()
