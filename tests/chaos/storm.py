"""Clients that are dropped again and again while the log grows, and what each of them should have heard."""

import asyncio
from contextlib import AsyncExitStack

from chaos.followers import END, PusherFollower, SocketFollower, StreamFollower
from chaos.wires import HOST, Cutter
from live import serving
from taskwatch.actions import events, messages, tasks, upkeep
from taskwatch.actions.change import Change
from taskwatch.actions.messages import Message
from taskwatch.actions.tasks import NewTask
from taskwatch.services.database import Database
from taskwatch.testing import START

TOPICS = ("news", "news.sport", "weather", "noise")
LAGS = (0, 0, 100, 900, 2_500)
EVENT_BYTES = 330


class Storm:
    """A daemon, its followers and a writer. With `prunes`, what is old is forgotten so often on the way."""

    def __init__(self, path, rng, *, clients, drops, count, prunes=0):
        self.path, self.rng = path, rng
        self.drops, self.count = drops, count
        self.moved = asyncio.Event()
        self.log = []  # the seq and the topics of all that was ever written
        self.mark = self.pruning = self.pruned = 0
        self._prunes_left, self._prunes = prunes, prunes
        self._turned = asyncio.Event()
        self.database = Database(str(path))
        kinds = (
            (StreamFollower, SocketFollower) if prunes else (StreamFollower, SocketFollower, PusherFollower)
        )
        self.followers = [kinds[number % len(kinds)](self) for number in range(clients)]

    async def rage(self, seconds):
        """From the first event to the last, until everybody has been dropped as often as planned."""
        async with asyncio.timeout(seconds), AsyncExitStack() as stack:
            stack.push_async_callback(self.database.close)
            self.daemon = await stack.enter_async_context(serving(self.path))
            self.port = int(self.daemon.address.rpartition(":")[2])
            life = EVENT_BYTES * 2 * self.count // (self.drops + 1)
            self.cutter = await stack.enter_async_context(Cutter(HOST, self.port, self.rng, life).cutting())
            async with asyncio.TaskGroup() as group:
                for follower in self.followers:
                    follower.begin(self.daemon.house.hub.cursor)
                    group.create_task(follower.live())
                await self._write()

    def outlet(self, name):
        """What the daemon writes to, by the name of the other end."""
        outlets = self.daemon.house.clients
        return next((each for each in outlets if each.transport.get_extra_info("peername") == name), None)

    async def next_prune(self):
        """Stay away until something more was forgotten, if that is still to come."""
        if self._prunes_left:
            await self._turned.wait()

    async def _write(self):
        written, now = 0, START
        while written < self.count:
            size = min(self.rng.choice([1, 5, 40, 150]), self.count - written)
            now += 1_000
            await self._burst(size, now)
            written += size
            if self._prunes_left and written > self.count * (1 - self._prunes_left / (self._prunes + 1)):
                await self._prune(now)
            await self._wait(self.rng.choice(LAGS))
        await self._publish([_message(END, END)], now + 1)

    async def _burst(self, size, now):
        if self.rng.random() < 0.2:
            codes = [NewTask(f"T{now}-{number}") for number in range(size - 1)]
            if codes:
                await self.database.write(tasks.add, codes, Change(now))
            wanted = [_message("tasks", "news")]
        else:
            topics = [self.rng.choice(TOPICS) for _ in range(size - 1)]
            wanted = [_message(f"n{number}", topic) for number, topic in enumerate([*topics, "news"])]
        await self._publish(wanted, now)

    async def _publish(self, wanted, now):
        self.mark = (await self.database.write(messages.publish, wanted, now))[-1]
        last = self.log[-1][0] if self.log else 0
        rows = await self.database.read(events.facts, last, 2**40)
        self.log += [(row.seq, tuple(row.topics.split())) for row in rows]

    async def _wait(self, lag):
        """Until nobody with a cursor is further behind than so many events."""
        while any(each.is_behind(self.mark - lag) for each in self.followers):
            self.moved.clear()
            await self.moved.wait()

    async def _prune(self, now):
        _, self.pruning = await self.database.read(upkeep.prunable, now, 0)
        await self.database.work(upkeep.prune, now, 0)
        self.pruned = self.pruning
        self._prunes_left -= 1
        self._turned.set()
        self._turned = asyncio.Event()


def _message(name, topic):
    return Message(name, (topic, f"cache-{topic}"), (topic,), '{"text":"something happened"}')
