"""Where the sockets of one worker meet: channels, presence, whispers, and the other workers over the bus.

{"whisper": {"channel", "text"}}      a client's event, for everybody in the channel
{"terminate": user id}                end the sockets of a user
{"missed": true}                      something went by unheard: ask the others who is there
{"roster": …}                         see the roster
"""

import asyncio
import random
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Literal

from taskwatch.actions import events
from taskwatch.server.pusher import frames, names
from taskwatch.server.pusher.effects import Acknowledge, Effect, Join, Leave, Seat, SignIn, Whisper
from taskwatch.server.pusher.encoding import PusherEncoding
from taskwatch.server.pusher.line import Line
from taskwatch.server.pusher.names import Channel
from taskwatch.server.pusher.roster import (
    Change,
    Counted,
    Member,
    MemberAdded,
    MemberRemoved,
    Outcome,
    Roster,
)
from taskwatch.server.pusher.state import Rules
from taskwatch.server.revocation import read as revocation_in
from taskwatch.server.settings import Settings
from taskwatch.services import fact as facts_
from taskwatch.services.bus import Bus, Message
from taskwatch.services.database import Database
from taskwatch.services.fact import Fact
from taskwatch.services.hub import Hub

REMEMBERED = 10_000
PRIMED = 1_000
SIGNED_IN = "#signed-in"
MANY = 100
COUNT_SECONDS = 5.0
"""Above a hundred subscriptions their number is told every five seconds only."""


class Switchboard:
    """The sockets of one worker."""

    def __init__(self, hub: Hub, settings: Settings, bus: Bus, number: int) -> None:
        self.settings = settings
        self.roster = Roster(number)
        self.encoding = PusherEncoding()
        self._hub = hub
        self._bus = bus
        self._lines: dict[str, Line] = {}
        self._members: dict[str, dict[Line, None]] = {}
        self._last: OrderedDict[str, Fact] = OrderedDict()
        self._revocations = 0
        self._revoked: dict[int | str | None, int] = {}
        self._counting: dict[str, asyncio.TimerHandle] = {}

    @property
    def rules(self) -> Rules:
        """What sockets may do at present."""
        return Rules(self.settings.app, client_events=self.settings.client_events)

    async def begin(self, database: Database) -> None:
        """Remember what was last, and ask the other workers who is there."""
        rows = await database.read(events.facts, max(0, self._hub.seq - PRIMED), PRIMED)
        self.learn([facts_.read(row, self._hub.epoch) for row in rows])
        self._bus.listen(self._hear)
        self._bus.send(self.roster.ask())

    def new_socket_id(self) -> str:
        """An id that no socket has and nobody guesses."""
        system = random.SystemRandom()
        return names.socket_id(system.randrange(10**9, 10**10), system.randrange(10**9, 10**10))

    def enter(self, line: Line) -> None:
        """A socket was greeted."""
        line.since = self._revocations
        self._lines[line.socket_id] = line

    def part(self, line: Line) -> None:
        """A socket is gone."""
        if self._lines.pop(line.socket_id, None) is None:
            return
        self._hub.leave(line.outlet)
        for channel in line.state.channels:
            self._forget(line, channel)
        self._settle(self.roster.drop(line.socket_id))

    def carry_out(self, line: Line, effect: Effect) -> None:
        """Do what the protocol decided for a socket, as far as it concerns others."""
        match effect:
            case Join(channel, seat):
                self.join(line, channel, seat)
            case Acknowledge(channel):
                self.acknowledge(line, channel)
            case Leave(channel):
                self.leave(line, channel)
            case SignIn(seat, watchlist):
                self.sign_in(line, seat, watchlist)
            case Whisper(channel_name, text):
                self.whisper(line, channel_name, text)

    def join(self, line: Line, channel: Channel, seat: Seat) -> None:
        """Enter a channel: its ack, what was last, and from then on what happens."""
        member = Member(seat.user_id or "", seat.user_info) if channel.access == "presence" else None
        outcome = self.roster.join(line.socket_id, channel.name, member)
        self._members.setdefault(channel.name, {})[line] = None
        self.acknowledge(line, channel)
        if channel.cached:
            line.send(self._last_text(channel.name) or frames.cache_miss(channel.name))
        self._hub.follow(line.outlet, frozenset(line.state.channels))
        self._settle(outcome)

    def acknowledge(self, line: Line, channel: Channel) -> None:
        """Tell a socket that it is in a channel, and with whom."""
        users = self.roster.users(channel.name) if channel.access == "presence" else None
        line.send(frames.subscription_succeeded(channel.name, users))

    def leave(self, line: Line, channel: Channel) -> None:
        """Leave a channel."""
        self._forget(line, channel.name)
        self._hub.follow(line.outlet, frozenset(line.state.channels))
        self._settle(self.roster.leave(line.socket_id, channel.name))

    def sign_in(self, line: Line, seat: Seat, watchlist: Iterable[str]) -> None:
        """A socket belongs to a user from now on."""
        line.watchlist = frozenset(watchlist)
        self._settle(self.roster.join(line.socket_id, SIGNED_IN, Member(seat.user_id or "", {})))
        there = line.watchlist & self.roster.users(SIGNED_IN).keys()
        if there:
            line.send(frames.watchlist_events("online", sorted(there)))
        if away := line.watchlist - there:
            line.send(frames.watchlist_events("offline", sorted(away)))

    def whisper(self, line: Line, channel: str, text: str) -> None:
        """Send a client's event to everybody else in a channel."""
        self._say(channel, text, but=line.socket_id)
        self._bus.send({"whisper": {"channel": channel, "text": text}})

    def terminate(self, user_id: str) -> None:
        """End the sockets of a user for good, on every worker: their pages do not come back by themselves."""
        self._end(user_id)
        self._bus.send({"terminate": user_id})

    def cached(self, channel: str) -> str | None:
        """The data of what a cache channel would repeat."""
        parsed = names.parse(channel)
        last = self._last_of(channel) if parsed and parsed.cached else None
        return last and self.encoding.data(last)

    def was_revoked(self, line: Line, seat: Seat) -> bool:
        """Whether a signature may be of somebody who lost rights since the socket is here.

        One that comes back needs a new signature, and is judged by that.
        """
        return any(self._revoked.get(key, 0) > line.since for key in (seat.credential, seat.user_id))

    def learn(self, facts: Sequence[Fact]) -> None:
        """Remember the last fact of every topic and published channel, and who lost rights when."""
        if (revocation := revocation_in(facts)) is not None:
            self._revocations += 1
            self._revoked |= dict.fromkeys(revocation.credentials | revocation.users, self._revocations)
        for fact in facts:
            for name in self.encoding.carriers(fact):
                self._last[name] = fact
                self._last.move_to_end(name)
        while len(self._last) > REMEMBERED:
            self._last.popitem(last=False)

    def learn_anew(self) -> None:
        """What was last may not be the last any more."""
        self._last.clear()

    def close(self) -> None:
        """Count no more."""
        for timer in self._counting.values():
            timer.cancel()
        self._counting.clear()

    def _last_text(self, channel: str) -> str | None:
        last = self._last_of(channel)
        return last and self.encoding.text(last, channel)

    def _last_of(self, channel: str) -> Fact | None:
        """What was last on a channel: published there, or a fact of its topic."""
        found = (self._last.get(f"={channel}"), self._last.get(self.encoding.topic(channel)))
        return max((each for each in found if each), key=lambda each: each.seq, default=None)

    def _forget(self, line: Line, channel: str) -> None:
        if (members := self._members.get(channel)) is not None:
            members.pop(line, None)
            if not members:
                del self._members[channel]

    def _hear(self, sender: int, message: Message) -> None:
        match message:
            case {"whisper": {"channel": channel, "text": text}}:
                self._say(channel, text)
            case {"terminate": user_id}:
                self._end(user_id)
            case {"missed": True}:
                self._bus.send(self.roster.ask())
            case _:
                self._settle(self.roster.apply(sender, message))

    def _settle(self, outcome: Outcome) -> None:
        for change in outcome.changes:
            self._tell(change)
        if outcome.message:
            self._bus.send(outcome.message)

    def _tell(self, change: Change) -> None:
        match change:
            case Counted(channel, subscriptions):
                self._count(channel, subscriptions)
            case MemberAdded(channel, member, socket_id):
                if channel == SIGNED_IN:
                    self._tell_watchers("online", member.user_id)
                else:
                    self._say(channel, frames.member_added(channel, *member), but=socket_id)
            case MemberRemoved(channel, user_id):
                if channel == SIGNED_IN:
                    self._tell_watchers("offline", user_id)
                else:
                    self._say(channel, frames.member_removed(channel, user_id))

    def _tell_watchers(self, what: Literal["online", "offline"], user_id: str) -> None:
        for line in self._lines.values():
            if user_id in line.watchlist and not line.is_user(user_id):
                line.send(frames.watchlist_events(what, [user_id]))

    def _count(self, channel: str, subscriptions: int) -> None:
        if not self.settings.subscription_counts or channel in self._counting:
            return
        if subscriptions <= MANY:
            self._say(channel, frames.subscription_count(channel, subscriptions))
        else:
            loop = asyncio.get_running_loop()
            self._counting[channel] = loop.call_later(COUNT_SECONDS, self._tell_count, channel)

    def _tell_count(self, channel: str) -> None:
        del self._counting[channel]
        self._say(channel, frames.subscription_count(channel, self.roster.subscription_count(channel)))

    def _say(self, channel: str, text: str, *, but: str | None = None) -> None:
        for line in tuple(self._members.get(channel, ())):
            if line.socket_id != but:
                line.send(text)

    def _end(self, user_id: str) -> None:
        for line in tuple(self._lines.values()):
            if line.is_user(user_id):
                line.end(4009)
