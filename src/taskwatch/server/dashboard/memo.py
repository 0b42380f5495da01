"""Dear answers, kept for many times as long as they took: what is cheap is always new."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, NamedTuple, TypeVar, cast

from aiohttp import web

from taskwatch import clock

T = TypeVar("T")

FACTOR = 20
LEAST_SECONDS, MOST_SECONDS = 0.5, 120.0
MOST_KEPT = 64


class _Answer(NamedTuple):
    """An answer under way or done; `until` (monotonic) is known when it is done."""

    making: "asyncio.Task[Any]"
    until: list[float]


class Memo:
    """Answers by what they answer. Nobody waits for an answer that another already waits for."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, _Answer] = {}

    async def get(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """The answer that `make` gives, or gave not long ago."""
        answer = self._kept.get(key)
        if answer is None or (answer.until and clock.monotonic() >= answer.until[0]):
            until: list[float] = []
            answer = _Answer(asyncio.ensure_future(_time(make, until)), until)
            self._keep(key, answer)
        return cast("T", await asyncio.shield(answer.making))

    def _keep(self, key: Hashable, answer: _Answer) -> None:
        self._kept.pop(key, None)
        if len(self._kept) >= MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = answer


MEMO = web.AppKey("memo", Memo)


async def _time(make: Callable[[], Awaitable[T]], until: list[float]) -> T:
    began = clock.monotonic()
    until_now = began
    try:
        found = await make()
        until_now = clock.monotonic()
        return found
    finally:  # a failure is not kept
        life = min(max(FACTOR * (until_now - began), LEAST_SECONDS), MOST_SECONDS)
        until.append(until_now + life if until_now > began else until_now)
