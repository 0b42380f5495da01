"""`taskwatch export`: a new private file that is whole, or stdout."""

import json
import os
import stat

import pytest

from taskwatch.actions import workflows
from taskwatch.actions.change import Change
from taskwatch.cli import main
from taskwatch.model import definition
from taskwatch.store import open_store

NOW = 1_795_435_200_000
BC, _ = definition.check(
    {"workflow": {"code": "bc", "name": "\u202eTür"}, "task": [{"code": "REVIEW", "name": "R"}]}
)


@pytest.fixture
def run(tmp_path, monkeypatch, capfd):
    store = open_store(str(tmp_path / "record.db"))
    workflows.define(store, BC, Change(NOW))
    workflows.start(store, "bc", "Order", "114", Change(NOW))
    store.close()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TASKWATCH_DB", str(tmp_path / "record.db"))

    def run(*args, code=0):
        with pytest.raises(SystemExit) as left:
            main(list(args))
        said = capfd.readouterr()
        assert (left.value.code or 0) == code, said.err
        return said

    return run


def test_stdout_gets_one_object_a_line_that_is_safe_on_a_terminal(run):
    said = run("export")
    records = [json.loads(line)["record"] for line in said.out.splitlines()]
    assert records[0] == "taskwatch"
    assert records[-1] == "end"
    assert "workflows" in records
    assert "\u202e" not in said.out
    assert "Tür" in said.out


def test_a_file_is_for_its_owner_and_holds_the_same(run, tmp_path):
    printed = run("export", "-").out
    run("export", "all.ndjson")
    file = tmp_path / "all.ndjson"
    assert file.read_text("utf-8") == printed
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not (tmp_path / "all.ndjson.part").exists()


def test_a_file_that_is_there_is_never_written_over(run, tmp_path):
    before = (tmp_path / "record.db").read_bytes()
    assert "is there already" in run("export", "record.db", code=6).err
    assert (tmp_path / "record.db").read_bytes() == before


def test_a_directory_that_is_not_there_is_a_sentence(run):
    assert "error: " in run("export", "nowhere/all.ndjson", code=1).err


def test_a_database_that_is_not_there_is_not_made(run, tmp_path):
    run("export", "--db", "other.db", code=3)
    assert "other.db" not in os.listdir(tmp_path)
