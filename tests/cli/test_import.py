"""`taskwatch import log` and `import dump` from the command line."""

import json
from pathlib import Path

import pytest

from taskwatch.cli import main

REPAIRS = Path(__file__).parents[1] / "data" / "repairs.csv"
LOG = ["--case", "Ticket", "--activity", "Step", "--start", "Begin", "--end", "Finish", "--resource", "Who",
       "--tz", "Europe/Berlin", "--timeout", "30m", "--ignore", "Start", "--ignore", "End"]  # fmt: skip


@pytest.fixture
def run(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TASKWATCH_DB", str(tmp_path / "record.db"))

    def run(*args, code=0):
        with pytest.raises(SystemExit) as left:
            main(list(map(str, args)))
        said = capfd.readouterr()
        assert (left.value.code or 0) == code, said.err
        return said

    return run


def test_a_log_is_imported_once(run):
    said = run("import", "log", REPAIRS, *LOG)
    assert "Löten & prüfen" in said.out
    assert "8 rows: 6 imported as repairs, 0 known, 2 ignored, 0 left out." in said.err
    again = json.loads(run("import", "log", REPAIRS, *LOG, "--json").out)
    assert (again["imported"], again["known"], again["activities"]) == (0, 6, [])


def test_a_dry_run_says_what_would_be_and_keeps_nothing(run):
    assert "6 would be imported" in run("import", "log", REPAIRS, *LOG, "-n").err
    assert json.loads(run("import", "log", REPAIRS, *LOG, "--json").out)["imported"] == 6


def test_a_byte_order_mark_and_windows_lines_are_no_trouble(run, tmp_path):
    file = tmp_path / "repairs.csv"
    file.write_bytes(b"\xef\xbb\xbf" + REPAIRS.read_bytes().replace(b"\n", b"\r\n"))
    assert json.loads(run("import", "log", file, *LOG, "--json").out)["imported"] == 6


def test_bad_rows_are_told_on_stderr_and_in_json(run, tmp_path):
    file = tmp_path / "repairs.csv"
    file.write_bytes(REPAIRS.read_bytes() + b"\xff\x1b[31m,Inspect,x,soon,soon\n")
    said = run("import", "log", file, *LOG, code=1)
    assert "row 10: it holds a NUL byte or is not UTF-8" in said.err
    said = run("import", "log", file, *LOG, "--skip-bad", "--json")
    assert json.loads(said.out)["bad_rows"] == [{"row": 10, "message": "it holds a NUL byte or is not UTF-8"}]
    assert "row 10" in said.err
    assert "\x1b" not in said.err


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("nowhere.csv", *LOG), 3),
        ((".", *LOG, "--workflow-type", "x"), 1),
        ((REPAIRS, *LOG, "--tz", "Europe/Berln"), 2),
        ((REPAIRS, *LOG, "--timeout", "soon"), 2),
        ((REPAIRS, *LOG, "--workflow-type", "Repairs!"), 2),
        ((REPAIRS, *LOG, "--case", "ticket"), 1),
        ((REPAIRS,), 2),
    ],
)
def test_what_cannot_be_imported_is_refused(run, args, code):
    assert json.loads(run("import", "log", *args, "--json", code=code).err)["error"]["exit_code"] == code


def test_a_dump_comes_back_byte_for_byte(run, tmp_path):
    run("import", "log", REPAIRS, *LOG)
    told = json.loads(run("export", "one.ndjson", "--json").out)
    assert told["records"]["tasks"] == 6
    read = json.loads(run("import", "dump", "one.ndjson", "--db", "two.db", "--json").out)
    assert (read["rows"], read["records"]) == (told["rows"], told["records"])
    assert run("export", "--db", "two.db").out.encode() == (tmp_path / "one.ndjson").read_bytes()


def test_a_dump_into_a_database_in_use_is_a_conflict(run):
    run("import", "log", REPAIRS, *LOG)
    run("export", "one.ndjson")
    assert "not empty" in run("import", "dump", "one.ndjson", code=6).err


def test_what_is_no_dump_is_refused_with_its_line(run):
    assert "line 1 is not JSON" in run("import", "dump", REPAIRS, code=1).err
    assert "no file" in run("import", "dump", "nowhere", code=3).err
