"""The README's shell session is replayed: what it shows is what a reader gets."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SESSIONS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)


def steps(session):
    """Pairs of a command and the output that follows it."""
    parts = re.split(r"^\$ (.*)\n", session, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def say(command, home):
    environ = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("TASKWATCH_", "XDG_", "STATE_"))
    }
    environ |= {"HOME": str(home), "TZ": "UTC", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def test_the_readme_shows_a_session():
    assert sum(len(steps(session)) for session in SESSIONS) >= 5


@pytest.mark.skipif(
    not (Path(sys.executable).parent / "taskwatch").exists(),
    reason="taskwatch is not installed beside Python",
)
def test_the_session_of_the_readme_prints_what_it_shows(tmp_path):
    for session in SESSIONS:
        for command, shown in steps(session):
            assert say(command, tmp_path) == shown, shlex.quote(command)


def test_the_commands_of_the_readme_stand_alone():
    commands = re.findall(r"^python3 -m venv .*$", README, re.MULTILINE)
    assert [command.split("&& ")[-1] for command in commands] == [
        ".venv/bin/taskwatch demo --once",
        ".venv/bin/python -m pytest -q",
    ]
