"""A daemon that is replaced under its clients: none is refused, all are back at once, none misses a thing."""

import asyncio
import sys
import time
from urllib.parse import urlencode

import pytest

from chaos.processes import Author, Process
from chaos.wires import HOST, PUSHER, SocketWire, StreamWire, connect, until
from front.daemon import running

CHANNEL = "private-news"
END_WITHIN = 10  # seconds
BACK_WITHIN = 3


class Page:
    """What pusher-js does: comes back at once after 42xx, else in a second, after a refusal in fifteen."""

    def __init__(self, port):
        self.port = port
        self.refused = self.visits = 0
        self.joined, self.gaps, self.codes = asyncio.Event(), [], []
        self._lost = None

    async def live(self):
        """Come and come back, for ever."""
        while True:
            self.code, self.visits = 1006, self.visits + 1
            self.wire = SocketWire(self._take, PUSHER)
            try:
                await connect(self.wire, HOST, self.port)
            except OSError:
                self.refused += 1
                await asyncio.sleep(15)
                continue
            await asyncio.wait([self.wire.ended])
            self._lost = time.monotonic()
            self.joined.clear()
            self.codes.append(self.code)
            await asyncio.sleep(0 if 4200 <= self.code < 4300 else 1)

    def _take(self, message):
        match message:
            case {"close": code}:
                self.code = code
            case {"event": "pusher:connection_established", "data": data}:
                self.job = asyncio.create_task(self._join(data.split('"')[3]))
            case {"event": "pusher_internal:subscription_succeeded"}:
                if self._lost:
                    self.gaps.append(time.monotonic() - self._lost)
                self.joined.set()

    async def _join(self, socket_id):
        body = urlencode({"socket_id": socket_id, "channel_name": CHANNEL})
        reader, writer = await asyncio.open_connection(HOST, self.port)
        writer.write(
            f"POST /broadcasting/auth HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        answer = await reader.read()
        writer.close()
        assert b" 200 " in answer[:20], answer
        self.wire.subscribe(CHANNEL, auth=answer.rpartition(b'"auth":"')[2].partition(b'"')[0].decode())


class Follower:
    """An `EventSource` that comes back at once."""

    def __init__(self, port, cursor):
        self.port, self.cursor = port, cursor
        self.seqs, self.visits = [], 0

    async def live(self, last):
        """Until it has heard an event called so."""
        self.last, self.is_over = last, False
        while not self.is_over:
            self.visits += 1
            self.wire = StreamWire(self._take, "topic=news", self.cursor)
            await connect(self.wire, HOST, self.port)
            await self.wire.ended

    def _take(self, message):
        assert message["event"] == "message.published", message
        self.cursor = message["id"]
        self.seqs.append(message["data"]["seq"])
        if message["data"]["data"]["name"] == self.last:
            self.is_over = True
            self.wire.drop()


async def replace(daemon):
    """Stop it and start another one; the seconds of each."""
    begun = time.monotonic()
    await asyncio.to_thread(daemon.stop)
    stopped = time.monotonic()
    await asyncio.to_thread(daemon.start)
    return stopped - begun, time.monotonic() - stopped


async def restarted(daemon, count):
    """Replace the daemon under so many pages."""
    pages = [Page(daemon.port) for _ in range(count)]
    async with asyncio.timeout(60):
        jobs = [asyncio.create_task(page.live()) for page in pages]
        await asyncio.gather(*(page.joined.wait() for page in pages))
        begun = time.monotonic()
        ending, starting = await replace(daemon)
        await asyncio.gather(*(page.joined.wait() for page in pages))
        back = time.monotonic() - begun
    gaps = sorted(gap for page in pages for gap in page.gaps)
    sys.stdout.write(
        f"{count} pages: {ending:.2f} s to end, {starting:.2f} s to start, all back {back:.2f} s "
        f"after the signal; longest absence {gaps[-1]:.2f} s, median {gaps[count // 2]:.2f} s\n"
    )
    for job in jobs:
        job.cancel()
    await asyncio.gather(*jobs, return_exceptions=True)
    for page in pages:
        page.wire.drop()
    await asyncio.wait([page.wire.ended for page in pages])
    assert sum(page.refused for page in pages) == 0
    assert {code for page in pages for code in page.codes} == {4200}
    assert [page.visits for page in pages] == [2] * count
    assert ending < END_WITHIN
    assert back < BACK_WITHIN


def test_a_restart_refuses_nobody_and_all_are_back_in_no_time(tmp_path):
    with running(Process(tmp_path)) as daemon:
        asyncio.run(restarted(daemon, 60))


@pytest.mark.long
def test_a_restart_under_five_hundred_pages(tmp_path):
    with running(Process(tmp_path)) as daemon:
        asyncio.run(restarted(daemon, 500))


def test_nobody_misses_anything_when_the_daemon_is_killed(tmp_path):
    async def main(daemon):
        async with Author(daemon.path) as author, asyncio.timeout(30):
            first = (await author.say())[0]
            followers = [Follower(daemon.port, str(first)) for _ in range(30)]
            async with asyncio.TaskGroup() as group:
                for follower in followers:
                    group.create_task(follower.live("last"))
                seqs = await author.say(50)
                await until(lambda: all(follower.seqs[-1:] == seqs[-1:] for follower in followers))
                starting = group.create_task(killed_and_started(daemon))
                while not starting.done():
                    seqs += await author.say(5)
                seqs += await author.say(name="last")
        assert all(follower.seqs == seqs for follower in followers)
        assert all(follower.visits > 1 for follower in followers)

    with running(Process(tmp_path)) as daemon:
        asyncio.run(main(daemon))


async def killed_and_started(daemon):
    daemon.kill()
    await asyncio.to_thread(daemon.start)
