"""How late the event loop is: what every request and every live client waits in a worker that is busy."""

import asyncio
from collections import deque

from taskwatch import clock

EVERY_SECONDS = 0.5
KEPT = 120  # a minute of them


class Lag:
    """Measures by sleeping: what a sleep takes too long is what everybody else waited. In seconds."""

    def __init__(self) -> None:
        self._measured: deque[float] = deque(maxlen=KEPT)

    @property
    def last(self) -> float:
        """The newest measurement; 0.0 before the first."""
        return self._measured[-1] if self._measured else 0.0

    @property
    def worst(self) -> float:
        """The worst of the last minute."""
        return max(self._measured, default=0.0)

    async def run(self) -> None:
        """Measure for ever."""
        while True:
            begun = clock.monotonic()
            await asyncio.sleep(EVERY_SECONDS)
            self._measured.append(max(0.0, clock.monotonic() - begun - EVERY_SECONDS))
