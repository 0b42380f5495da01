"""The relay: follows the event log by its cursor and gives every new fact to the hub, once and in order.

It reads in a thread of its own, which waits for the bell and hands each batch to the event loop in one step:
a change is with the clients after two switches between threads. A bell that is not heard costs at most a
quarter of a second, or a second where a server is asked.

A database that is away is asked again until it is back; what happened meanwhile is in the log.

When the log breaks off behind it, because it was restored or pruned faster than it was read, it goes on from
where the log ends now and says so: nobody may take what comes next for what follows.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import closing

from taskwatch.actions import events
from taskwatch.actions.events import FactRow
from taskwatch.errors import Conflict, Unavailable
from taskwatch.services import fact
from taskwatch.services.bell import Bell
from taskwatch.services.fact import Fact
from taskwatch.services.hub import Hub
from taskwatch.store import Store, open_store, wake

RETRY_SECONDS = 1.0
# A server that falls silent is noticed so many seconds and a little later.
PATIENCE = 4.0
BATCH = 500
# How many batches may wait for the event loop: a flood stays in the log until there is time for it.
AHEAD = 2

Listener = Callable[[Sequence[Fact]], None]

log = logging.getLogger(__name__)


class Relay:
    """One per worker. `listeners` hear every batch after the clients did, in the event loop.

    `on_break` hears when facts went by that nobody was given: what was made of the log is to be made anew.
    """

    def __init__(self, url: str, hub: Hub) -> None:
        self.listeners: list[Listener] = []
        self.on_break: list[Callable[[], None]] = []
        self._url = url
        self._hub = hub
        self._bell: Bell | None = None
        self._thread: threading.Thread | None = None
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._room = threading.Semaphore(AHEAD)
        self._is_ending = False
        self._is_away = False

    async def start(self) -> None:
        """Stand at the end of the log, and follow it from there."""
        loop = asyncio.get_running_loop()
        begun: asyncio.Future[tuple[str, int]] = loop.create_future()
        self._bell = Bell(self._url)
        self._thread = threading.Thread(
            target=self._run, args=(loop, self._bell, begun), name="taskwatch-relay"
        )
        self._thread.start()
        self._hub.begin(*await begun)

    async def pass_on(self) -> None:
        """Return when all that is in the log by now has gone out."""
        if self._bell:
            done = asyncio.get_running_loop().create_future()
            self._waiting.append(done)
            self._bell.ring()
            await done

    async def stop(self) -> None:
        """Follow no more."""
        self._is_ending = True
        if self._bell and self._thread:
            self._bell.ring()
            self._room.release()
            await asyncio.to_thread(self._thread.join)
            self._bell.close()
            self._bell = None
        while self._waiting:
            self._waiting.popleft().cancel()

    def _run(
        self, loop: asyncio.AbstractEventLoop, bell: Bell, begun: "asyncio.Future[tuple[str, int]]"
    ) -> None:
        try:
            with closing(open_store(self._url, patience=PATIENCE)) as store:
                epoch, seq = events.position(store)
                loop.call_soon_threadsafe(begun.set_result, (epoch, seq))
                self._follow(store, loop, bell, epoch, seq)
        except BaseException as error:
            log.exception("the event log cannot be followed")
            loop.call_soon_threadsafe(_fail, begun, error)

    def _follow(
        self, store: Store, loop: asyncio.AbstractEventLoop, bell: Bell, epoch: str, seq: int
    ) -> None:
        asking: list[asyncio.Future[None]] = []
        rest = wake.poll_seconds(self._url)
        while not self._is_ending:
            asking += self._take_waiting()
            try:
                epoch, seq, rows = self._read(store, loop, epoch, seq)
            except Unavailable as error:
                self._note_outage(error.message)
                bell.wait(RETRY_SECONDS)
                continue
            except Exception:
                log.exception("the event log cannot be read and is tried again")
                bell.wait(RETRY_SECONDS)
                continue
            self._note_outage(None)
            if rows:
                seq = rows[-1].seq
                self._room.acquire()
                loop.call_soon_threadsafe(self._tell, [fact.read(row, epoch) for row in rows])
            if len(rows) < BATCH:
                if asking:
                    loop.call_soon_threadsafe(_release, asking)
                    asking = []
                bell.wait(rest)
        self._waiting.extend(asking)

    def _read(
        self, store: Store, loop: asyncio.AbstractEventLoop, epoch: str, seq: int
    ) -> tuple[str, int, list[FactRow]]:
        """What is new and the place before it: where the log broke off that is its end, and nothing is."""
        try:
            return epoch, seq, events.facts_after(store, epoch, seq, BATCH)
        except Conflict as error:
            log.warning("%s: clients begin anew", error.message)
            epoch, seq = events.position(store)
            loop.call_soon_threadsafe(self._begin_anew, epoch, seq)
            return epoch, seq, []

    def _note_outage(self, why: str | None) -> None:
        """Say once that the database is away, and once that it is back."""
        if why and not self._is_away:
            log.warning("the event log cannot be read and is tried again: %s", why)
        elif self._is_away and not why:
            log.warning("the event log is read again")
        self._is_away = why is not None

    def _take_waiting(self) -> list["asyncio.Future[None]"]:
        """Those who want to know when all that is in the log by now has gone out."""
        return [self._waiting.popleft() for _ in range(len(self._waiting))]

    def _tell(self, facts: Sequence[Fact]) -> None:
        self._room.release()
        self._hub.publish(facts)
        for listener in self.listeners:
            listener(facts)

    def _begin_anew(self, epoch: str, seq: int) -> None:
        self._hub.begin(epoch, seq)
        for told in self.on_break:
            told()


def _release(asking: list["asyncio.Future[None]"]) -> None:
    for done in asking:
        if not done.done():
            done.set_result(None)


def _fail(begun: "asyncio.Future[tuple[str, int]]", error: BaseException) -> None:
    if not begun.done():
        begun.set_exception(error)
