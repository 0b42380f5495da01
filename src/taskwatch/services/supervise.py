"""Keeping a loop alive: what fails is told and tried again, ever more slowly."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from taskwatch.errors import Unavailable

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
# What is away is not at fault, and is to be used as soon as it is back.
OUTAGE_PAUSE = 2.0
FORGET_SECONDS = 60.0

log = logging.getLogger(__name__)


async def keep(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` for ever; it is begun again whenever it fails."""
    loop, pause = asyncio.get_running_loop(), FIRST_PAUSE
    while True:
        begun, longest = loop.time(), LONGEST_PAUSE
        try:
            await work()
        except Unavailable as error:
            log.warning("the %s loop begins again: %s", name, error.message)
            longest = OUTAGE_PAUSE
        except Exception:
            log.exception("the %s loop failed and begins again", name)
        if loop.time() - begun > FORGET_SECONDS:
            pause = FIRST_PAUSE
        pause = min(pause, longest)
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
