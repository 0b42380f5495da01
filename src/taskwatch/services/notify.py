"""Notifying as one thing: the planner and the delivery loop, with the channels of a configuration."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypedDict

from taskwatch.actions import planning, retention
from taskwatch.actions.planner import Planner, planner
from taskwatch.actions.retention import Keep
from taskwatch.config import Config
from taskwatch.config.channels import channels
from taskwatch.config.plugins import enabled_plugins, plugin_folder
from taskwatch.plugin import Services
from taskwatch.plugin.loading import Plugins, load
from taskwatch.plugin.sender import Sender
from taskwatch.plugin.setup import open_channels
from taskwatch.services.database import Database
from taskwatch.services.deliver import DRAIN_SECONDS, Deliver
from taskwatch.services.fact import Fact
from taskwatch.services.plan import LONGEST_REST, Plan
from taskwatch.services.supervise import keep
from taskwatch.services.tidy import Tidy

_COUNTED = ("events", "notifications", "suppressed")


class RunShape(TypedDict):
    """What one run did: events told of, messages made and held back, deliveries by the state they came to.

    `pending` were tried and wait for their next try.
    """

    events: int
    notifications: int
    suppressed: int
    sent: int
    pending: int
    dead: int
    expired: int


class Kit(NamedTuple):
    """What a configuration gives to notify with."""

    planner: Planner
    senders: dict[str, Sender]
    keep: Keep = Keep()


def equip(config: Config, environ: Mapping[str, str], public_url: str, now: Callable[[], int]) -> Kit:
    """The channels and rules of a configuration, with the plugins it names; close the senders at the end.

    Raises:
        InvalidConfig: a channel, an option of one or a rule is wrong.
    """
    plugins: Plugins = load(enabled_plugins(config), plugin_folder(config, environ), apart=True)
    planned = planner(config, plugins, public_url=public_url)
    senders = open_channels(channels(config), plugins, Services(public_url), now=now)
    return Kit(planned, senders, retention.keep(config))


class Notify:
    """Plans and delivers for one process. Only one of several workers should plan; all may deliver."""

    def __init__(self, database: Database, kit: Kit, now: Callable[[], int]) -> None:
        self._database = database
        self._now = now
        self._kit = kit
        self._planned: Counter[str] = Counter()
        self.deliver = Deliver(database, kit.senders, now)
        self.tidy = Tidy(database, now, kit.keep)
        self.plan = Plan(database, now, kit.planner, self.deliver.wake)

    def learn(self, facts: Sequence[Fact]) -> None:
        """Something happened: there may be something to plan, or to deliver."""
        self.plan.learn(facts)
        self.deliver.learn(facts)

    async def once(self) -> RunShape:
        """Plan all that happened, deliver all that is due, and return."""
        await self._plan_all()
        await self.deliver.drain()
        return self._done()

    async def until(self, ending: asyncio.Event) -> RunShape:
        """The same, for ever: until the event is set and what was under way has ended."""
        loops = [
            asyncio.create_task(keep("planning", self._plan_for_ever)),
            asyncio.create_task(keep("delivery", self.deliver.run)),
        ]
        await ending.wait()
        await self.deliver.stop()
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        return self._done()

    async def exchange(self, kit: Kit) -> None:
        """Go on with other channels and rules; the old channels are closed when their sends ended."""
        old, self._kit = self._kit, kit
        self.plan.planner, self.tidy.keep = kit.planner, kit.keep
        await self.deliver.exchange(kit.senders)
        await _close(old)

    async def stop(self, seconds: float = DRAIN_SECONDS) -> None:
        """Deliver no more: let what is under way end within these seconds, and close the channels."""
        await self.deliver.stop(seconds)
        await _close(self._kit)

    async def _plan_for_ever(self) -> None:
        while True:
            await self._plan_all()
            await asyncio.sleep(LONGEST_REST)

    async def _plan_all(self) -> None:
        more = True
        while more:
            done = await self._database.work(planning.plan, self._now(), self.plan.planner)
            more = done.more
            self._planned.update({name: getattr(done, name) for name in _COUNTED})
            if done.deliveries:
                self.deliver.wake()

    def _done(self) -> RunShape:
        planned, ended = self._planned, self.deliver.ended
        return {
            "events": planned["events"],
            "notifications": planned["notifications"],
            "suppressed": planned["suppressed"],
            "sent": ended["sent"],
            "pending": ended["pending"],
            "dead": ended["dead"],
            "expired": ended["expired"],
        }


async def _close(kit: Kit) -> None:
    await asyncio.gather(*(sender.close() for sender in kit.senders.values()))
