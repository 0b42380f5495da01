"""Running taskwatch in this process, in a home of its own."""

import json
import os

import pytest

from taskwatch.cli import main, output


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty folder to be in, with nothing set that could change an answer."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(("TASKWATCH_", "XDG_", "NO_COLOR", "FORCE_COLOR")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TASKWATCH_DB", str(tmp_path / "t.db"))
    yield tmp_path
    output.follow()


@pytest.fixture
def run(home, capsys):
    """Run a command; gives (exit code, stdout, stderr)."""

    def run(*args):
        with pytest.raises(SystemExit) as left:
            main(args)
        return left.value.code, *capsys.readouterr()

    return run


@pytest.fixture
def ask(run):
    """The JSON answer of a command that must succeed."""

    def ask(*args):
        code, out, err = run(*args, "--json")
        assert (code, err) == (0, "")
        return json.loads(out)

    return ask
