"""Daemons as processes on several machines, as far as they can tell: they share nothing but a server."""

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing, suppress

from chaos.processes import Author
from chaos.wires import HOST, StreamWire, connect
from taskwatch import clock
from taskwatch.actions import tasks, transitions
from taskwatch.actions.change import Change
from taskwatch.actions.tasks import NewTask
from taskwatch.errors import Unavailable
from taskwatch.store import open_store

PATIENCE = 30  # seconds
SILENCE = 3  # seconds after which a client tries another node
PAUSE = 0.1
HOUR = 3_600_000
LOG = "SELECT seq, kind, topics, payload FROM events ORDER BY seq"
ALERTS = "SELECT 1 FROM alerts JOIN tasks ON tasks.id = alerts.task_id WHERE code = %s"
LAUNCH = "import sys; from taskwatch.cli import main; {fault}; sys.exit(main(sys.argv[1:]))"


class Node:
    """A daemon with a folder and a port of its own. `fault` is Python that spoils it before it begins."""

    def __init__(self, folder, url, *, fault="pass"):
        folder.mkdir()
        self._folder, self._url, self._fault = folder, url, fault
        with socket.create_server((HOST, 0)) as probe:
            self.port = probe.getsockname()[1]
        self._process = None

    def start(self):
        """Run it, and wait until it is ready."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TASKWATCH_")}
        home = {"HOME": str(self._folder), "XDG_STATE_HOME": str(self._folder), "TASKWATCH_DB": self._url}
        command = [sys.executable, "-c", LAUNCH.format(fault=self._fault), "-o", f"server.port={self.port}"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "daemon"], env=kept | home, cwd=self._folder, stdout=log, stderr=log
            )
        deadline = time.monotonic() + PATIENCE
        while not self._is_ready():
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(PAUSE)

    def kill(self):
        """End it in the middle of whatever it does."""
        self._process.kill()
        self._process.wait()

    def freeze(self):
        """Let it stand still, with all it holds."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self):
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def stop(self):
        """End it as a service does."""
        self._process.send_signal(signal.SIGTERM)
        try:
            assert self._process.wait(PATIENCE) == 0, self.log()
        finally:
            self._process.kill()
            self._process.wait()

    def log(self):
        """What it has said so far."""
        return (self._folder / "log").read_text()

    def _is_ready(self):
        with (
            suppress(OSError, http.client.HTTPException),
            closing(http.client.HTTPConnection(HOST, self.port, timeout=PATIENCE)) as connection,
        ):
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        return False


class Follower:
    """A client that goes to another node, with its cursor, whenever it is cut off or hears nothing."""

    def __init__(self, nodes, cursor, first):
        self._nodes, self._cursor, self._turn = nodes, cursor, first
        self.seqs, self.visits, self.resets = [], 0, 0
        self._turned = None

    async def live(self):
        """Until it is cancelled."""
        while True:
            self._turn += 1
            wire = StreamWire(self._take, "topic=task.*&topic=news", self._cursor)
            try:
                await self._visit(wire, self._nodes[self._turn % len(self._nodes)].port)
            except (OSError, TimeoutError):
                await asyncio.sleep(PAUSE)
            finally:
                if wire.transport:
                    wire.drop()

    async def _visit(self, wire, port):
        async with asyncio.timeout(SILENCE):
            await connect(wire, HOST, port)
        self.visits += 1
        await self._listen(wire)

    async def _listen(self, wire):
        """Until it ends, or is silent."""
        while not wire.ended.done():
            self._turned = asyncio.get_running_loop().create_future()
            await asyncio.wait(
                [wire.ended, self._turned], timeout=SILENCE, return_when=asyncio.FIRST_COMPLETED
            )
            if not (wire.ended.done() or self._turned.done()):
                return
        wire.ended.result()

    def _take(self, message):
        if self._turned and not self._turned.done():
            self._turned.set_result(None)
        if message["event"] == "reset":
            self.resets += 1
        elif message["event"] != "bye":
            self._cursor = message["id"]
            self.seqs.append(message["data"]["seq"])


class Fleet:
    """Nodes on one database, clients that start and complete tasks through them, and others that follow."""

    def __init__(self, url, nodes, rng):
        self.url, self.nodes, self.rng = url, nodes, rng
        self.acknowledged = Counter()
        self.late = []

    async def work(self, codes, *, writers=4, followers=6, chaos=None):
        """Move every task from ready to completed while the chaos lasts, then wait for all to be heard."""
        async with Author(self.url) as author:
            await author.write(tasks.add, [NewTask(code) for code in codes], Change(clock.now()))
            self._author, first = author, (await author.say())[0]
            self.followers = [Follower(self.nodes, str(first), number) for number in range(followers)]
            living = [asyncio.create_task(each.live()) for each in self.followers]
            waiting = list(codes)
            async with asyncio.TaskGroup() as group:
                for _ in range(writers):
                    group.create_task(self._move(waiting))
                if chaos:
                    group.create_task(chaos(self))
            self.last = (await author.say(name="last"))[0]
            try:
                async with asyncio.timeout(PATIENCE):
                    while not all(each.seqs[-1:] == [self.last] for each in self.followers):  # noqa: ASYNC110
                        await asyncio.sleep(PAUSE)
            finally:
                for job in living:
                    job.cancel()
                await asyncio.gather(*living, return_exceptions=True)
            self.first = first

    async def be_late(self, code):
        """A task that ran over long ago; the seconds until a node says so."""
        begun = Change(clock.now() - HOUR, key=code)
        await self._surely(tasks.add, [NewTask(code, timeout_minutes=1)], begun)
        await self._surely(transitions.transition, "start", [code], begun._replace(key=f"{code}-start"))
        waited = time.monotonic()
        while not await self._surely(_alerts, code):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(PAUSE)
        self.late.append(code)
        return time.monotonic() - waited

    async def _surely(self, action, *args):
        """Past the nodes, as often as needed while the server is away."""
        while True:
            with suppress(Unavailable):
                return await self._author.write(action, *args)

    async def _move(self, waiting):
        while waiting:
            code = waiting.pop()
            for verb in ("start", "complete"):
                await self._persist(code, verb)
                self.acknowledged[code] += 1

    async def _persist(self, code, verb):
        """Ask one node after the other until one says that it is done; the key makes it once."""
        while True:
            with suppress(OSError, TimeoutError, IndexError):
                async with asyncio.timeout(SILENCE):
                    status, answer = await _post(self.rng.choice(self.nodes).port, code, verb)
                if status == 200:
                    return
                assert status in {500, 503}, (status, answer)
            await asyncio.sleep(PAUSE)

    def check(self):
        """Whether everything acknowledged is there once, everybody heard it, and each alert is one."""
        store = open_store(self.url)
        with store.read() as tx:
            assert tx.all(tuple, "events.disagreeing") == []
        rows = store.connection.execute(
            "SELECT seq, kind, topics, payload FROM events ORDER BY seq"
        ).fetchall()
        store.close()
        self._check_changes(rows)
        self._check_followers(rows)

    def _check_changes(self, rows):
        done, alerts = Counter(), Counter()
        for _, kind, _, payload in rows:
            told = json.loads(payload)
            if kind == "task.status.changed" and told["new_status"] in {"in_progress", "completed"}:
                done[told["task_code"], told["new_status"]] += 1
            if kind == "task.sla.exceeded":
                alerts[told["task_code"], told["cycle"], told["ordinal"]] += 1
        lost = [code for code in self.acknowledged if not done[code, "completed"]]
        assert not lost, f"acknowledged and lost: {lost[:5]}"
        assert set(done.values()) == {1}, "a change was made twice"
        assert set(alerts.values()) <= {1}, "an alert was doubled"
        assert {code for code, *_ in alerts} == set(self.late)

    def _check_followers(self, rows):
        wanted = [seq for seq, _, topics, _ in rows if _is_followed(topics) and self.first < seq <= self.last]
        for each in self.followers:
            assert each.resets == 0, "a reset without need"
            assert each.seqs == wanted, _difference(each.seqs, wanted)


async def _post(port, code, verb):
    """The status and the rest of an answer."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        head = f"POST /api/v1/tasks/{code}/{verb} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        key = f"Idempotency-Key: {code}-{verb}\r\n"
        rest = "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
        writer.write(f"{head}{key}{rest}".encode())
        answer = await reader.read()
    finally:
        writer.transport.abort()
    return int(answer.split(b" ", 2)[1]), answer


def _alerts(store, code):
    return store.connection.execute(ALERTS, [code]).fetchall()


def _is_followed(topics):
    return any(topic == "news" or topic.startswith("task.") for topic in topics.split())


def _difference(heard, wanted):
    missed, more = sorted(set(wanted) - set(heard)), len(heard) - len(set(heard))
    return f"{len(missed)} missed ({missed[:5]}), {more} twice, {len(set(heard) - set(wanted))} of nobody's"
