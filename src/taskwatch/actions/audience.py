"""The people a message may go to: who they are, what they want and where they are reached, read once each."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import NamedTuple

from taskwatch.actions import contacts
from taskwatch.actions.lookup import User
from taskwatch.actions.planner import Planner
from taskwatch.model.calm import SILENT, Person
from taskwatch.model.mute import Mute
from taskwatch.model.preference import Preference, Quiet
from taskwatch.model.routing import ADMINS
from taskwatch.model.times import parse_zone
from taskwatch.plugin import Recipient
from taskwatch.store import Tx


class Reader(NamedTuple):
    """A user who may be told, and what they want."""

    user: User
    person: Person

    @property
    def recipient(self) -> Recipient:
        """The user as messages name them."""
        return Recipient(self.user.id, self.user.name, self.user.timezone)


class Audience:
    """Everybody, as of one transaction at `now` (ms)."""

    def __init__(self, tx: Tx, planner: Planner, now: int) -> None:
        self._tx = tx
        self._planner = planner
        self._now = now
        self._people: dict[str, Sequence[int]] = {}
        self._readers: dict[int, Reader | None] = {}
        self._addresses: dict[tuple[int, str], list[str | None]] = {}
        self.mutes = tx.all(Mute, "mutes.standing", now=now)

    def people(self, selector: str) -> Sequence[int]:
        """The ids of the users that `admins`, `user:5`, `role:x` or a selector of a plugin means."""
        if selector not in self._people:
            self._people[selector] = self._find(selector)
        return self._people[selector]

    def reader(self, user_id: int) -> Reader | None:
        """A user and their wishes; None if there is no such user."""
        if user_id not in self._readers:
            user = self._tx.one(User, "people.user", id=user_id)
            self._readers[user_id] = Reader(user, self._person(user)) if user else None
        return self._readers[user_id]

    def addresses(self, reader: Reader, channel: str) -> list[str | None]:
        """Where to send: each working address of a person, else an empty one if the channel has one for all.

        A None is nowhere: they have no address, or none that works.
        """
        place = reader.user.id, channel
        if place not in self._addresses:
            self._addresses[place] = self._reach(reader.user, channel)
        return self._addresses[place]

    def _find(self, selector: str) -> Sequence[int]:
        kind, _, value = selector.partition(":")
        if selector == ADMINS:
            return [row[0] for row in self._tx.all(tuple, "planning.admins")]
        if kind == "role":
            return [row[0] for row in self._tx.all(tuple, "planning.members", role_name=value)]
        if kind == "user":
            return [int(value)]
        return self._planner.resolve(selector, self._now)

    def _person(self, user: User) -> Person:
        return Person(
            self._zone(user),
            self._tx.all(Preference, "preferences.of", user_id=user.id),
            self._tx.one(Quiet, "preferences.quiet", user_id=user.id),
        )

    def _zone(self, user: User) -> tzinfo:
        return parse_zone(user.timezone) if user.timezone else self._planner.zone

    def _reach(self, user: User, channel: str) -> list[str | None]:
        if channel in SILENT:
            return [""]
        if usable := contacts.addresses(self._tx, user, channel):
            return [*usable]
        is_shared = not self._planner.channels[channel]
        return [""] if is_shared and not contacts.known(self._tx, user, channel) else [None]
