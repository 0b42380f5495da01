"""The lag of the event loop."""

import asyncio
from contextlib import suppress

from taskwatch import clock
from taskwatch.services import lag
from taskwatch.services.lag import Lag


async def until(condition):
    while not condition():  # noqa: ASYNC110 - it measures, and tells nobody
        await asyncio.sleep(0)


def test_a_loop_that_is_kept_busy_is_late(monkeypatch):
    monkeypatch.setattr(lag, "EVERY_SECONDS", 0.01)

    async def scene():
        measure = Lag()
        assert (measure.last, measure.worst) == (0.0, 0.0)
        running = asyncio.create_task(measure.run())
        await asyncio.sleep(0)
        busy_until = clock.monotonic() + 0.2
        while clock.monotonic() < busy_until:
            pass
        await until(lambda: measure.worst)
        assert measure.worst > 0.1
        seen = measure.worst
        await until(lambda: measure.last != seen)
        assert measure.worst == seen
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    asyncio.run(scene())
