"""How the workers do: each looks at itself and tells the others, so that any of them can show all."""

import asyncio
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

from taskwatch import clock
from taskwatch.services.bus import GONE, Bus, Message
from taskwatch.services.lag import Lag

if TYPE_CHECKING:
    from taskwatch.server.house import House

EVERY_SECONDS = 2.0
KINDS = ("sse", "websocket", "pusher")


class VitalShape(TypedDict):
    """One worker; `since` in ms UTC, the rest of the times in seconds.

    `clients` counts live connections by kind, `cut_off` those that did not read. `tick_age` is how long ago
    the SLA loop looked, null in a worker without it. `lag` is how late the event loop is, `worst_lag` how
    late it was at worst in the last minute.
    """

    number: int
    process: int
    since: int
    cursor: str
    clients: dict[str, int]
    cut_off: int
    tick_age: float | None
    lag: float
    worst_lag: float


class Vitals:
    """Those of this worker, and what the others told last."""

    def __init__(self, house: "House", bus: Bus, number: int) -> None:
        self.lag = Lag()
        self._house = house
        self._bus = bus
        self._number = number
        self._others: dict[int, VitalShape] = {}
        bus.listen(self._hear)

    async def run(self) -> None:
        """Tell the others, for ever."""
        while True:
            self._tell()
            await asyncio.sleep(EVERY_SECONDS)

    def all(self) -> Sequence[VitalShape]:
        """Every worker that is known, by its number."""
        known = {**self._others, self._number: self.own()}
        return [known[number] for number in sorted(known)]

    def own(self) -> VitalShape:
        """This worker, now."""
        here = self._house
        counted, tick = here.clients.count(), here.watch.last_tick if here.watch else None
        return {
            "number": self._number,
            "process": os.getpid(),
            "since": here.since,
            "cursor": here.hub.cursor,
            "clients": {kind: counted.get(kind, 0) for kind in KINDS},
            "cut_off": here.clients.cut_off,
            "tick_age": None if tick is None else clock.monotonic() - tick,
            "lag": self.lag.last,
            "worst_lag": self.lag.worst,
        }

    def _tell(self) -> None:
        self._bus.send({"vitals": self.own()})

    def _hear(self, sender: int, message: Message) -> None:
        if message == GONE:
            self._others.pop(sender, None)
        elif "vitals" in message:
            is_new = sender not in self._others
            self._others[sender] = message["vitals"]
            if is_new:
                self._tell()
