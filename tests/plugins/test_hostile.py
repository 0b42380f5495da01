"""Plugins that do their worst, each in a process of its own, beside one that works: nobody else is harmed."""

import asyncio
import os
import time
from contextlib import suppress
from pathlib import Path

import pytest

from outbox import put, states
from taskwatch import clock
from taskwatch.config.channels import ChannelConfig
from taskwatch.plugin import Message, Recipient, Services
from taskwatch.plugin.loading import load
from taskwatch.plugin.setup import open_channels
from taskwatch.services.database import Database
from taskwatch.services.deliver import Deliver
from taskwatch.testing import HandClock

SECONDS = 0.5
GRACE = 1.0
LATE = 0.7  # what a busy machine may add
LAG = 0.2

HEAD = """
import os, signal, socket, subprocess, sys, threading, time
from taskwatch.plugin import Channel, hookimpl, ok, Option

class It(Channel):
    name = {name!r}
    needs_address = False
    seconds = {seconds}
    async def send(self, message):
{body}

@hookimpl
def taskwatch_register_channels(register):
    register(It)
"""

WORKS = "return ok(provider_id=message.id)"
BODIES = {
    "raises": "raise RuntimeError('no')",
    "raises_base": "raise BaseException('no')",
    "exits": "raise SystemExit(3)",
    "interrupts": "raise KeyboardInterrupt",
    "dies": "os._exit(0)",
    "kills_itself": "os.kill(os.getpid(), signal.SIGKILL)",
    "crashes": "import ctypes; ctypes.string_at(0)",
    "stops": "os.kill(os.getpid(), signal.SIGSTOP)",
    "hangs": "time.sleep(3600)",
    "spins": "exec('while True: pass')",
    "ignores": "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(3600)",
    "will_not_end": (
        "import asyncio\n"
        "while True:\n"
        "    try: await asyncio.sleep(3600)\n"
        "    except asyncio.CancelledError: pass"
    ),
    "eats": "x = [bytearray(1 << 24) for _ in range(10_000)]",
    "prints": "print('{\"id\": 1}' * 100_000); sys.stdout.flush(); return ok(provider_id=message.id)",
    "prints_raw": "os.write(1, b'\\xff\\n' * 1_000_000); return ok(provider_id=message.id)",
    "prints_errors": "os.write(2, b'x' * 50_000_000); return ok(provider_id=message.id)",
    "runs": "subprocess.run(['echo', 'hello']); return ok(provider_id=message.id)",
    "forges": "[forge(n) for n in range(3, 30)]; time.sleep(3600)",
    "floods": "[forge(n, b'x' * (1 << 24)) for n in range(3, 30)]; time.sleep(3600)",
    "closes": "[close(n) for n in range(30)]; return ok()",
    "answers_none": "return None",
    "answers_true": "return True",
    "answers_much": "return ok(provider_id='x' * 10_000_000, detail='y' * 10_000_000)",
    "answers_odd": "from taskwatch.plugin import Outcome; return Outcome('excellent', detail=object())",
    "forks": "pid = os.fork()\nif not pid: time.sleep(3600)\nreturn ok(provider_id=message.id)",
    "forks_and_answers": "os.fork()\nreturn ok(provider_id=message.id)",
    "forks_away": "if not os.fork():\n    os.setsid(); time.sleep(5); os._exit(0)\ntime.sleep(3600)",
    "threads": (
        "for _ in range(50): threading.Thread(target=time.sleep, args=[3600]).start()\ntime.sleep(3600)"
    ),
    "exhausts": "recurse = lambda: recurse(); recurse()",
}
HELPERS = """
def forge(number, line=b'{"id":1,"outcome":{"kind":"ok"\\n'):
    try: os.write(number, line)
    except OSError: pass

def close(number):
    try: os.close(number)
    except OSError: pass
"""
FINE = {
    "works",
    "prints",
    "prints_raw",
    "prints_errors",
    "runs",
    "forks",
    "forks_and_answers",
    "answers_much",
}


def message(number):
    return Message(
        id=f"d-{number}", recipient=Recipient(7, "dana"), address="", title="Late", text="By 15 minutes",
        url="", kind="task.sla.exceeded", reason="first", level="low", data={}, event={}, occurred_at=0,
        deadline=clock.now() + 20_000, thread="task-1",
    )  # fmt: skip


@pytest.fixture
def plugins(tmp_path):
    """A folder with a plugin for each of them."""
    tmp_path.chmod(0o700)

    def write(bodies):
        for name, body in bodies.items():
            lines = "\n".join(f"        {line}" for line in body.splitlines())
            seconds = 10.0 if name in FINE else SECONDS
            path = tmp_path / f"{name}.py"
            path.write_text(HEAD.format(name=name, seconds=seconds, body=lines) + HELPERS)
            path.chmod(0o600)
        return str(tmp_path)

    return write


async def opened(folder, names):
    configs = [ChannelConfig(name, name, {}, "default") for name in names]
    return open_channels(configs, load(names, folder), Services(""))


async def lag_of(stop):
    """The longest time for which the loop did nothing, in seconds."""
    worst = 0.0
    while not stop.is_set():
        before = time.monotonic()
        await asyncio.sleep(0.005)
        worst = max(worst, time.monotonic() - before - 0.005)
    return worst


def alive(session):
    """How many processes of a session are left."""
    stats = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            stats.append(entry.read_text().rpartition(")")[2].split())
    return sum(int(fields[3]) == session and fields[0] != "Z" for fields in stats)


USUAL = {"raises", "exits", "dies", "stops", "hangs", "eats", "prints", "prints_raw", "floods", "forks"}
EACH = [
    pytest.param(name, id=name, marks=() if name in USUAL else pytest.mark.long) for name in sorted(BODIES)
]


@pytest.mark.parametrize("name", EACH)
def test_it_ends_in_time_with_an_outcome_and_the_one_beside_it_delivers(plugins, name):
    folder = plugins({name: BODIES[name], "works": WORKS})

    async def scenario():
        senders = await opened(folder, [name, "works"])
        await senders["works"].probe()
        stop = asyncio.Event()
        watching = asyncio.create_task(lag_of(stop))
        hostile = asyncio.create_task(timed(senders[name], 1))
        beside = [await senders["works"].send(message(number)) for number in range(20)]
        outcome, seconds = await hostile
        again = [await senders["works"].send(message(number)) for number in range(20)]
        stop.set()
        for sender in senders.values():
            await sender.close()
        return outcome, seconds, beside + again, await watching

    outcome, seconds, beside, lag = asyncio.run(scenario())
    assert {each.kind for each in beside} == {"ok"}
    assert (outcome.kind == "ok") == (name in FINE)
    assert len(outcome.detail) <= 500
    assert name in FINE or seconds <= SECONDS + GRACE + LATE
    assert lag < LAG


HOSTS = ("raises", "exits", "dies", "stops", "hangs", "eats", "answers_none", "forks_away")


def test_the_loop_delivers_beside_all_of_them_at_once(plugins, store):
    """What works gets all of its messages and the loop stays quick; of the others none is lost or sent."""
    folder = plugins({name: BODIES[name] for name in HOSTS} | {"works": WORKS})
    moment = HandClock(clock.now())
    for name in HOSTS:
        put(store, moment, 2, channel=name, address="")
    put(store, moment, 200, channel="works", address="")

    async def scenario():
        database = Database(store.url)
        senders = await opened(folder, [*HOSTS, "works"])
        deliver = Deliver(database, senders, clock.now)
        stop = asyncio.Event()
        watching = asyncio.create_task(lag_of(stop))
        running = asyncio.create_task(deliver.run())
        async with asyncio.timeout(30):
            while deliver.ended["sent"] < 200 or deliver.ended["pending"] < 2 * len(HOSTS):  # noqa: ASYNC110  a counter has no bell
                await asyncio.sleep(0.01)
        stop.set()
        await deliver.stop(0)
        await running
        for sender in senders.values():
            await sender.close()
        await database.close()
        return await watching

    lag = asyncio.run(scenario())
    assert states(store) == {"sent": 200, "pending": 2 * len(HOSTS)}
    assert lag < LAG


async def timed(sender, number):
    begun = time.monotonic()
    outcome = await sender.send(message(number))
    return outcome, time.monotonic() - begun


@pytest.mark.parametrize("name", ["hangs", "stops", "forks", "threads", "ignores", "dies", "works"])
def test_nothing_of_it_is_left_when_it_is_closed(plugins, tmp_path, name):
    note = tmp_path / "session"
    body = f"open({str(note)!r}, 'w').write(str(os.getsid(0)))\n"
    folder = plugins({name: body + BODIES.get(name, WORKS)})

    async def scenario():
        senders = await opened(folder, [name])
        await senders[name].send(message(1))
        await senders[name].close()

    asyncio.run(scenario())
    session, until = int(note.read_text()), time.monotonic() + 5
    while alive(session) and time.monotonic() < until:
        os.sched_yield()
    assert session != os.getsid(0)
    assert alive(session) == 0


def test_it_is_begun_anew_after_its_end_and_may_do_better(plugins, tmp_path):
    once = f"try: open({str(tmp_path / 'once')!r}, 'x')\nexcept FileExistsError: pass\nelse: os._exit(1)\n"
    folder = plugins({"works": once + WORKS})

    async def scenario():
        senders = await opened(folder, ["works"])
        outcomes = [await senders["works"].send(message(number)) for number in range(3)]
        await senders["works"].close()
        return [each.kind for each in outcomes]

    assert asyncio.run(scenario()) == ["unknown", "ok", "ok"]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise SystemExit('bye')", "SystemExit: bye"),
        ("raise BaseException('no')", "BaseException: no"),
        ("import nosuchmodule", "ModuleNotFoundError"),
        ("def (", "SyntaxError"),
        ("", "it registers nothing"),
        ("print('noise')", "it registers nothing"),
    ],
)
def test_a_plugin_that_cannot_be_loaded_is_told_of_and_the_others_are_loaded(
    tmp_path, plugins, capsys, source, reason
):
    folder = plugins({"works": WORKS})
    (tmp_path / "broken.py").write_text(source)
    (tmp_path / "broken.py").chmod(0o600)
    loaded = load(["broken", "works"], folder)
    assert [each.name for each in loaded.broken] == ["broken"]
    assert reason in loaded.broken[0].reason
    assert list(loaded.channels) == ["works"]
    assert capsys.readouterr().out == ""


def test_a_plugin_in_a_file_that_others_may_write_is_not_loaded(tmp_path, plugins):
    folder = plugins({"works": WORKS})
    (tmp_path / "works.py").chmod(0o622)
    loaded = load(["works"], folder)
    assert "can be written by other users" in loaded.broken[0].reason


def test_secrets_of_this_process_are_not_handed_on(plugins, monkeypatch):
    monkeypatch.setenv("SMTP_PASSWORD", "canary")
    folder = plugins({"works": "return ok(detail=os.environ.get('SMTP_PASSWORD', 'nothing'))"})

    async def scenario():
        senders = await opened(folder, ["works"])
        outcome = await senders["works"].send(message(1))
        await senders["works"].close()
        return outcome

    outcome = asyncio.run(scenario())
    assert (outcome.kind, outcome.detail) == ("ok", "nothing")
