"""The schema, and what is known about the library and the disk under it."""

import sqlite3

import pytest

from taskwatch.errors import Unavailable
from taskwatch.model.task import Task
from taskwatch.store import open_store, schema, steps


@pytest.fixture
def store(tmp_path):
    store = open_store(str(tmp_path / "taskwatch.db"))
    yield store
    store.close()


def test_the_view_of_a_task_has_the_fields_of_a_task(store):
    columns = [column[0] for column in store.connection.execute("SELECT * FROM task_record").description]
    assert columns == list(Task._fields)


def test_every_table_checks_its_types(store):
    listed = store.connection.execute("PRAGMA table_list").fetchall()
    loose = [row[1] for row in listed if row[2] == "table" and not row[5]]
    assert [name for name in loose if not name.startswith(("sqlite_", "_sqlite_migrations"))] == []


@pytest.mark.parametrize(
    ("version", "bug"),
    [
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 52, 0), False),
        ((4, 0, 0), False),
    ],
)
def test_the_wal_reset_bug_is_known_by_release(version, bug):
    assert schema.has_wal_reset_bug(version) is bug


def test_a_new_database_gets_the_journal_that_suits_the_library(tmp_path, monkeypatch):
    for bug, mode in ((True, "truncate"), (False, "wal")):
        monkeypatch.setattr(schema, "has_wal_reset_bug", lambda bug=bug: bug)
        store = open_store(str(tmp_path / mode))
        assert store.upkeep().describe().journal_mode == mode
        store.close()


def test_a_network_file_system_is_refused_and_the_file_left_empty(tmp_path, monkeypatch):
    monkeypatch.setattr(schema, "file_system", lambda path: "nfs4")
    with pytest.raises(Unavailable, match="network file system"):
        open_store(str(tmp_path / "taskwatch.db"))
    assert (tmp_path / "taskwatch.db").stat().st_size == 0


def test_the_kind_of_file_system_is_that_of_the_nearest_mount():
    assert schema.file_system("/proc/self/status") == "proc"


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_bad.sql").write_text("CREATE TABLE a (x);\nCREATE TABLE a (x);\n")
    monkeypatch.setattr(steps, "FOLDER", str(folder))
    connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    with pytest.raises(sqlite3.OperationalError):
        schema.migrate(connection, "pre")
    assert schema.is_empty(connection)
    connection.close()
