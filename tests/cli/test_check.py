"""`taskwatch check`: one line a monitor understands, and no exit code that it does not."""

import json
import os
import re
import sqlite3
import subprocess
import sys

import pytest

from taskwatch import clock
from taskwatch.actions import tasks, transitions
from taskwatch.actions.change import Change
from taskwatch.actions.tasks import NewTask
from taskwatch.cli import main
from taskwatch.store import open_store

NOW = 1_795_435_200_000
MINUTE = 60_000
PERFDATA = re.compile(r"'[a-z_]+'=-?[0-9.]+%?;[0-9:~@.-]*;[0-9:~@.-]*;[0-9]+;[0-9]+")


@pytest.fixture
def path(tmp_path, monkeypatch):
    path = str(tmp_path / "record.db")
    monkeypatch.setenv("TASKWATCH_DB", path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return path


@pytest.fixture
def store(path):
    store = open_store(path)
    yield store
    store.close()


@pytest.fixture
def busy(store):
    """Ten on time, three at risk, two exceeded."""
    for code, minutes in (("ADV_REVIEW_BC115", 75), ("CONVERT_TO_BL_BC116", 45)):
        begin(store, code, minutes)
    for number in range(13):
        begin(store, f"T{number}", 25 if number < 3 else 5)
    return store


def begin(store, code, minutes_ago):
    change = Change(NOW - minutes_ago * MINUTE)
    tasks.add(store, [NewTask(code, timeout_minutes=30)], change)
    transitions.transition(store, "start", [code], change)


@pytest.fixture
def run(path, capsys):
    def run(*words):
        with pytest.raises(SystemExit) as left:
            main(["check", *words])
        printed = capsys.readouterr()
        return left.value.code, printed.out, printed.err

    return run


def test_late_tasks_are_critical_and_told_worst_first(busy, run):
    text = (
        "SLA CRITICAL - 2 of 15 tasks overdue (worst ADV_REVIEW_BC115 +45 min) | 'exceeded'=2;0;0;0;15 "
        "'at_risk'=3;;;0;15 'compliance'=66.67%;;;0;100\n"
        "ADV_REVIEW_BC115 exceeded by 45 minutes (medium)\n"
        "CONVERT_TO_BL_BC116 exceeded by 15 minutes (low)\n"
    )
    assert run() == (2, text, "")


def test_all_is_well_while_nobody_is_late(store, run):
    begin(store, "A", 30)
    code, out, _ = run()
    assert code == 0
    assert out.startswith("SLA OK - none of 1 tasks overdue | 'exceeded'=0;0;0;0;1 ")
    assert out.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["-c", "1"], 2),
        (["-c", "2"], 0),
        (["-w", "1"], 1),
        (["-w", "1", "-c", "5"], 1),
        (["-w", "exceeded=0", "-c", "exceeded=1"], 2),
        (["-w", "at_risk=2"], 1),
        (["-w", "at-risk=3"], 0),
        (["-c", "compliance=60:"], 0),
        (["-c", "compliance=66.67:"], 0),
        (["-c", "compliance=66.68:"], 2),
        (["-w", "compliance=80:", "-c", "compliance=60:"], 1),
        (["-w", "@0:2"], 1),
        (["-c", "~:1"], 2),
        (["--now", "20m ago"], 2),
        (["--now", "50m ago"], 0),
    ],
)
def test_thresholds_decide_the_state(busy, run, words, code):
    found, out, _ = run(*words)
    assert found == code
    assert out.startswith(("SLA OK -", "SLA WARNING -", "SLA CRITICAL -")[code])


def test_a_threshold_on_a_metric_puts_it_into_the_line_and_the_numbers(busy, run):
    _, out, _ = run("-w", "at_risk=5", "-w", "compliance=80:", "-c", "compliance=60:")
    assert "(worst ADV_REVIEW_BC115 +45 min), 3 at risk, compliance 66.67% | " in out
    assert "'at_risk'=3;5;;0;15 'compliance'=66.67%;80:;60:;0;100" in out


@pytest.mark.parametrize(
    "words",
    [
        ["--bogus"],
        ["-w"],
        ["-w", "many"],
        ["-c", "lateness=0"],
        ["-t", "0"],
        ["-t", "soon"],
        ["--now", "soon"],
        ["surplus"],
        ["--db", "/nonexistent/record.db"],
        ["--db", "postgresql://nowhere/x"],
        ["--config", "/nonexistent.toml"],
        ["-o", "nonsense"],
        ["-o", "sla.alert=1"],
        ["--db", "bad\nname|x"],
    ],
)
def test_whatever_goes_wrong_is_unknown_in_one_line(store, run, words):
    code, out, _ = run(*words)
    assert code == 3
    assert out.startswith("SLA UNKNOWN - ")
    assert (out.count("\n"), out.count("|")) == (1, 0)
    code, out, err = run(*words, "--json")
    assert (code, out) == (3, "")
    assert json.loads(err)["error"]["exit_code"] == 3


def test_a_missing_damaged_or_foreign_database_is_unknown(path, run):
    assert run()[0] == 3
    assert not os.path.exists(path)
    with open(path, "w", encoding="utf-8") as stream:
        stream.write("not a database, " * 100)
    assert run()[0] == 3
    os.remove(path)
    foreign = sqlite3.connect(path)
    foreign.execute("CREATE TABLE other (x)")
    foreign.close()
    assert run()[0] == 3


def test_an_unexpected_fault_is_unknown(busy, run, monkeypatch):
    from taskwatch.actions import standing

    def fail(*_):
        raise RuntimeError("a | b\nc")

    monkeypatch.setattr(standing, "survey", fail)
    code, out, _ = run()
    assert (code, out.count("\n"), out.count("|")) == (3, 1, 0)


def test_hostile_codes_break_neither_the_line_nor_the_numbers(busy, run):
    busy.connection.execute("UPDATE tasks SET code = 'A|B' || char(10) || char(27) || 'C' WHERE id = 1")
    first, second, *_ = run()[1].splitlines()
    assert first.startswith(r"SLA CRITICAL - 2 of 15 tasks overdue (worst A/B\n\x1bC +45 min) | ")
    assert second.startswith(r"A/B\n\x1bC exceeded")


def test_many_late_tasks_stay_within_four_kibibytes(store, run):
    codes = [f"{'LONG' * 20}_{number}" for number in range(200)]
    change = Change(NOW - 45 * MINUTE)
    tasks.add(store, [NewTask(code, timeout_minutes=30) for code in codes], change)
    transitions.transition(store, "start", codes, change)
    out = run()[1]
    assert 3_000 < len(out.encode()) < 4096
    shown = len(out.splitlines()) - 2
    assert out.endswith(f"\nand {200 - shown} more\n")


def test_the_numbers_follow_the_grammar_of_monitoring_plugins(busy, run):
    for words in ([], ["-w", "~:3", "-c", "@1.5:2"], ["-w", "compliance=80:"]):
        perfdata = run(*words)[1].splitlines()[0].partition(" | ")[2]
        assert all(PERFDATA.fullmatch(part) for part in perfdata.split(" "))


def test_the_answer_in_json(busy, run):
    code, out, err = run("--json")
    found = json.loads(out)
    assert (code, err) == (2, "")
    assert (found["state"], found["exit_code"], found["worst"]) == ("CRITICAL", 2, "ADV_REVIEW_BC115")
    assert found["statistics"]["exceeded"] == 2


def test_quiet_leaves_the_first_line_and_the_version_is_told(busy, run):
    assert run("-q")[1].count("\n") == 1
    assert run("-V")[1].startswith("taskwatch check ")


def test_a_database_that_does_not_answer_in_time_is_unknown(busy, path):
    busy.connection.execute("PRAGMA journal_mode = DELETE")
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    words = [sys.executable, "-m", "taskwatch", "check", "-t", "1"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    blocker.close()
    assert done.returncode == 3
    assert done.stdout.startswith("SLA UNKNOWN - ")
    assert done.stdout.count("\n") == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_full_disk_under_the_answer_is_unknown(busy, path):
    words = [sys.executable, "-m", "taskwatch", "check", "--now", "2026-11-23T12:00:00Z"]
    with open("/dev/full", "w", encoding="utf-8") as full:
        assert subprocess.run(words, stdout=full, check=False).returncode == 3


def test_a_reader_that_went_away_is_unknown(busy, path):
    words = [sys.executable, "-m", "taskwatch", "check", "--now", "2026-11-23T12:00:00Z"]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(words, stdout=writer, check=False)
    os.close(writer)
    assert done.returncode == 3
