"""Completion: the scripts of the shells, and the words they get."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from taskwatch.cli import main, output
from taskwatch.cli.table import ROOT_TABLE

PROGRAM = [sys.executable, "-m", "taskwatch"]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("TASKWATCH_")]:
        monkeypatch.delenv(name)
    yield
    output.follow()


def script(capsys, shell, *more):
    with pytest.raises(SystemExit) as left:
        main(["completion", shell, *more])
    assert left.value.code == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def complete(*words):
    """The names offered for the last word, by a shell that asks the program."""
    environ = os.environ | {
        "_TASKWATCH_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["taskwatch", *words]),
        "COMP_CWORD": str(len(words)),
    }
    done = subprocess.run(PROGRAM, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_a_script_it_can_read(capsys, tmp_path, shell):
    text = script(capsys, shell)
    assert f"_TASKWATCH_COMPLETE={shell}_complete" in text
    if path := shutil.which(shell):
        (tmp_path / "script").write_text(text)
        done = subprocess.run([path, "-n", "script"], capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_the_script_is_also_an_answer_in_json(capsys):
    found = json.loads(script(capsys, "bash", "--json"))
    assert found["shell"] == "bash"
    assert "complete" in found["script"]


def test_another_shell_is_wrong_usage(capsys):
    with pytest.raises(SystemExit) as left:
        main(["completion", "tcsh"])
    assert left.value.code == 2


def test_commands_and_options_are_completed():
    assert complete("") == list(ROOT_TABLE)
    assert complete("co") == ["config", "completion"]
    assert complete("db", "") == ["info", "backup", "migrate", "copy", "epoch", "grants", "vacuum", "prune"]
    assert complete("db", "migrate", "--jo") == ["--journal"]
    assert complete("db", "migrate", "--journal", "w") == ["wal"]
