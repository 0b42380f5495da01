"""Two worker processes behind one port: one daemon to its clients; the death of a worker is a drop."""

import asyncio
import contextlib
import json
import os
import signal
from pathlib import Path
from urllib.parse import urlencode

import pytest

from chaos.processes import Author, Process
from chaos.wires import HOST, PUSHER, SocketWire, StreamWire, connect, until
from front.daemon import running
from taskwatch import clock
from taskwatch.actions import tasks, tokens, transitions
from taskwatch.actions.change import Change
from taskwatch.actions.tasks import NewTask
from taskwatch.server.pusher.signing import sign_channel, sign_request, sign_user
from taskwatch.server.settings import PusherApp

ROOM = "presence-room"
PATIENCE = 10
HOUR = 3_600_000


class Visitor:
    """A client on the worker of one's choice; `heard` is what came."""

    def __init__(self, office, user_id=None):
        self.office, self.user_id = office, user_id
        self.heard, self._new = [], asyncio.Event()
        self.wire = None

    async def come(self, wire, number):
        """Connect while the other worker is not able to take the connection."""
        self.wire = wire
        with self.office.only(number):
            await connect(wire, HOST, self.office.port)

    async def follow(self, number, cursor=None):
        """Follow everything over `/events`."""
        await self.come(StreamWire(self._hear, "topic=admin.sla.alerts&topic=news", cursor), number)

    async def page(self, number, *channels):
        """Join channels over the Pusher protocol."""
        await self.come(SocketWire(self._hear, PUSHER), number)
        greeting = await self.hear(event="pusher:connection_established")
        self.socket_id = json.loads(greeting["data"])["socket_id"]
        await self._sign_in()
        for channel in channels:
            self.wire.subscribe(channel, **self._granted(channel))
            await self.hear(event="pusher_internal:subscription_succeeded", channel=channel)

    async def hear(self, **wanted):
        """The next message, heard already or not, that is like this; those before it are dropped."""
        async with asyncio.timeout(PATIENCE):
            while True:
                while self.heard:
                    message = self.heard.pop(0)
                    if wanted.items() <= message.items():
                        return message
                self._new.clear()
                await self._new.wait()

    async def _sign_in(self):
        data = json.dumps({"id": self.user_id})
        auth = sign_user(self.office.app, self.socket_id, data)
        self.wire.say(event="pusher:signin", data={"auth": auth, "user_data": data})
        await self.hear(event="pusher:signin_success")

    def _granted(self, channel):
        data = json.dumps({"user_id": self.user_id}) if channel == ROOM else None
        auth = sign_channel(self.office.app, self.socket_id, channel, data)
        return {"auth": auth} | ({"channel_data": data} if data else {})

    def _hear(self, message):
        self.heard.append(message)
        self._new.set()


class Office:
    """The daemon with its workers."""

    def __init__(self, daemon, author, secret):
        self.daemon, self.author = daemon, author
        self.port, self.workers = daemon.port, daemon.workers()
        self.app = PusherApp("1", "taskwatch", secret.encode())

    @contextlib.contextmanager
    def only(self, number):
        """Let one worker alone take connections."""
        others = [pid for other, pid in self.workers.items() if other != number]
        for pid in others:
            os.kill(pid, signal.SIGSTOP)
            _await_standstill(pid)
        try:
            yield
        finally:
            for pid in others:
                os.kill(pid, signal.SIGCONT)

    async def kill(self, number):
        """End a worker in the middle of what it does, and wait for the next one of that number."""
        dead = self.workers[number]
        os.kill(dead, signal.SIGKILL)
        await until(lambda: self.daemon.workers().get(number, dead) != dead)
        self.workers = self.daemon.workers()

    async def post(self, path, body="", **headers):
        """The status of an answer."""
        reader, writer = await asyncio.open_connection(HOST, self.port)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
            f"Content-Type: application/json\r\n{lines}\r\n{body}".encode()
        )
        answer = await reader.read()
        writer.close()
        return int(answer.split(b" ", 2)[1])

    async def terminate(self, user_id):
        path = f"/apps/1/users/{user_id}/terminate_connections"
        query = sign_request(self.app, "POST", path, query=[], body=b"{}", now=clock.now())
        return await self.post(f"{path}?{urlencode(query)}", "{}")

    async def late_task(self, code):
        """A task that ran over long ago; its topic."""
        begun = Change(clock.now() - HOUR)
        await self.author.write(tasks.add, [NewTask(code, timeout_minutes=1)], begun)
        await self.author.write(transitions.transition, "start", [code], begun)


@pytest.fixture
def office(tmp_path):
    """Run a scenario with a daemon of two workers."""

    def play(scenario):
        async def main(daemon):
            async with Author(daemon.path) as author:
                secret = await author.write(tokens.app_secret)
                await scenario(Office(daemon, author, secret))

        settings = {"server.workers": "2", "pusher.client_events": "true"}
        with running(Process(tmp_path, settings)) as daemon:
            asyncio.run(main(daemon))

    return play


def test_both_workers_are_one_daemon(office):
    async def scenario(here):
        near, far = Visitor(here, "7"), Visitor(here, "8")
        await near.page(0, "private-news", ROOM)
        await far.page(1, "private-news", ROOM)
        added = await near.hear(event="pusher_internal:member_added")
        assert json.loads(added["data"])["user_id"] == "8"
        await _hear_changes(here, [near, far])
        await _hear_whispers(near, far)
        await _spare_who_caused_it(here, near, far)
        await _terminate(here, near, far)

    office(scenario)


async def _hear_changes(here, visitors):
    streams = [Visitor(here), Visitor(here)]
    for number, stream in enumerate(streams):
        await stream.follow(number)
    (seq,) = await here.author.say()
    for each in visitors:
        while not (await each.hear(event="tick"))["id"].endswith(f"-{seq}"):
            pass
    for each in streams:
        assert (await each.hear(event="message.published"))["data"]["seq"] == seq
        each.wire.drop()


async def _hear_whispers(near, far):
    for speaker, listener in ((near, far), (far, near)):
        speaker.wire.say(event="client-typing", channel=ROOM, data={"by": speaker.user_id})
        heard = await listener.hear(event="client-typing")
        assert (heard["data"], heard["user_id"]) == ({"by": speaker.user_id}, speaker.user_id)


async def _spare_who_caused_it(here, near, far):
    """Whichever worker takes the request, the socket of either is spared."""
    await here.author.write(tasks.add, [NewTask("A"), NewTask("B")], Change(clock.now()))
    await _hear_changes(here, [near, far])
    for number, (ref, causer, other) in enumerate((("A", near, far), ("B", far, near))):
        channel = f"private-task.{number + 1}"
        for each in (near, far):
            each.wire.subscribe(channel, **each._granted(channel))
            await each.hear(event="pusher_internal:subscription_succeeded", channel=channel)
        status = await here.post(f"/api/v1/tasks/{ref}/start", "{}", **{"X-Socket-ID": causer.socket_id})
        assert status == 200
        await other.hear(event="task.status.changed", channel=channel)
        (seq,) = await here.author.say()
        while not (message := await causer.hear()).get("id", "").endswith(f"-{seq}"):
            assert message["event"] != "task.status.changed"


async def _terminate(here, near, far):
    """From whichever worker takes the request; 4009 means for good."""
    assert await here.terminate("8") == 200
    await far.hear(close=4009)
    removed = await near.hear(event="pusher_internal:member_removed")
    assert json.loads(removed["data"])["user_id"] == "8"
    assert await here.terminate("7") == 200
    await near.hear(close=4009)


def test_a_worker_that_dies_takes_its_members_with_it_and_its_clients_come_back(office):
    async def scenario(here):
        near, far, stream = Visitor(here, "7"), Visitor(here, "8"), Visitor(here)
        await near.page(0, ROOM)
        await far.page(1, ROOM)
        await stream.follow(1)
        await here.author.say()
        cursor = (await stream.hear(event="message.published"))["id"]
        await here.kill(1)
        removed = await near.hear(event="pusher_internal:member_removed")
        assert json.loads(removed["data"])["user_id"] == "8"
        await asyncio.wait([far.wire.ended, stream.wire.ended])
        (seq,) = await here.author.say()
        await far.page(0, ROOM)
        await stream.follow(0, cursor)
        assert (await stream.hear(event="message.published"))["data"]["seq"] == seq
        await near.hear(event="pusher_internal:member_added")
        for each in (near, far, stream):
            each.wire.drop()

    office(scenario)


def test_alerts_go_on_when_their_worker_dies(office):
    async def scenario(here):
        stream = Visitor(here)
        await stream.follow(1)
        await here.late_task("A")
        assert (await stream.hear(event="task.sla.exceeded"))["data"]["data"]["task_code"] == "A"
        await here.kill(0)
        await here.late_task("B")
        assert (await stream.hear(event="task.sla.exceeded"))["data"]["data"]["task_code"] == "B"
        assert not any(message.get("event") == "task.sla.exceeded" for message in stream.heard)
        stream.wire.drop()

    office(scenario)


def _await_standstill(pid):
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        os.sched_yield()
