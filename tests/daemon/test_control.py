"""The control socket: found, asked and left by its own user, and no trace of those who died."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from contextlib import closing

import pytest

from taskwatch.daemon import asking
from taskwatch.daemon.asking import ask_all
from taskwatch.daemon.control import Door
from taskwatch.errors import InvalidConfig, TimedOut
from taskwatch.store.live import LiveFolder


@pytest.fixture
def url(tmp_path):
    return str(tmp_path / "t.db")


def converse(url, *names, ask, answer=None):
    """What `ask` gives in a thread, while doors of these names are open."""

    async def main():
        doors = [await Door.open(url, answer or answerer(name)) for name in names]
        try:
            async with asyncio.timeout(20):
                return await asyncio.to_thread(ask)
        finally:
            for door in doors:
                await door.close()

    return asyncio.run(main())


def answerer(name):
    async def answer(what):
        return {"name": name, "what": what}

    return answer


def test_every_daemon_of_the_database_answers(url, tmp_path):
    found = converse(url, "one", "two", ask=lambda: ask_all(url, "status"))
    assert sorted(each["name"] for each in found) == ["one", "two"]
    assert {each["what"] for each in found} == {"status"}
    assert converse(str(tmp_path / "other.db"), "one", ask=lambda: ask_all(url, "status")) == []


def test_without_a_daemon_there_is_no_answer(url):
    assert ask_all(url, "status") == []
    LiveFolder.make(url).close()
    assert ask_all(url, "status") == []


def test_a_door_that_was_closed_leaves_nothing(url, tmp_path):
    converse(url, "one", ask=lambda: None)
    assert os.listdir(tmp_path / "t.db.live") == []


def test_the_socket_of_a_daemon_that_died_is_removed(url, tmp_path):
    with closing(LiveFolder.make(url)) as folder, socket.socket(socket.AF_UNIX) as dead:
        folder.bind(dead, "control-1-dead")
    assert [each["name"] for each in converse(url, "one", ask=lambda: ask_all(url, "status"))] == ["one"]
    assert os.listdir(tmp_path / "t.db.live") == []


def test_only_the_owner_can_reach_the_socket(url, tmp_path):
    def modes():
        (name,) = os.listdir(tmp_path / "t.db.live")
        return [os.stat(tmp_path / "t.db.live" / part).st_mode & 0o777 for part in ("", name)]

    assert converse(url, "one", ask=modes) == [0o700, 0o600]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_another_user_is_not_answered_even_where_the_folder_is_open(url, tmp_path):
    script = (
        "import os, socket, sys\nos.chdir(sys.argv[1])\nos.setuid(65534)\n"
        "call = socket.socket(socket.AF_UNIX)\ncall.settimeout(10)\ncall.connect(os.listdir()[0])\n"
        'call.sendall(b\'{"do": "status"}\\n\')\nprint(call.recv(999))'
    )

    def ask_as_nobody():
        folder = tmp_path / "t.db.live"
        for each in (folder, *folder.iterdir()):
            os.chmod(each, 0o777)
        words = [sys.executable, "-c", script, folder]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    done = converse(url, "one", ask=ask_as_nobody)
    assert done.stdout == "b''\n" or "ConnectionResetError" in done.stderr or "BrokenPipe" in done.stderr


def test_what_a_daemon_cannot_do_is_raised_here_with_its_hint(url):
    async def refuse(what):
        raise InvalidConfig(f"no {what}", hint="mend it")

    with pytest.raises(InvalidConfig, match="no reload") as refused:
        converse(url, "one", answer=refuse, ask=lambda: ask_all(url, "reload"))
    assert refused.value.hint == "mend it"


def test_waiting_for_the_end_lasts_until_the_door_is_closed(url):
    async def main():
        asked = asyncio.Event()
        loop = asyncio.get_running_loop()

        async def answer(what):
            loop.call_soon(asked.set)
            return {"what": what}

        door = await Door.open(url, answer)
        waiting = asyncio.create_task(asyncio.to_thread(ask_all, url, "stop", until_end=True))
        async with asyncio.timeout(20):
            await asked.wait()
            still_waits = not waiting.done()
            await door.close()
            return still_waits, await waiting

    assert asyncio.run(main()) == (True, [{"what": "stop"}])


def test_a_daemon_that_does_not_answer_is_given_up(url, monkeypatch):
    monkeypatch.setattr(asking, "PATIENCE", 0.1)
    done = threading.Event()

    async def sleep(what):
        await asyncio.to_thread(done.wait, 10)
        return {}

    def ask():
        try:
            return ask_all(url, "status")
        finally:
            done.set()

    with pytest.raises(TimedOut, match="does not answer"):
        converse(url, "one", answer=sleep, ask=ask)


@pytest.mark.parametrize(
    "question", [b"\n", b"[]\n", b"{}\n", b'{"do": 1', b"\xff\n", b"x" * 100_000 + b"\n"]
)
def test_nonsense_ends_the_conversation_and_nothing_else(url, caplog, question):
    def ask():
        with closing(LiveFolder.open(url)) as folder, socket.socket(socket.AF_UNIX) as call:
            call.settimeout(10)
            call.connect(folder.address(folder.names("control-")[0]))
            call.sendall(question)
            call.shutdown(socket.SHUT_WR)
            nonsense = call.makefile("rb").read()
        return nonsense, ask_all(url, "status")

    nonsense, answers = converse(url, "one", ask=ask)
    assert nonsense == b"" or "error" in json.loads(nonsense)
    assert [each["what"] for each in answers] == ["status"]
    assert [record.message for record in caplog.records if "Unhandled" in record.message] == []
