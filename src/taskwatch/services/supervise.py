"""Keeping a loop alive: what fails is told and tried again, ever more slowly."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
FORGET_SECONDS = 60.0

log = logging.getLogger(__name__)


async def keep(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` for ever; it is begun again whenever it fails."""
    loop, pause = asyncio.get_running_loop(), FIRST_PAUSE
    while True:
        begun = loop.time()
        try:
            await work()
        except Exception:
            log.exception("the %s loop failed and begins again", name)
        if loop.time() - begun > FORGET_SECONDS:
            pause = FIRST_PAUSE
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
