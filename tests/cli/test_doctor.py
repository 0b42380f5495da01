"""`taskwatch doctor`: a line for each finding, exit 1 when something fails."""

import json
import os
import sqlite3

import pytest

from taskwatch.cli import main, output
from taskwatch.store import open_store


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("TASKWATCH_")]:
        monkeypatch.delenv(name)
    os.mkdir("data", mode=0o700)
    open_store("data/taskwatch.db").close()

    def run(*args):
        with pytest.raises(SystemExit) as left:
            main(["--db", "data/taskwatch.db", "doctor", *args])
        return left.value.code, *capsys.readouterr()

    yield run
    output.follow()


def test_a_healthy_house_is_ok_line_by_line(run):
    code, out, err = run()
    assert (code, err) == (0, "")
    assert {line.split()[0] for line in out.splitlines()} == {"OK"}
    names = [line[6:].split(":")[0] for line in out.splitlines()]
    assert names == [
        "configuration", "database", "sqlite", "file system", "rights", "schema", "integrity", "references",
        "state", "ledger", "clock", "roles",
    ]  # fmt: skip


def test_a_warning_comes_with_its_mending_and_exit_0(run):
    os.chmod("data", 0o755)
    code, out, _ = run()
    assert code == 0
    assert "WARN  rights: others may look into" in out
    assert "      if nothing else is kept there, run: chmod 700" in out


def test_a_failure_is_exit_1_and_still_a_whole_answer(run):
    connection = sqlite3.connect("data/taskwatch.db")
    connection.execute(
        "INSERT INTO events (kind, at, topics, payload) VALUES ('x', 9000000000000, ' ', '{}')"
    )
    connection.commit()
    connection.close()
    code, out, err = run("--json")
    assert (code, err) == (1, "")
    assert {row["name"]: row["status"] for row in json.loads(out)}["clock"] == "fail"


def test_a_broken_configuration_is_a_finding(run):
    with open("taskwatch.toml", "w", encoding="utf-8") as file:
        file.write("colour = 1\n")
    code, out, _ = run()
    assert code == 1
    assert out.startswith("FAIL  configuration: ")
    assert "taskwatch.toml:1" in out


def test_a_file_that_is_no_database_is_a_finding(run):
    with open("data/taskwatch.db", "wb") as file:
        file.write(b"hello " * 1000)
    code, out, _ = run("--json")
    assert code == 1
    assert json.loads(out)[-1]["status"] == "fail"


def test_a_damaged_database_is_examined_to_the_end(run):
    with open("data/taskwatch.db", "r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * (os.path.getsize("data/taskwatch.db") - 8192))
    code, out, _ = run("--json")
    assert code == 1
    assert "fail" in {row["status"] for row in json.loads(out)}


def test_the_doctor_makes_nothing(run):
    os.unlink("data/taskwatch.db")
    code, out, _ = run()
    assert code == 0
    assert "WARN  database: there is no database" in out
    assert not os.path.exists("data/taskwatch.db")
