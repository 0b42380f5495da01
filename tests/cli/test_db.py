"""`taskwatch db`: through the real program's entrance."""

import json
import os
import subprocess
import sys

import pytest

from taskwatch.actions import tasks
from taskwatch.actions.change import Change
from taskwatch.cli import main, output
from taskwatch.store import open_store

LONG_AGO = 1_600_000_000_000


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("TASKWATCH_")]:
        monkeypatch.delenv(name)
    os.mkdir("data", mode=0o700)

    def run(*args):
        with pytest.raises(SystemExit) as left:
            main(["--db", "data/taskwatch.db", *args])
        return left.value.code, *capsys.readouterr()

    yield run
    output.follow()


@pytest.fixture
def filled(run):
    store = open_store("data/taskwatch.db")
    tasks.add(store, [tasks.NewTask("PACK"), tasks.NewTask("SHIP", after=("PACK",))], Change(LONG_AGO))
    store.close()
    return run


def answer(run, *args):
    code, out, err = run(*args, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


@pytest.mark.parametrize("verb", ["info", "backup x.db", "vacuum", "prune"])
def test_a_missing_database_is_told_and_not_made(run, verb):
    code, out, err = run("db", *verb.split())
    assert (code, out) == (3, "")
    assert "there is no database" in err
    assert os.listdir("data") == []


def test_info_says_where_and_how_much(filled, tmp_path):
    known = answer(filled, "db", "info")
    assert known["path"] == str(tmp_path / "data" / "taskwatch.db")
    assert known["rows"]["tasks"] == 2
    _, out, _ = filled("db", "info")
    assert "rows in tasks           2\n" in out


def test_backup_copies_and_refuses_to_replace(filled):
    code, out, err = filled("db", "backup", "copy.db")
    assert (code, err) == (0, "")
    assert out == f"copy.db: {os.path.getsize('copy.db')} bytes, verified\n"
    code, _, err = filled("db", "backup", "copy.db")
    assert code == 6
    assert "--force" in err
    assert answer(filled, "db", "backup", "--force", "copy.db")["path"] == "copy.db"


def test_backup_shows_a_bar_to_a_terminal(filled, monkeypatch):
    seen = []
    monkeypatch.setattr(output, "_is_terminal", lambda stream: True)
    bar = output.progress
    monkeypatch.setattr(output, "progress", lambda length, label: seen.append(length) or bar(length, label))
    code, _, err = filled("db", "backup", "copy.db", "--color", "never")
    assert code == 0
    assert seen[0] > 0
    assert "Copying" in err


def test_migrate_makes_the_database_and_tells_what_it_did(run):
    assert answer(run, "db", "migrate")["applied"] == ["0001_begin"]
    assert answer(run, "db", "migrate", "--journal", "wal") == {
        "applied": [],
        "schema_version": 1,
        "journal_mode": "wal",
    }
    assert "nothing to do: schema 1, journal truncate" in run("db", "migrate", "--journal", "truncate")[1]


def test_vacuum_tells_both_sizes(filled):
    sizes = answer(filled, "db", "vacuum")
    assert sizes["size_after_bytes"] == os.path.getsize("data/taskwatch.db")
    assert " bytes, now " in filled("db", "vacuum")[1]


def test_prune_keeps_events_unless_it_is_told_an_age(filled):
    rows = answer(filled, "db", "info")["rows"]["events"]
    assert answer(filled, "db", "prune")["events"] == 0
    planned = answer(filled, "db", "prune", "--dry-run", "--events-older-than", "1d")
    assert planned["dry_run"]
    assert answer(filled, "db", "info")["rows"]["events"] == rows
    done = answer(filled, "db", "prune", "-o", "retention.events_days=1")
    assert done["events"] == planned["events"] > 0
    assert answer(filled, "db", "info")["rows"]["events"] == rows - done["events"]
    assert filled("doctor")[0] == 0


def test_a_bad_age_is_refused(filled):
    code, _, err = filled("db", "prune", "--events-older-than", "90")
    assert code == 2
    assert "has no unit" in err


def test_the_halves_of_a_migration_are_told(run):
    assert answer(run, "db", "migrate", "--pre")["applied"] == ["0001_begin"]
    assert answer(run, "db", "migrate", "--post")["applied"] == []


def test_what_takes_away_makes_no_database(run):
    code, _, err = run("db", "migrate", "--post")
    assert (code, os.listdir("data")) == (3, [])
    assert "there is no database" in err


def test_the_epoch_is_shown_and_renewed(filled):
    old = filled("db", "epoch")[1].strip()
    assert answer(filled, "db", "epoch") == {"epoch": old, "renewed": False}
    new = answer(filled, "db", "epoch", "--renew")
    assert new["renewed"]
    assert filled("db", "epoch")[1].strip() == new["epoch"] != old
    assert answer(filled, "db", "info")["epoch"] == new["epoch"]


def test_a_database_is_moved_and_shown_a_bar(filled, monkeypatch):
    monkeypatch.setattr(output, "_is_terminal", lambda stream: True)
    code, out, err = filled("db", "copy", "data/taskwatch.db", "data/new.db", "--color", "never")
    assert code == 0
    assert "proved the same" in out
    assert "Moving" in err
    store = open_store("data/new.db")
    with store.read() as tx:
        assert tx.value("dump.size") > 0
    store.close()
    assert filled("db", "copy", "data/taskwatch.db", "data/new.db")[0] == 6
    assert filled("db", "copy", "data/nosuch.db", "data/other.db")[0] == 3
    assert filled("db", "copy", "data/taskwatch.db", "data/taskwatch.db")[0] == 6
    assert sorted(os.listdir("data"))[:1] == ["new.db"]


def test_a_database_whose_daemon_runs_is_not_moved_unless_one_insists(filled):
    command = [sys.executable, "-m", "taskwatch", "--db", "data/taskwatch.db", "daemon", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as daemon:
        assert any("serving" in line for line in daemon.stderr)
        try:
            code, _, err = filled("db", "copy", "data/taskwatch.db", "data/new.db")
            assert (code, os.path.exists("data/new.db")) == (6, False)
            assert "taskwatch daemon stop" in err
            assert filled("db", "copy", "--live", "data/taskwatch.db", "data/new.db")[0] == 0
        finally:
            daemon.terminate()
            assert daemon.wait(15) == 0
