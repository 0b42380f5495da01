"""Simulated power loss over the real transition code: nothing acknowledged is lost.

The actions run over apsw on a disk in memory that records every write and sync; then the power is cut at
many points, and what a disk may then hold is opened and compared with what had been acknowledged.
"""

import itertools
import random
import sqlite3
from contextlib import contextmanager

import pytest

from taskwatch.actions import tasks, transitions
from taskwatch.store.queries import question
from taskwatch.testing import HandClock, new_store

apsw = pytest.importorskip("apsw", reason="the disk that forgets needs apsw")
disk_module = pytest.importorskip("chaos.disk")

NAMES = itertools.count()
ORDER = ["ready", "in_progress", "completed"]


class ApswTx:
    alone = True

    def __init__(self, connection):
        self.connection = connection

    def all(self, record, name, /, **values):
        make = getattr(record, "_make", record)
        return [make(row) for row in self.connection.execute(question(name), values)]

    def one(self, record, name, /, **values):
        rows = self.all(record, name, **values)
        return rows[0] if rows else None

    def value(self, name, /, **values):
        row = self.one(tuple, name, **values)
        return row[0] if row else None

    def run(self, name, /, **values):
        self.all(tuple, name, **values)
        return self.connection.changes()


class ApswStore:
    def __init__(self, connection):
        self.connection = connection

    @contextmanager
    def write(self, *, dry_run=False, concurrent=False):
        self.connection.execute("BEGIN IMMEDIATE")
        yield ApswTx(self.connection)
        self.connection.execute("COMMIT")


def work(tmp_path, journal, synchronous, rounds):
    """Do real work on the disk; (disk, its files at the start, acknowledgements by log position)."""
    new_store(tmp_path).close()
    name = f"disk{next(NAMES)}"
    disk = disk_module.Disk(name)
    disk.files["t.db"] = bytearray((tmp_path / "taskwatch.db").read_bytes())
    start = {name: bytes(content) for name, content in disk.files.items()}
    connection = apsw.Connection("t.db", vfs=name)
    for pragma in ("locking_mode = EXCLUSIVE", f"journal_mode = {journal}", f"synchronous = {synchronous}"):
        connection.execute(f"PRAGMA {pragma}")
    acknowledged = list(do_rounds(ApswStore(connection), disk, rounds))
    return disk, start, acknowledged


def do_rounds(store, disk, rounds):
    clock = HandClock()
    for number in range(rounds):
        code = f"T{number}"
        tasks.add(store, [tasks.NewTask(code)], clock.change())
        yield len(disk.log), code, "ready"
        for verb, status in (("start", "in_progress"), ("complete", "completed")):
            clock.advance(seconds=1)
            transitions.transition(store, verb, [code], clock.change())
            yield len(disk.log), code, status


def cut(tmp_path, journal, synchronous, cuts, rounds=40):
    """Cut the power at many points; (acknowledged changes lost, images in which state and events differ)."""
    disk, start, acknowledged = work(tmp_path, journal, synchronous, rounds)
    dice = random.Random(20251224)
    points = sorted(dice.randint(acknowledged[0][0], len(disk.log)) for _ in range(cuts))
    platter, position, lost, differing = disk_module.Platter(start), 0, 0, 0
    for point in points:
        for entry in disk.log[position:point]:
            platter.replay(entry)
        position = point
        statuses, agreed = examine(tmp_path, platter.after_power_cut(dice))
        differing += not agreed
        lost += any(
            status not in ORDER[: ORDER.index(statuses.get(code, "ready")) + 1] or code not in statuses
            for at, code, status in acknowledged
            if at <= point
        )
    return lost, differing


def examine(tmp_path, image):
    """Open what the disk holds as a program would; the tasks' states, and whether all is sound."""
    for name in ("t.db", "t.db-wal", "t.db-journal"):
        (tmp_path / name).unlink(missing_ok=True)
    for name, content in image.items():
        (tmp_path / name).write_bytes(content)
    connection = sqlite3.connect(tmp_path / "t.db")
    try:
        statuses = dict(connection.execute("SELECT code, status FROM tasks"))
        differing = connection.execute(question("events.disagreeing")).fetchall()
        sound = connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    finally:
        connection.close()
    return statuses, sound and not differing


@pytest.mark.parametrize("journal", ["WAL", "TRUNCATE"])
def test_nothing_acknowledged_is_lost_when_the_power_fails(tmp_path, journal):
    assert cut(tmp_path, journal, "FULL", cuts=1000) == (0, 0)


def test_the_harness_reports_losses_with_less_than_full_synchronization(tmp_path):
    lost, _differing = cut(tmp_path, "WAL", "NORMAL", cuts=100)
    assert lost > 0
