"""Outcomes become exit codes, and failures become sentences: through the real program."""

import json
import os
import pty
import re
import signal
import subprocess
import sys

import click
import pytest

from taskwatch import errors
from taskwatch.cli import main, output
from taskwatch.cli.command import command
from taskwatch.cli.lazy import LazyGroup
from taskwatch.cli.table import ROOT_TABLE, root_group

PROGRAM = [sys.executable, "-m", "taskwatch"]
HEAVY = {
    "asyncio", "aiohttp", "sqlite_utils", "pluggy", "importlib.metadata", "tabulate", "msgspec", "tomli",
    "sqlite3", "pathlib", "dataclasses", "logging", "zoneinfo", "json",
}  # fmt: skip
RAISED = {
    "conflict": errors.Conflict("the task is already completed", hint="reopen it first", status="completed"),
    "missing": errors.NotFound(),
    "config": errors.InvalidConfig("sla.grace must be a duration"),
    "abort": click.Abort(),
    "ctrl-c": KeyboardInterrupt(),
    "exit": SystemExit(42),
    "click-exit": click.exceptions.Exit(7),
    "file": FileNotFoundError(2, "No such file or directory", "orders.csv"),
    "full": OSError(28, "No space left on device"),
    "pipe": BrokenPipeError(32, "Broken pipe"),
    "bug": KeyError("a\x1b[31m"),
    "bad": click.BadParameter("must be positive."),
}


@command("fail", examples="toy fail conflict")
@click.argument("how", type=click.Choice(sorted(RAISED)))
def fail(how):
    """Fail in one of many ways."""
    raise RAISED[how]


@command("report", failed=lambda failure: output.text(f"UNKNOWN - {failure.message}") or 3)
@click.option("--bug", is_flag=True)
def report(bug):
    """Speak to a monitor."""
    if bug:
        raise RuntimeError("oh")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    # What is only written at the last flush is the hard case.
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    for name in list(os.environ):
        if name.startswith(("TASKWATCH_", "NO_COLOR", "FORCE_COLOR")):
            monkeypatch.delenv(name)
    yield
    output.follow()


@pytest.fixture
def run(capsys):
    root = LazyGroup("taskwatch", {"fail": ("", "Fail.", "Toys"), "report": ("", "Report.", "Toys")})
    root.commands = {"fail": fail, "report": report}

    def run(*args):
        with pytest.raises(SystemExit) as left:
            main(args, root)
        return left.value.code, *capsys.readouterr()

    return run


@pytest.mark.parametrize(
    ("how", "code"),
    [("conflict", 6), ("missing", 3), ("config", 78), ("abort", 130), ("ctrl-c", 130), ("exit", 42),
     ("click-exit", 7), ("file", 1), ("full", 1), ("pipe", 141), ("bug", 1), ("bad", 2)],
)  # fmt: skip
def test_every_outcome_has_its_exit_code(run, how, code):
    left, _, err = run("fail", how)
    assert left == code
    assert "Traceback" not in err


def test_an_error_is_a_sentence_and_a_hint(run):
    assert run("fail", "conflict") == (6, "", "error: the task is already completed\nhint: reopen it first\n")


def test_hints_can_be_switched_off(run):
    assert run("-o", "output.hints=false", "fail", "conflict")[2] == "error: the task is already completed\n"


def test_quiet_keeps_errors_and_twice_quiet_keeps_only_the_exit_code(run):
    assert run("-q", "fail", "missing")[2] == "error: There is no such thing\n"
    assert run("-qq", "fail", "missing") == (3, "", "")


def test_a_closed_pipe_is_not_talked_about(run):
    assert run("fail", "pipe") == (141, "", "")


def test_an_unexpected_error_is_one_harmless_sentence_that_names_debug(run):
    _, out, err = run("fail", "bug")
    assert out == ""
    assert err.startswith("error: unexpected KeyError: 'a\\x1b[31m'\nhint: ")
    assert "--debug" in err
    assert err.count("\n") == 2


@pytest.mark.parametrize("args", [("--debug", "fail", "bug"), ("fail", "--debug", "bug")])
def test_debug_shows_the_traceback_before_the_sentence(run, args):
    _, _, err = run(*args)
    assert err.startswith("Traceback (most recent call last):\n")
    assert err.index("error: unexpected KeyError") > err.index("raise RAISED[how]")


def test_a_system_error_names_the_file_and_a_full_disk_names_the_output(run):
    assert run("fail", "file")[2].startswith("error: orders.csv: no such file or directory\n")
    assert run("fail", "full")[2].startswith("error: the output cannot be written: no space left on device\n")


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (("fail", "conflict"), {"code": "conflict", "exit_code": 6, "status": "completed"}),
        (("fail", "bug"), {"code": "unexpected", "exit_code": 1}),
        (("fail", "abort"), {"code": "aborted", "exit_code": 130}),
        (("fail",), {"code": "usage", "exit_code": 2, "hint": "see 'taskwatch fail --help'"}),
        (("fail", "--bogus"), {"code": "usage", "exit_code": 2, "message": "no such option '--bogus'"}),
        (("fial",), {"code": "usage", "exit_code": 2, "hint": "did you mean fail?"}),
        ((), {"code": "usage", "exit_code": 2}),
    ],
)
@pytest.mark.parametrize("asked", ["flag", "environment"])
def test_for_programs_every_error_is_one_json_object_on_stderr(run, monkeypatch, args, error, asked):
    if asked == "environment":
        monkeypatch.setenv("TASKWATCH_OUTPUT", "json")
    code, out, err = run(*args, *(["--json"] if asked == "flag" else []))
    told = json.loads(err)["error"]
    assert out == ""
    assert told["exit_code"] == code
    assert set(told) >= {"code", "message", "hint", "exit_code", "retryable"}
    if args or asked == "environment":
        assert told | error == told


def test_json_and_debug_together_are_still_one_json_object(run):
    assert "Traceback" in json.loads(run("--json", "--debug", "fail", "bug")[2])["error"]["traceback"]


def test_json_after_two_dashes_is_an_argument(run):
    assert run("fail", "--", "--json")[2].startswith("error: invalid value")


def test_a_mistyped_command_gets_a_suggestion(run):
    assert run("fial") == (2, "", "error: no such command 'fial'\nhint: did you mean fail?\n")


def test_no_command_prints_the_help_on_stderr_and_is_a_usage_error(run):
    code, out, err = run()
    assert (code, out) == (2, "")
    assert err.startswith("Usage: taskwatch ")


@pytest.mark.parametrize("args", [("report", "--bug"), ("report", "--bogus"), ("report", "x", "--json")])
def test_a_command_may_tell_its_failures_its_own_way(run, args):
    code, out, err = run(*args)
    assert (code, err) == (3, "")
    assert out.startswith("UNKNOWN - ")


def test_another_command_does_not_inherit_that_way(run):
    run("report", "--bug")
    assert run("fail", "missing")[0] == 3
    assert run("fail", "missing")[1] == ""


@pytest.mark.parametrize("command_line", ["--help", "help exit-codes", "--version"])
def test_a_reader_that_leaves_ends_it_with_141_and_no_word(command_line):
    script = f"{sys.executable} -m taskwatch {command_line} | head -0; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("141\n", "")


@pytest.mark.parametrize("arg", ["--help", "help"])
def test_a_full_disk_is_a_sentence(arg):
    with open("/dev/full", "w") as full:
        done = subprocess.run([*PROGRAM, arg], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: the output cannot be written: no space left on device\nhint: ")
    assert done.stderr.count("\n") == 2


def test_an_answer_for_a_closed_stdout_is_a_sentence():
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m taskwatch help >&-"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: the output cannot be written")


def test_a_closed_stderr_leaves_the_exit_code():
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m taskwatch hlep 2>&-"], capture_output=True, check=False
    )
    assert done.returncode == 2
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m taskwatch hlep 2>/dev/full"], capture_output=True, check=False
    )
    assert done.returncode == 2


def test_ctrl_c_ends_a_running_command_with_130(tmp_path):
    (tmp_path / "waiting.py").write_text(
        "import os, signal, taskwatch.cli as cli\n"
        "from taskwatch.cli.command import command\n"
        "@command('wait')\n"
        "def wait():\n"
        "    print('here', flush=True)\n"
        "    signal.pause()\n"
        "cli.main([], wait)\n"
    )
    with subprocess.Popen(
        [sys.executable, tmp_path / "waiting.py"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as waiting:
        assert waiting.stdout.readline() == "here\n"
        waiting.send_signal(signal.SIGINT)
        _, err = waiting.communicate(timeout=20)
    assert waiting.returncode == 130
    assert "Traceback" not in err


def test_help_loads_no_heavy_module_and_no_command():
    script = (
        "import sys; from taskwatch.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print(*sorted(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert not loaded & HEAVY
    ours = {name for name in loaded if name.startswith("taskwatch.")}
    assert {name for name in ours if not name.startswith("taskwatch.config")} == {
        "taskwatch.cli", "taskwatch.cli.command", "taskwatch.cli.lazy", "taskwatch.cli.outcome",
        "taskwatch.cli.output", "taskwatch.cli.root", "taskwatch.cli.safe", "taskwatch.cli.session",
        "taskwatch.cli.table", "taskwatch.clock", "taskwatch.errors",
    }  # fmt: skip


def test_root_help_lists_every_command_once_in_table_order():
    done = subprocess.run([*PROGRAM, "--help"], capture_output=True, text=True, check=True)
    listed = [name for name in re.findall(r"^  (\w+) ", done.stdout, re.MULTILINE) if name in ROOT_TABLE]
    assert list(dict.fromkeys(listed)) == list(ROOT_TABLE)


def test_short_and_long_help_and_the_help_command_agree():
    asked = [["-h"], ["--help"], ["help"]]
    texts = {subprocess.run([*PROGRAM, *args], capture_output=True, check=True).stdout for args in asked}
    assert len(texts) == 1


@pytest.mark.parametrize("topic", ["exit-codes", "time", "help"])
def test_help_explains_topics_and_commands_also_as_json(topic):
    plain = subprocess.run([*PROGRAM, "help", topic], capture_output=True, text=True, check=True)
    data = subprocess.run([*PROGRAM, "help", topic, "--json"], capture_output=True, text=True, check=True)
    assert json.loads(data.stdout) == {"subject": topic, "text": plain.stdout.rstrip("\n")}


@pytest.mark.parametrize(
    ("words", "error"), [(["tiem"], "did you mean time?"), (["help", "x"], "has no command 'x'")]
)
def test_help_about_nothing_known_is_a_usage_error(words, error):
    done = subprocess.run([*PROGRAM, "help", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert error in done.stderr


def test_version_is_one_line_or_json():
    plain = subprocess.run([*PROGRAM, "--version"], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"taskwatch [0-9.]+\n", plain.stdout)
    data = subprocess.run([*PROGRAM, "--version", "--json"], capture_output=True, text=True, check=True)
    assert f"taskwatch {json.loads(data.stdout)['version']}\n" == plain.stdout


def complete(*words):
    environ = {
        **os.environ,
        "_TASKWATCH_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["taskwatch", *words]),
    }
    environ["COMP_CWORD"] = str(len(words))
    done = subprocess.run(PROGRAM, env=environ, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.split(), done.stderr


def test_completion_offers_commands_and_options():
    assert complete("ex") == (0, ["plain,export"], "")
    assert complete("help", "--u") == (0, ["plain,--utc"], "")


def test_a_failing_completion_is_silent(tmp_path):
    (tmp_path / "broken.py").write_text(
        "from taskwatch.cli import main\n"
        "from taskwatch.cli.lazy import LazyGroup\n"
        "main([], LazyGroup('taskwatch', {'gone': ('no_such_module:x', 'Gone.', 'Toys')}))\n"
    )
    environ = {
        **os.environ,
        "_TASKWATCH_COMPLETE": "bash_complete",
        "COMP_WORDS": "taskwatch gone x",
        "COMP_CWORD": "2",
    }
    done = subprocess.run(
        [sys.executable, tmp_path / "broken.py"], env=environ, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")


def test_the_root_group_is_made_anew_for_each_run():
    assert root_group() is not root_group()


MATRIX = [
    ({}, [], True, True),
    ({}, [], False, False),
    ({"NO_COLOR": "1"}, [], True, False),
    ({"NO_COLOR": ""}, [], True, True),
    ({"FORCE_COLOR": "1"}, [], False, True),
    ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, [], True, False),
    ({"TERM": "dumb"}, [], True, False),
    ({"TERM": "dumb", "FORCE_COLOR": "1"}, [], True, True),
    ({"TASKWATCH_COLOR": "always", "NO_COLOR": "1"}, [], False, True),
    ({"TASKWATCH_COLOR": "never"}, [], True, False),
    ({"TASKWATCH_COLOR": "never"}, ["--color", "always"], False, True),
    ({"FORCE_COLOR": "1"}, ["--color", "never"], True, False),
    ({"NO_COLOR": "1"}, ["-o", "output.color=always"], False, True),
]


@pytest.mark.parametrize(("environ", "flags", "terminal", "painted"), MATRIX)
def test_colour_follows_flag_then_environment_then_terminal(environ, flags, terminal, painted):
    err = stderr_of([*PROGRAM, *flags, "hlep"], environ, terminal=terminal)
    assert err.startswith("\x1b[31merror:\x1b[0m no such" if painted else "error: no such")


def stderr_of(arguments, environ, *, terminal):
    environ = {**os.environ, "TERM": "xterm", **environ}
    reader, writer = pty.openpty() if terminal else os.pipe()
    with subprocess.Popen(arguments, stderr=writer, stdout=subprocess.DEVNULL, env=environ) as running:
        running.wait(timeout=20)
    os.close(writer)
    told = os.read(reader, 65536).decode().replace("\r\n", "\n")
    os.close(reader)
    return told
