"""`taskwatch config`: what is in force, from where, and whether it is right."""

import json
import os

import pytest

from taskwatch.cli import main, output
from taskwatch.config import KEYS


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    for name in [name for name in os.environ if name.startswith("TASKWATCH_")]:
        monkeypatch.delenv(name)

    def run(*args):
        with pytest.raises(SystemExit) as left:
            main(["config", *args])
        return left.value.code, *capsys.readouterr()

    yield run
    output.follow()


def write(text, name="taskwatch.toml"):
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)


def test_show_prints_every_key(run):
    code, out, err = run("show")
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()[2:]] == list(KEYS)
    assert "true" in out
    assert "default" not in out


def test_show_tells_the_origin(run, tmp_path):
    write("user = 7\n")
    _, out, _ = run("show", "--origin", "-o", "timezone=Asia/Tokyo")
    assert f"{tmp_path}/taskwatch.toml:1" in out
    rows = {row["name"]: row for row in json.loads(run("show", "--json", "-o", "user=8")[1])}
    assert rows["user"] == {"name": "user", "value": 8, "origin": "flag -o"}


def test_path_names_the_files_and_the_database(run, tmp_path):
    write("")
    paths = json.loads(run("path", "--json", "--db", "x.db")[1])
    assert paths["database"] == "x.db"
    assert paths["files"][0] == {"path": str(tmp_path / "taskwatch.toml"), "found": True}
    assert [file["found"] for file in paths["files"][1:]] == [False, False]
    out = run("path", "--db", "x.db")[1]
    assert "not there yet" in out


def test_check_counts_what_it_read(run, tmp_path):
    write("user = 7\n[sla]\nalert_on_rise = true\n", "mine.toml")
    assert run("check", "mine.toml")[1] == f"{tmp_path}/mine.toml: 2 settings, no fault\n"
    assert json.loads(run("check", "--json", "-o", "user=1")[1]) == {"files": [], "settings": 1}


@pytest.mark.parametrize("args", [("check", "mine.toml"), ("check", "--config", "mine.toml")])
def test_check_names_the_line_that_is_wrong(run, args):
    write("user = 7\ntimezon = 'UTC'\n", "mine.toml")
    code, out, err = run(*args)
    assert (code, out) == (78, "")
    assert "mine.toml:2" in err
    assert "did you mean timezone?" in err


def test_check_tells_of_a_file_that_is_not_there(run):
    code, _, err = run("check", "none.toml")
    assert code == 78
    assert "none.toml" in err
