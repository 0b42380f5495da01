"""The delivery loop: claims what is due, sends it with no transaction open, and records how that ended.

Every channel has room for so many sends at a time and shares it with no other: a slow one fills its own and
nobody else's.
"""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol
from uuid import uuid4

from taskwatch import clock
from taskwatch.actions import deliveries
from taskwatch.actions.deliveries import Claimed, Ended
from taskwatch.errors import Unavailable
from taskwatch.model.backoff import Patience
from taskwatch.model.event import NOTIFICATION_CREATED
from taskwatch.plugin import Channel, Message, Outcome, retry
from taskwatch.services.database import Database
from taskwatch.services.fact import Fact

LONGEST_REST = 1.0
SWEEP_SECONDS = 60.0
DRAIN_SECONDS = 4.0
# Beyond the time a channel may take: so long its worker has to record how it ended.
LEASE_MARGIN_MS = 15_000

log = logging.getLogger(__name__)


class Sender(Protocol):
    """A channel that is set up: how many sends it has room for, and how many seconds each may take."""

    channel: type[Channel]
    room: int
    seconds: float

    async def send(self, message: Message) -> Outcome:
        """Try once; it ends at the message's deadline and raises only when cancelled."""
        ...


class Deliver:
    """Delivers for one process. `senders` are by channel; `ended` counts what its tries led to, by state.

    `now` tells the time in ms UTC, `chance` draws from 0..1. A channel that is not among the senders waits.
    """

    def __init__(
        self,
        database: Database,
        senders: Mapping[str, Sender],
        now: Callable[[], int],
        *,
        worker: str | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.senders = senders
        self.ended: Counter[str] = Counter()
        self._database = database
        self._now = now
        self._worker = worker or uuid4().hex
        self._chance = chance
        self._flights: dict[asyncio.Task[None], str] = {}
        self._landed: list[Ended] = []
        self._wake = asyncio.Event()
        self._swept = -SWEEP_SECONDS
        self._is_ending = False

    def learn(self, facts: Sequence[Fact]) -> None:
        """Something was planned, here or elsewhere: there may be something due."""
        if any(fact.kind == NOTIFICATION_CREATED for fact in facts):
            self.wake()

    def wake(self) -> None:
        """Look at once."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver until `stop`."""
        while not self._is_ending:
            await self._turn()
            await self._rest()

    async def drain(self) -> None:
        """Deliver what is due until nothing is and nothing is under way."""
        while await self._turn() or self._flights or self._landed:
            await self._rest()

    async def exchange(self, senders: Mapping[str, Sender], seconds: float = DRAIN_SECONDS) -> None:
        """Send by others from now on; return when those before have ended, or after these seconds."""
        before, self.senders = set(self._flights), senders
        self._wake.set()
        if before:
            await asyncio.wait(before, timeout=seconds)

    async def stop(self, seconds: float = DRAIN_SECONDS) -> None:
        """Claim no more, let what is under way end within these seconds, and give the rest back."""
        self._is_ending = True
        if self._flights:
            await asyncio.wait(self._flights, timeout=seconds)
        for flight in self._flights:
            flight.cancel()
        await asyncio.gather(*self._flights, return_exceptions=True)
        try:
            async with asyncio.timeout(seconds):
                await self._record()
                await self._database.work(deliveries.release, self._worker, self._now())
        except (Unavailable, TimeoutError) as error:
            log.warning("what is not given back is claimed anew when its lease ends: %s", error or "silence")
        self._wake.set()

    async def _turn(self) -> int:
        """Record what ended, then claim for the room there is; how many were claimed."""
        self._wake.clear()
        await self._record()
        await self._sweep()
        claimed = await self._claim()
        for each in claimed:
            flight = asyncio.get_running_loop().create_task(self._send(each))
            self._flights[flight] = each.channel
            flight.add_done_callback(self._land)
        return len(claimed)

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(LONGEST_REST):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _claim(self) -> list[Claimed]:
        room, now = self._room(), self._now()
        if not room or not await self._database.read(deliveries.is_due, list(room), now) or self._is_ending:
            return []
        lease_ms = LEASE_MARGIN_MS + round(1000 * max(self.senders[name].seconds for name in room))
        claimed = await self._database.work(
            deliveries.claim, self._worker, room, now, lease_ms, chance=self._chance()
        )
        return [] if self._is_ending else claimed

    def _room(self) -> dict[str, int]:
        taken = Counter(self._flights.values())
        room = {name: sender.room - taken[name] for name, sender in self.senders.items()}
        return {name: number for name, number in room.items() if number > 0}

    async def _send(self, claimed: Claimed) -> None:
        sender = self.senders[claimed.channel]
        deadline = self._now() + round(1000 * sender.seconds)
        try:
            outcome = await sender.send(claimed.message._replace(deadline=deadline))
        except Exception as error:
            log.exception("the channel %s failed", claimed.channel)
            outcome = retry(type(error).__name__)
        patience = Patience(sender.channel.tries, sender.channel.first_pause, sender.channel.longest_pause)
        self._landed.append(Ended(claimed, outcome, self._now(), self._chance(), patience))

    def _land(self, flight: "asyncio.Task[None]") -> None:
        del self._flights[flight]
        self._wake.set()

    async def _record(self) -> None:
        landed, self._landed = self._landed, []
        if not landed:
            return
        try:
            states = await self._database.work(deliveries.record_all, landed)
        except BaseException:
            self._landed = landed + self._landed  # it is known what became of them: never send them again
            raise
        self.ended.update(states)
        for each, state in zip(landed, states, strict=True):
            if each.outcome.kind != "ok":
                said = (each.claimed.id, each.claimed.channel, each.outcome.kind, state, each.outcome.detail)
                log.log(_LEVELS.get(state, logging.INFO), "delivery %d by %s: %s, now %s: %s", *said)

    async def _sweep(self) -> None:
        if clock.monotonic() - self._swept >= SWEEP_SECONDS:
            self._swept = clock.monotonic()
            self.ended["expired"] += await self._database.work(deliveries.expire, self._now())


_LEVELS = {"dead": logging.ERROR, "expired": logging.WARNING, "lost": logging.WARNING}
