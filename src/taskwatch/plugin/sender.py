"""A sender: a channel that is set up, with its deadline kept and its words tidied, whatever it does."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from taskwatch import clock
from taskwatch.errors import InvalidInput
from taskwatch.model.names import CONTROL, shown
from taskwatch.plugin.calling import call, failed, hide, take, tidy
from taskwatch.plugin.channel import Channel
from taskwatch.plugin.message import Message
from taskwatch.plugin.outcome import Outcome, misconfigured, retry, unknown
from taskwatch.plugin.wording import fit

_LONGEST_ADDRESS = 1_000
_CLOSING_SECONDS = 2.0


class Runner(Protocol):
    """Where a channel runs: in this process or in one of its own. Seconds are how long it may take."""

    async def send(self, message: Message, seconds: float) -> object:
        """Try once; TimeoutError if the time ran out."""

    async def probe(self, seconds: float) -> object:
        """Whether it would work; TimeoutError if the time ran out."""

    def check_address(self, address: str) -> str:
        """The address as it is kept; ValueError if it can be none."""

    async def close(self) -> None:
        """Let go of what it holds."""


class Sender:
    """A channel ready to send: `channel` is its class, `room` how many may be under way."""

    def __init__(
        self,
        name: str,
        channel: type[Channel],
        runner: Runner,
        *,
        secrets: tuple[str, ...],
        seconds: float,
        room: int,
        now: Callable[[], int],
    ) -> None:
        self.name = name
        self.channel = channel
        self.room = room
        self.seconds = seconds
        self._runner = runner
        self._secrets = secrets
        self._now = now

    async def send(self, message: Message) -> Outcome:
        """Try once. It never raises but when it is cancelled, and ends at the deadline (+1 s if killed)."""
        left = min(self.seconds, (message.deadline - self._now()) / 1000)
        if left <= 0:
            return retry("its time ran out before its turn came")
        fitted = fit(message, self.channel)._replace(deadline=clock.now() + round(1000 * left))
        try:
            return take(await self._runner.send(fitted, left), self._secrets)
        except TimeoutError:
            return unknown(f"no answer within {left:.3g} s")
        except Exception as error:  # noqa: BLE001  whatever a channel raises is an outcome
            return failed(error, self._secrets)

    async def probe(self) -> Outcome:
        """Whether it would work, as far as can be told without a message that anybody sees."""
        try:
            return take(await self._runner.probe(self.seconds), self._secrets)
        except TimeoutError:
            return unknown(f"no answer within {self.seconds:.3g} s")
        except Exception as error:  # noqa: BLE001  whatever a channel raises is an outcome
            return failed(error, self._secrets)

    def check_address(self, address: str) -> str:
        """An address as it is kept; InvalidInput with a sentence if it can be none."""
        if not address.strip() or len(address) > _LONGEST_ADDRESS or CONTROL.search(address):
            raise InvalidInput(f"an address cannot be {shown(address)}", hint="write it on one line")
        try:
            return self._runner.check_address(address.strip())
        except ValueError as error:
            message = tidy(error, self._secrets) or f"{self.name} has no such address"
            raise InvalidInput(message, hint=f"see: taskwatch plugins show {self.channel.name}") from None

    def hide(self, text: str) -> str:
        """A text without the secrets of this channel."""
        return hide(text, self._secrets)

    async def close(self) -> None:
        """Let go of connections and processes; it never raises, and may be called again."""
        try:
            async with asyncio.timeout(_CLOSING_SECONDS):
                await self._runner.close()
        except Exception:  # noqa: BLE001  nothing of a channel may keep us from ending
            import logging

            logging.getLogger(__name__).warning("the channel %s could not be closed", self.name)


class Inline:
    """A channel in this process: one of our own, which gives way to others and can be cancelled."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def send(self, message: Message, seconds: float) -> object:
        """Try once; TimeoutError if the time ran out."""
        async with asyncio.timeout(seconds):
            return await call(self._channel.send, message)

    async def probe(self, seconds: float) -> object:
        """Whether it would work; TimeoutError if the time ran out."""
        async with asyncio.timeout(seconds):
            return await call(self._channel.probe)

    def check_address(self, address: str) -> str:
        """The address as it is kept; ValueError if it can be none."""
        return self._channel.check_address(address)

    async def close(self) -> None:
        """Let go of connections."""
        await call(self._channel.close)


class Missing:
    """In place of a channel whose plugin is broken: messages wait until it is repaired."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    async def send(self, message: Message, seconds: float) -> object:
        """Say what is wrong."""
        del message, seconds
        return misconfigured(self._reason)

    async def probe(self, seconds: float) -> object:
        """Say what is wrong."""
        del seconds
        return misconfigured(self._reason)

    def check_address(self, address: str) -> str:
        """Nobody knows: ValueError says why."""
        raise ValueError(f"{address} cannot be checked: {self._reason}")

    async def close(self) -> None:
        """There is nothing to let go of."""
