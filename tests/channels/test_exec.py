"""Programs that succeed, fail, hang, fork and flood."""

import asyncio
import json
import os
import sys
import time

import pytest

from hostile import names
from taskwatch.channels.exec import Exec
from taskwatch.plugin import Services


def run(message, *command):
    async def main():
        return await Exec({"command": list(command)}, Services("")).send(message)

    return asyncio.run(main())


def shell(message, script, *args):
    return run(message, "/bin/sh", "-c", script, "sh", *args)


def test_the_program_gets_the_message_as_one_line_of_json(message, tmp_path):
    sent = message(address="room 5")
    assert shell(sent, 'cat > "$1"', str(tmp_path / "got")).kind == "ok"
    got = (tmp_path / "got").read_text()
    assert got.count("\n") == 1
    fields = json.loads(got)
    assert fields["recipient"] == {"user_id": 5, "name": "dana", "timezone": "Europe/Paris"}
    assert {name: fields[name] for name in fields if name != "recipient"} == {
        name: value for name, value in sent._asdict().items() if name != "recipient"
    }


@pytest.mark.parametrize(
    ("script", "kind", "detail"),
    [
        ("exit 0", "ok", ""),
        ("echo sent >&2", "ok", "sent"),
        ("exit 1", "retry", "exit code 1"),
        ("exit 75", "retry", "exit code 75"),
        ("exit 69", "retry", "exit code 69"),
        ("exit 65", "permanent", "exit code 65"),
        ("exit 67", "gone", "exit code 67"),
        ("exit 78", "misconfigured", "exit code 78"),
        ("nosuchprogram 2>/dev/null", "misconfigured", "exit code 127"),
        ("kill -TERM $$", "retry", "killed by signal 15"),
        ("kill -KILL $$", "retry", "killed by signal 9"),
        ("echo first >&2; echo the reason >&2; exit 1", "retry", "exit code 1: the reason"),
        (r"printf 'a\033[31mb\rc\0d' >&2; exit 1", "retry", "exit code 1: c d"),
        (r"printf '\377\376' >&2; exit 1", "retry", "exit code 1: \ufffd\ufffd"),
        ("cat > /dev/null; exec 2>&-; exit 1", "retry", "exit code 1"),
        ("exec <&-; exit 0", "ok", ""),
    ],
)
def test_the_exit_code_is_the_outcome(message, script, kind, detail):
    outcome = shell(message(), script)
    assert (outcome.kind, outcome.detail) == (kind, detail)


@pytest.mark.parametrize("command", ["/nowhere/program", "/etc/passwd", "/etc"])
def test_a_program_that_cannot_be_run_pauses_the_channel(message, command):
    outcome = run(message(), command)
    assert outcome.kind == "misconfigured"
    assert command in outcome.detail


def test_a_program_that_hangs_is_killed_with_all_it_has_begun(message, tmp_path):
    script = 'sleep 60 & echo $! > "$1"; trap "" TERM; sleep 60'
    outcome = shell(message(seconds=1.0), script, str(tmp_path / "pid"))
    assert outcome.kind == "unknown"
    assert not _is_alive(int((tmp_path / "pid").read_text()))


def _wait_for(path):
    while not path.exists() or not path.read_text():
        os.sched_yield()


def _is_alive(pid):
    """Whether a process still runs after a moment in which it may end."""
    until = time.monotonic() + 2
    while _runs(pid) and time.monotonic() < until:
        os.sched_yield()
    return _runs(pid)


def _runs(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_cancelled_program_is_killed_too(message, tmp_path):
    async def main():
        channel = Exec(
            {"command": ["/bin/sh", "-c", 'echo $$ > "$1"; sleep 60', "sh", str(tmp_path / "pid")]},
            Services(""),
        )
        task = asyncio.create_task(channel.send(message(seconds=60)))
        async with asyncio.timeout(30):
            await asyncio.to_thread(_wait_for, tmp_path / "pid")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    assert not _is_alive(int((tmp_path / "pid").read_text()))


def test_what_a_program_leaves_behind_is_not_waited_for(message, tmp_path):
    outcome = shell(message(seconds=20), 'sleep 30 & echo $! > "$1"', str(tmp_path / "pid"))
    os.kill(int((tmp_path / "pid").read_text()), 9)
    assert outcome.kind == "ok"


def test_a_flood_on_standard_error_holds_up_neither_it_nor_us(message, lag):
    flood = "import sys; sys.stderr.write(('x' * 9999 + chr(10)) * 4000 + 'the end'); sys.exit(1)"

    async def main():
        async with lag() as watch:
            channel = Exec({"command": [sys.executable, "-c", flood]}, Services(""))
            outcome = await channel.send(message(seconds=30))
        return outcome, watch.longest

    outcome, longest = asyncio.run(main())
    assert outcome.detail == "exit code 1: the end"
    assert longest < 0.1


def test_a_flood_on_standard_output_goes_nowhere(message):
    assert shell(message(seconds=20), "head -c 50000000 /dev/zero").kind == "ok"


def test_the_program_sees_no_secrets_of_our_environment(message, monkeypatch, tmp_path):
    monkeypatch.setenv("CANARY", "canary-secret")
    assert shell(message(), 'env > "$1"', str(tmp_path / "env")).kind == "ok"
    assert "canary" not in (tmp_path / "env").read_text().lower()


def test_nothing_of_the_message_is_in_the_process_list_or_run_by_a_shell(message, tmp_path):
    script = 'tr "\\0" " " < /proc/$$/cmdline > "$1"'
    shell(message(title="$(touch pwned) canary"), script, str(tmp_path / "line"))
    assert "canary" not in (tmp_path / "line").read_text()


def test_hostile_names_arrive_as_they_are(message, tmp_path):
    async def main():
        for number, name in enumerate(names()[::5]):
            place = tmp_path / str(number)
            channel = Exec({"command": ["/bin/sh", "-c", 'cat > "$1"', "sh", str(place)]}, Services(""))
            assert (await channel.send(message(title=name, text=name))).kind == "ok"
            line = place.read_bytes()
            assert json.loads(line)["title"] == json.loads(line)["text"] == name
            assert not any(byte < 32 or byte > 126 for byte in line[:-1])

    asyncio.run(main())


def test_no_descriptor_is_left_open(message):
    async def main():
        channel = Exec({"command": ["/bin/true"]}, Services(""))
        await channel.send(message())
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(10):
            await channel.send(message())
        return before, len(os.listdir("/proc/self/fd"))

    before, after = asyncio.run(main())
    assert after <= before


def test_probing_finds_the_program_and_runs_nothing(tmp_path):
    async def main(program):
        return await Exec({"command": [program]}, Services("")).probe()

    assert asyncio.run(main("sh")).kind == "ok"
    assert asyncio.run(main("/nowhere/program")).kind == "misconfigured"
    with pytest.raises(ValueError, match="command"):
        Exec({"command": []}, Services(""))
