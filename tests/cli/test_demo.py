"""`taskwatch demo` as a process: it serves, tells where, and leaves nothing behind however it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from types import SimpleNamespace

import click
import jsonschema
import pytest

from taskwatch.cli.demo import stage
from taskwatch.cli.schema import describe
from taskwatch.cli.table import root_group

PATIENCE = 60


@pytest.fixture
def place(tmp_path):
    """A user with a database and a configuration that must both stay as they are."""
    (tmp_path / "tmp").mkdir()
    (tmp_path / "taskwatch.toml").write_text("this is = no configuration [")
    (tmp_path / "mine.db").write_text("mine")
    environ = {
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path / "tmp"),
        "PATH": "",
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "TASKWATCH_DB": str(tmp_path / "mine.db"),
    }
    return SimpleNamespace(folder=tmp_path, environ=environ, temporary=tmp_path / "tmp")


@pytest.fixture
def begin(place):
    """Start a demo; what is still there in the end is killed."""
    started = []

    def begin(*words):
        process = subprocess.Popen(
            [sys.executable, "-m", "taskwatch", "demo", *words],
            env=place.environ, cwd=place.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def await_line(process, part):
    lines = []
    for line in process.stdout:
        lines.append(line)
        if part in line:
            return lines
    raise AssertionError("".join(lines) + process.stderr.read())


def end(process, number):
    """Signal it; exit code, and what it said on stderr."""
    process.send_signal(number)
    _, said = process.communicate(timeout=PATIENCE)
    return process.returncode, said


def is_untouched(place):
    assert (place.folder / "mine.db").read_text() == "mine"
    assert sorted(os.listdir(place.folder)) == ["mine.db", "taskwatch.toml", "tmp"]
    assert os.listdir(place.temporary) == []
    return True


def fetch(address):
    with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
        return answer.status, answer.read().decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_it_serves_until_told_to_stop_and_leaves_nothing_behind(place, begin, number):
    process = begin("--open")  # and there is no browser
    said = await_line(process, "Ctrl-C")
    address = next(line.split()[0] for line in said if "http://" in line).removesuffix("/")
    assert address.startswith("http://127.0.0.1:")
    assert fetch(f"{address}/healthz")[0] == 200
    assert len(os.listdir(place.temporary)) == 1
    assert end(process, number) == (0, "Two weeks go by ...\n")
    assert is_untouched(place)
    with pytest.raises(OSError, match="refused"):
        fetch(f"{address}/healthz")


def test_the_team_works_while_one_watches_and_commands_can_look_too(place, begin):
    process = begin("--speed", "20", "--seed", "5")
    said = "".join(await_line(process, "Ctrl-C"))
    export = next(line.split("export ")[1] for line in said.splitlines() if "export" in line)
    assert export.endswith(" TASKWATCH_DB=")
    own = place.environ | dict(pair.split("=", 1) for pair in export.split())
    follow = [sys.executable, "-m", "taskwatch", "events", "tail", "-f", "-n", "0", "--jsonl"]
    with subprocess.Popen(follow, env=own, cwd="/", stdout=subprocess.PIPE, text=True) as tail:
        kinds = {json.loads(line)["kind"] for line, _ in zip(tail.stdout, range(12), strict=False)}
        tail.kill()
    assert "task.status.changed" in kinds
    page = subprocess.run(
        [sys.executable, "-m", "taskwatch", "open", "--print"],
        env=own, cwd="/", capture_output=True, text=True, check=True, timeout=PATIENCE,
    )  # fmt: skip
    assert page.stdout.strip() in said
    assert end(process, signal.SIGINT)[0] == 0
    assert is_untouched(place)


def test_a_second_signal_ends_it_at_once_and_leaves_nothing_either(place, begin):
    process = begin("-q")
    await_line(process, "Ctrl-C")
    process.send_signal(signal.SIGINT)
    code, _ = end(process, signal.SIGINT)
    assert code in {0, 1}
    assert is_untouched(place)


def test_a_signal_before_the_curtain_rises_is_heeded(place, begin):
    process = begin()
    assert process.stderr.readline() == "Two weeks go by ...\n"
    assert end(process, signal.SIGTERM)[0] == 0
    assert is_untouched(place)


def test_for_programs_it_answers_one_line(place, begin):
    process = begin("--json")
    answer = json.loads(process.stdout.readline())
    assert answer["address"].startswith("http://127.0.0.1:")
    assert os.path.dirname(os.path.dirname(answer["database"])) == str(place.temporary)
    assert answer["statistics"]["total_in_progress"] == sum(
        task["status"] == "in_progress" and task["timeout_minutes"] is not None for task in answer["tasks"]
    )
    with click.Context(root_group(), info_name="taskwatch"):
        jsonschema.validate(answer, describe(("demo",)))
    assert end(process, signal.SIGINT)[0] == 0


def test_a_port_in_use_is_told_at_once_and_leaves_nothing_behind(place, begin):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = begin("--port", str(taken.getsockname()[1]))
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 5
    assert said.splitlines()[0].endswith("Address already in use")
    assert "--port" in said.splitlines()[1]
    assert is_untouched(place)


def test_with_open_the_browser_is_told_where(place, begin):
    browser = place.folder / "tmp" / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {place.folder}/tmp/shown\n')
    browser.chmod(0o700)
    place.environ["BROWSER"] = str(browser)
    process = begin("--open")
    said = "".join(await_line(process, "Ctrl-C"))
    while not (shown := place.folder / "tmp" / "shown").exists() or not shown.read_text():
        assert process.poll() is None
    assert f"  {shown.read_text().strip()} " in said
    assert end(process, signal.SIGINT)[0] == 0


def test_once_prints_a_morning_and_leaves_nothing_behind(place, begin):
    (place.folder / "taskwatch.toml").write_text("")
    process = begin("--once")
    shown, said = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said) == (0, "")
    assert "Found 2 SLA violations\n  - Task ADV_REVIEW_BC115 exceeded by 45 minutes\n" in shown
    assert shown.endswith("Compliance rate: 25.00%\n\nLook around in it yourself: taskwatch demo\n")
    assert is_untouched(place)


@pytest.mark.parametrize("words", [["--port", "1"], ["--speed", "2"], ["--seed", "0"], ["--open"]])
def test_once_has_no_team(run, words):
    code, out, err = run("demo", "--once", *words)
    assert (code, out) == (2, "")
    assert err.startswith(f"error: --once and {words[0]} exclude each other\n")


@pytest.mark.parametrize("words", [["--speed", "0"], ["--speed", "21"], ["--port", "-1"], ["--seed", "x"]])
def test_a_wish_that_cannot_be_is_refused(run, words):
    assert run("demo", *words)[0] == 2


def test_the_folder_goes_even_while_somebody_writes_into_it(tmp_path, monkeypatch):
    folder, once = tmp_path / "demo", []
    folder.mkdir()
    rmtree = stage.shutil.rmtree

    def disturbed(path, **more):
        rmtree(path, **more)
        if not once:
            once.append((folder.mkdir(), (folder / "demo.db-wal").write_text("late")))

    monkeypatch.setattr(stage.shutil, "rmtree", disturbed)
    stage.remove(str(folder))
    assert once
    assert not folder.exists()
