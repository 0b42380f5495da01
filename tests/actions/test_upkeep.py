"""Keeping a database: backups that are sound, pruning that proves, a doctor who sees."""

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from taskwatch.actions import doctor, tasks, transitions, upkeep
from taskwatch.actions.change import Change
from taskwatch.errors import Conflict, InvalidInput, NotFound, StoreUnusable, Unavailable
from taskwatch.model.assignment import Assignment
from taskwatch.store import examination, open_store

NOON = 1_795_435_200_000
DAY = 86_400_000


@pytest.fixture
def path(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return str(folder / "taskwatch.db")


@pytest.fixture
def store(path):
    store = open_store(path)
    tasks.add(
        store,
        [tasks.NewTask("PACK", timeout_minutes=30), tasks.NewTask("SHIP", after=("PACK",))],
        Change(NOON),
    )
    move(store, "start", "PACK", NOON + 1000)
    yield store
    store.close()


def move(store, verb, code, at):
    transitions.transition(store, verb, [code], Change(at, key=f"{verb} {code} {at}"))


def spoil(store, sql):
    store.connection.execute("PRAGMA foreign_keys = OFF")
    store.connection.execute(sql)


def examine(store, now=NOON + DAY, **options):
    """The findings that are not ok, by name."""
    found = doctor.examine(lambda: store, now, **options)
    return {finding.name: finding for finding in found if finding.level != "ok"}


def silent(_done, _total):
    pass


def counts(path):
    store = open_store(path, create=False)
    rows = upkeep.describe(store)["rows"]
    store.close()
    return rows


def test_a_description_counts_what_is_there(store, path):
    known = upkeep.describe(store)
    assert known["path"] == path
    assert known["size_bytes"] == os.path.getsize(path)
    assert known["rows"]["tasks"] == 2
    assert known["rows"]["idempotency"] == 1
    assert len(known["epoch"]) == 8


def test_a_backup_is_complete_private_and_one_file(store, path, tmp_path):
    target, heard = str(tmp_path / "copy.db"), []
    done = upkeep.backup(store, target, force=False, told=lambda *step: heard.append(step))
    assert done == {"path": target, "size_bytes": os.path.getsize(target)}
    assert stat.S_IMODE(os.stat(target).st_mode) == 0o600
    assert heard[-1][0] == heard[-1][1] > 0
    assert counts(target) == upkeep.describe(store)["rows"]
    assert [name for name in os.listdir(tmp_path) if name.startswith("copy.db.part")] == []


def test_a_backup_of_a_wal_file_holds_what_is_still_in_the_wal(store, tmp_path):
    store.upkeep().set_journal("wal")
    move(store, "complete", "PACK", NOON + 2000)
    target = str(tmp_path / "copy.db")
    upkeep.backup(store, target, force=False, told=silent)
    assert counts(target) == upkeep.describe(store)["rows"]
    assert Path(target).read_bytes()[18:20] == b"\x01\x01", "it asks for a WAL file beside it"
    connection = sqlite3.connect(f"file:{target}?mode=ro&immutable=1", uri=True)
    assert connection.execute("SELECT status FROM tasks").fetchone() == ("completed",)
    connection.close()


def test_a_backup_replaces_a_file_only_by_force(store, tmp_path):
    target = tmp_path / "copy.db"
    target.write_text("precious")
    with pytest.raises(Conflict, match="there already"):
        upkeep.backup(store, str(target), force=False, told=silent)
    assert target.read_text() == "precious"
    upkeep.backup(store, str(target), force=True, told=silent)
    assert counts(str(target))["tasks"] == 2


def test_a_backup_never_replaces_the_database_itself(store, path, tmp_path):
    link = tmp_path / "link.db"
    link.symlink_to(path)
    for target in (path, str(link)):
        with pytest.raises(InvalidInput, match="itself"):
            upkeep.backup(store, target, force=True, told=silent)
    with pytest.raises(InvalidInput, match="directory"):
        upkeep.backup(store, str(tmp_path), force=True, told=silent)
    assert counts(path)["tasks"] == 2


def test_a_backup_to_nowhere_is_refused_and_leaves_nothing(store, tmp_path):
    with pytest.raises(StoreUnusable, match="no such file"):
        upkeep.backup(store, str(tmp_path / "missing" / "copy.db"), force=False, told=silent)


def test_a_backup_that_is_not_sound_is_not_kept(store, tmp_path):
    target = tmp_path / "copy.db"
    target.write_text("precious")
    spoil(store, "PRAGMA application_id = 1")
    with pytest.raises(StoreUnusable, match="not sound"):
        upkeep.backup(store, str(target), force=True, told=silent)
    assert target.read_text() == "precious"
    assert sorted(os.listdir(tmp_path)) == ["copy.db", "data"]


def test_the_journal_can_be_switched_and_stays(store, path):
    assert upkeep.migrate(store, "wal")["journal_mode"] == "wal"
    other = open_store(path)
    assert upkeep.describe(other)["journal_mode"] == "wal"
    other.close()
    assert upkeep.migrate(store, "truncate")["journal_mode"] == "truncate"
    assert upkeep.migrate(store)["journal_mode"] == "truncate"


def test_a_migration_names_the_steps_that_opening_applied(store, path):
    assert upkeep.migrate(store)["applied"] == ["0001_begin"]
    again = open_store(path)
    assert upkeep.migrate(again, "auto")["applied"] == []
    again.close()


def test_the_journal_of_a_database_in_use_stays(store, path):
    store.upkeep().set_journal("wal")
    other = open_store(path, patience=0.1)
    with store.read() as tx:
        tx.value("events.last")
        with pytest.raises(Unavailable):
            other.upkeep().set_journal("truncate")
    other.close()
    assert upkeep.describe(store)["journal_mode"] == "wal"


def test_vacuum_gives_space_back(store):
    with store.write() as tx:
        row = {
            "kind": "x",
            "at": 0,
            "task_id": None,
            "workflow_id": None,
            "status": None,
            "origin": None,
            "topics": " ",
        }
        tx.many("events.record", [{**row, "payload": "x" * 1000}] * 500)
    upkeep.prune(store, 1, 0)
    done = upkeep.vacuum(store)
    assert done["size_after_bytes"] < done["size_before_bytes"] / 2


@pytest.mark.parametrize("stretch", [1, 2, 1000])
def test_pruning_keeps_what_proves_every_present_state(store, monkeypatch, stretch):
    monkeypatch.setattr(upkeep, "STRETCH", stretch)
    move(store, "hold", "PACK", NOON + 2000)
    move(store, "resume", "PACK", NOON + 3000)
    before = upkeep.describe(store)["rows"]
    planned, _ = upkeep.prunable(store, NOON + DAY, NOON + DAY)
    assert upkeep.describe(store)["rows"] == before
    done = upkeep.prune(store, NOON + DAY, NOON + DAY)
    after = upkeep.describe(store)["rows"]
    assert planned | {"dry_run": False} == done
    assert done["events"] == before["events"] - after["events"] > 0
    assert done["idempotency_keys"] == 3
    assert after["events"] == after["tasks"] == 2
    assert examine(store) == {}
    assert upkeep.prune(store, NOON + DAY, NOON + DAY)["events"] == 0


def test_pruning_leaves_what_is_younger(store):
    before = upkeep.describe(store)["rows"]
    assert upkeep.prune(store, NOON, NOON)["events"] == 0
    assert upkeep.prune(store, None, 0) == {"events": 0, "idempotency_keys": 0, "dry_run": False}
    assert upkeep.describe(store)["rows"] == before


def test_pruning_notes_how_far_the_log_has_gaps(store):
    last = upkeep.prunable(store, NOON + DAY, 0)[1]
    upkeep.prune(store, NOON + DAY, 0)
    noted = store.connection.execute("SELECT value FROM meta WHERE name = 'pruned'").fetchone()
    assert noted == (str(last),)


def test_a_healthy_database_has_no_finding(store):
    assert examine(store) == {}
    assert examine(store, full=True) == {}


def test_a_missing_database_is_a_warning_and_an_unusable_one_a_failure():
    def missing():
        raise NotFound("there is no database")

    def unusable():
        raise StoreUnusable("it is of another program", hint="give another path")

    assert [finding.level for finding in doctor.examine(missing, NOON)] == ["warn"]
    found = list(doctor.examine(unusable, NOON))
    assert [(f.name, f.level, f.fix) for f in found] == [("database", "fail", "give another path")]


@pytest.mark.parametrize(
    ("name", "level", "damage"),
    [
        ("state", "fail", "UPDATE tasks SET status = 'on_hold' WHERE code = 'PACK'"),
        ("state", "fail", "DELETE FROM events WHERE task_id = 2"),
        ("ledger", "fail", "UPDATE tasks SET banked_ms = banked_ms + 1 WHERE code = 'PACK'"),
        ("ledger", "fail", "UPDATE tasks SET banked_ms = 5 WHERE code = 'SHIP'"),
        ("ledger", "fail", "UPDATE ledger SET at = at - 1"),
        ("clock", "fail", f"UPDATE events SET at = {NOON + 2 * DAY} WHERE seq = 1"),
        ("references", "fail", "UPDATE tasks SET workflow_id = 99"),
    ],
)
def test_the_doctor_sees_planted_damage(store, name, level, damage):
    spoil(store, damage)
    found = examine(store, full=True)
    assert found[name].level == level
    assert found[name].fix


def test_an_index_that_lost_its_rows_is_found_by_the_full_examination(store):
    store.connection.execute("PRAGMA writable_schema = ON")
    wrong = "CREATE INDEX tasks_by_code ON tasks (type)"
    spoil(store, f"UPDATE sqlite_master SET sql = '{wrong}' WHERE name = 'tasks_by_code'")
    store.connection.execute("PRAGMA writable_schema = RESET")
    assert examine(store) == {}
    assert "tasks_by_code" in examine(store, full=True)["integrity"].message


def test_the_doctor_warns_of_roles_that_nobody_has(store):
    waiting = tasks.NewTask("DRIVE", assignments=(Assignment("role", None, "driver"),))
    tasks.add(store, [waiting], Change(NOON))
    assert examine(store)["roles"].fix == "run: taskwatch role grant driver USER"
    with store.write() as tx:
        person = {"id": 5, "name": "dana", "email": None, "timezone": None, "admin": 0, "created_at": NOON}
        tx.value("people.add", **person)
        tx.run("people.grant", role_name="driver", user_id=5, granted_at=NOON)
    assert examine(store) == {}


@pytest.mark.parametrize(("mode", "level"), [(0o640, "warn"), (0o604, "fail"), (0o600, None)])
def test_the_doctor_looks_at_the_rights_of_every_file(store, path, mode, level):
    os.chmod(f"{path}-journal", mode)
    found = examine(store).get("rights")
    assert (found and found.level) == level
    assert found is None or found.fix == f"run: chmod 600 {path}-journal"


def test_the_doctor_looks_at_the_rights_of_the_directory(store, path):
    os.chmod(os.path.dirname(path), 0o755)
    assert examine(store)["rights"].level == "warn"


def test_the_doctor_judges_library_and_journal_together():
    judge = examination.judge_library
    assert judge((3, 40, 1), "wal").level == "warn"
    assert "--journal truncate" in judge((3, 40, 1), "wal").fix
    assert judge((3, 40, 1), "truncate").level == "ok"
    assert judge((3, 51, 3), "wal").level == "ok"


def test_the_doctor_judges_the_file_system():
    assert examination.judge_file_system("/data/x.db", "nfs4").level == "fail"
    assert examination.judge_file_system("/data/x.db", "ext4").level == "ok"
    assert examination.judge_file_system("/data/x.db", None).level == "ok"


def test_the_configuration_files_found_are_named():
    assert doctor.judge_files([("a.toml", False), ("b.toml", True)]).message == "b.toml"
    assert "default" in doctor.judge_files([("a.toml", False)]).message
