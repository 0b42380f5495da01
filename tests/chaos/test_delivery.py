"""SIGKILL between claim, send and record: every message arrives, with its id, and none stays behind."""

import random
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from outbox import DAY, put, states
from taskwatch import clock
from taskwatch.store import open_store

DELIVERER = Path(__file__).with_name("deliverer.py")
WORKERS = 4
HOUR = 3_600_000
MOST = 32  # messages that a worker may have sent when it is killed


def killed(path, mode, room, later, kill):
    """Let a worker send so many messages, then kill it at once or a little later; what was received."""
    rng = random.Random(kill)
    with delivering(path, mode, room, later) as process:
        lines = [process.stdout.readline() for _ in range(rng.randint(1, MOST))]
        time.sleep(rng.random() * 0.003)
        process.kill()
        lines += process.stdout.readlines()
    return [line.strip() for line in lines if line], process.returncode == -9


def drained(path, later):
    with delivering(path, "true", 1, later) as process:
        return [line.strip() for line in process.stdout]


def delivering(path, mode, room, later):
    command = [sys.executable, DELIVERER, mode, path, str(room), str(later)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def storm(path, kills, deliveries, *, room=1, mode="true", at_once=40):
    """Kill so many workers over so many deliveries, then let others end the work: what was received, kills.

    Between two rounds the clock moves on by an hour, so that the leases of the dead run out.
    """
    store = open_store(str(path))
    put(store, SimpleNamespace(now=clock.now()), deliveries, channel="pipe", expires_in=100 * DAY)
    received, done, later = Counter(), 0, 0
    with ThreadPoolExecutor(WORKERS) as pool:
        while done < kills and "pending" in states(store):
            kill = partial(killed, str(path), mode, room, later)
            for lines, was_killed in pool.map(kill, range(done, min(kills, done + at_once))):
                received.update(lines)
                done += was_killed
            later += HOUR
        while not states(store).keys() <= {"sent", "dead"}:
            for lines in pool.map(partial(drained, str(path)), [later] * WORKERS):
                received.update(lines)
            later += HOUR
    ended = states(store)
    store.close()
    return received, done, ended


def check(received, kills, ended, deliveries, room=1):
    assert ended == {"sent": deliveries}
    assert received.keys() == {f"d-{number}" for number in range(1, deliveries + 1)}
    assert received.total() - deliveries <= kills * room


@pytest.mark.parametrize("room", [1, 8])
def test_every_message_arrives_though_workers_are_killed(tmp_path, room):
    received, kills, ended = storm(tmp_path / "t.db", 10, 250, room=room, at_once=5)
    assert kills >= 5
    check(received, kills, ended, 250, room)


def test_the_harness_sees_a_message_that_was_recorded_before_it_was_sent(tmp_path):
    received, _, _ = storm(tmp_path / "t.db", 6, 150, mode="lie", at_once=6)
    assert len(received) < 150


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_every_message_arrives_though_a_thousand_workers_are_killed(tmp_path):
    received, kills, ended = storm(tmp_path / "t.db", 1000, 20_000)
    assert kills == 1000
    check(received, kills, ended, 20_000)
