"""What processes on several machines tell each other, through the database that they share.

Each is a node under a number that no other has. A thread of its own says what is to be said, many messages
at once, and hears the others. Nodes tell every few seconds that they are there; one that is silent for longer
is GONE, as is one that says goodbye. Whoever was deaf for a while hears MISSED, and asks anew.
"""

import asyncio
import logging
import os
import secrets
import select
import socket
import threading
from collections import deque

from taskwatch import clock
from taskwatch.errors import Unavailable
from taskwatch.services.bus import Handler, Message
from taskwatch.services.gathering import BYE, MISSED, Gathering, Heard
from taskwatch.store.postgres.line import PostgresLine

HERE_SECONDS = 5.0
SILENCE_SECONDS = 15.0
RETRY_SECONDS = 1.0
# What waited to be said is said when the others can be thought to be back as well.
RETURN_SECONDS = 1.5
MOST_WAITING = 10_000
MOST_READS = 100

log = logging.getLogger(__name__)


class NodeBus:
    """The bus of one process among all that share a database; a `Bus` to whoever sends and listens."""

    def __init__(self, url: str) -> None:
        self.number = secrets.randbits(63)
        self.name = f"{socket.gethostname()} {os.getpid()}"
        self._line = PostgresLine(url)
        self._gathering = Gathering(self.number, SILENCE_SECONDS)
        self._handlers: list[Handler] = []
        self._waiting: deque[tuple[float, Message]] = deque(maxlen=MOST_WAITING)
        self._unsaid: list[str] = []
        self._said_at = 0.0
        self._ending = threading.Event()
        self._is_away = False
        self._has_been_there = False
        self._hand, self._gong = socket.socketpair()
        self._hand.setblocking(False)
        self._gong.setblocking(False)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def names(self) -> list[str]:
        """The machine and process of every node that is there, this one among them."""
        return sorted([self.name, *self._gathering.names])

    def send(self, message: Message) -> None:
        """Tell every other node. Never waits."""
        self._waiting.append((clock.monotonic(), message))
        self._ring()

    def listen(self, handler: Handler) -> None:
        """Have every message handed over from now on, in the event loop, with the number of its sender."""
        self._handlers.append(handler)

    def start(self) -> None:
        """Talk, in the background of the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="taskwatch-nodes")
        self._thread.start()

    async def stop(self) -> None:
        """Say goodbye, as far as the others can be reached."""
        self._ending.set()
        self._ring()
        thread, self._thread = self._thread, None
        if thread:
            await asyncio.to_thread(thread.join)
        self._hand.close()
        self._gong.close()

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self._talk()
            except Unavailable as error:
                if not self._is_away:
                    log.warning("the other nodes cannot be heard: %s", error.message)
                self._is_away = True
            except Exception:
                log.exception("the talk with the other nodes failed and begins again")
            self._line.close()
            self._ending.wait(RETRY_SECONDS)

    def _talk(self) -> None:
        """Hear and say until the end."""
        self._join()
        while not self._ending.is_set():
            self._say()
            self._hear()
            self._rest(self._said_at + HERE_SECONDS - clock.monotonic())
        self._waiting.append((clock.monotonic(), BYE))
        self._say()

    def _join(self) -> None:
        self._line.connect()
        self._said_at = 0.0
        if self._is_away:
            log.warning("the other nodes can be heard again")
            self._is_away = False
        if self._has_been_there:
            self._ending.wait(RETURN_SECONDS)
            self._gathering.rejoin(clock.monotonic())
            self._hand_over([(self.number, MISSED)])
        self._has_been_there = True

    def _say(self) -> None:
        """Say what waits; what may not have been heard by anybody is said once more, as the same."""
        now = clock.monotonic()
        messages = [message for at, message in self._take_waiting() if not _is_stale(message, now - at)]
        if now - self._said_at >= HERE_SECONDS:
            messages.append({"here": self.name})
        if messages:
            self._unsaid += self._gathering.texts(messages)
        if self._unsaid:
            self._line.say(self._unsaid)
            self._unsaid, self._said_at = [], now

    def _hear(self) -> None:
        for _ in range(MOST_READS):
            texts = self._line.hear()
            if not texts:
                break
            self._hand_over([each for text in texts for each in self._read(text)])
        self._hand_over(self._gathering.give_up(clock.monotonic()))
        if self._gathering.greet():
            self._said_at = 0.0

    def _read(self, text: str) -> Heard:
        try:
            return self._gathering.hear(text, clock.monotonic())
        except (ValueError, TypeError, IndexError):
            log.warning("something was said to the nodes that is none of taskwatch's words")
            return []

    def _hand_over(self, heard: Heard) -> None:
        if heard and self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._deliver, heard)

    def _deliver(self, heard: Heard) -> None:
        for sender, message in heard:
            for handler in self._handlers:
                try:
                    handler(sender, message)
                except Exception:
                    log.exception("a message from another node could not be handled")

    def _take_waiting(self) -> list[tuple[float, Message]]:
        return [self._waiting.popleft() for _ in range(len(self._waiting))]

    def _rest(self, seconds: float) -> None:
        """Wait so long at most, until there is something to say or to hear."""
        poll = select.poll()
        poll.register(self._gong, select.POLLIN)
        poll.register(self._line.fileno(), select.POLLIN)
        poll.poll(max(0.0, seconds) * 1000)
        try:
            self._gong.recv(4096)
        except BlockingIOError:
            return

    def _ring(self) -> None:
        try:
            self._hand.send(b"\0")
        except OSError:  # rung often enough, or it has ended
            return


def _is_stale(message: Message, age: float) -> bool:
    """Whether it was meant for a moment that is over."""
    return "whisper" in message and age > SILENCE_SECONDS
