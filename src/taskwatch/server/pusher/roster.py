"""Who is in which channel, over all worker processes: every worker keeps the whole roster.

A worker enters and drops its own sockets, and sends the message of each outcome over the bus; it applies
what the others send. Changes are what a worker has to tell its own sockets in the channel. A user is in a
presence channel from its first connection, on whichever worker, until its last one is gone.

    {"roster": "join", "seat": [socket, channel, user id | null, user info | null]}
    {"roster": "leave", "socket", "channel"}      {"roster": "drop", "socket"}
    {"roster": "ask", "seats": […]}               a worker that starts: whoever hears it answers with
    {"roster": "snapshot", "seats": […]}          all seats of one worker, in place of what was known
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeVar


class Member(NamedTuple):
    """A user in a presence channel, and what the others may know of it."""

    user_id: str
    user_info: Any


class MemberAdded(NamedTuple):
    """A user came: tell all but the socket (of this worker) it came by, whose ack names it already."""

    channel: str
    member: Member
    except_socket: str | None


class MemberRemoved(NamedTuple):
    """A user is gone: tell everybody."""

    channel: str
    user_id: str


class Counted(NamedTuple):
    """The number of subscriptions of a channel without presence is another now."""

    channel: str
    subscriptions: int


Change = MemberAdded | MemberRemoved | Counted


class Outcome(NamedTuple):
    """What to tell this worker's own sockets, and what to send over the bus, if anything."""

    changes: list[Change]
    message: dict[str, Any] | None = None


_Place = tuple[int, str]  # worker, socket id
_K = TypeVar("_K")
_V = TypeVar("_V")


class Roster:
    """The roster as worker number `worker` knows it."""

    def __init__(self, worker: int) -> None:
        self._worker = worker
        self._seats: dict[str, dict[_Place, Member | None]] = {}
        self._users: dict[str, dict[str, dict[_Place, Member]]] = {}
        self._channels: dict[_Place, dict[str, None]] = {}

    def join(self, socket_id: str, channel: str, member: Member | None = None) -> Outcome:
        """Enter an own socket; a member if the channel has presence."""
        changes = self._enter((self._worker, socket_id), channel, member)
        return Outcome(changes, {"roster": "join", "seat": [socket_id, channel, *(member or (None, None))]})

    def leave(self, socket_id: str, channel: str) -> Outcome:
        """Let an own socket leave a channel."""
        changes = self._exit((self._worker, socket_id), channel)
        return Outcome(changes, {"roster": "leave", "socket": socket_id, "channel": channel})

    def drop(self, socket_id: str) -> Outcome:
        """Let an own socket leave all of its channels: it is gone."""
        place = (self._worker, socket_id)
        message = {"roster": "drop", "socket": socket_id} if place in self._channels else None
        return Outcome(self._drop([place]), message)

    def ask(self) -> dict[str, Any]:
        """The message by which a worker that starts asks the others for their sockets."""
        return {"roster": "ask", "seats": self._own_seats()}

    def apply(self, worker: int, message: Mapping[str, Any]) -> Outcome:
        """Apply what another worker sent; messages that are not about the roster do nothing."""
        match message:
            case {"gone": True}:
                changes = self.vanish(worker)
            case {"roster": "join", "seat": [socket_id, channel, user_id, user_info]}:
                changes = self._enter((worker, socket_id), channel, _member(user_id, user_info))
            case {"roster": "leave", "socket": socket_id, "channel": channel}:
                changes = self._exit((worker, socket_id), channel)
            case {"roster": "drop", "socket": socket_id}:
                changes = self._drop([(worker, socket_id)])
            case {"roster": "ask" | "snapshot", "seats": seats}:
                changes = self._replace(worker, seats)
            case _:
                changes = []
        asked = message.get("roster") == "ask"
        return Outcome(changes, {"roster": "snapshot", "seats": self._own_seats()} if asked else None)

    def vanish(self, worker: int) -> list[Change]:
        """Let all sockets of a worker leave: it died."""
        return self._drop([place for place in self._channels if place[0] == worker])

    def channels(self, prefix: str = "") -> list[str]:
        """The channels that somebody is in, those of single users aside, in order."""
        return sorted(name for name in self._seats if name.startswith(prefix) and not name.startswith("#"))

    def subscription_count(self, channel: str) -> int:
        """How many sockets are in a channel."""
        return len(self._seats.get(channel, ()))

    def users(self, channel: str) -> dict[str, Any]:
        """The users in a presence channel: id → info."""
        users = self._users.get(channel, {})
        return {user_id: next(iter(places.values())).user_info for user_id, places in users.items()}

    def _enter(self, place: _Place, channel: str, member: Member | None) -> list[Change]:
        seats = self._seats.setdefault(channel, {})
        if place in seats:
            return []
        seats[place] = member
        self._channels.setdefault(place, {})[channel] = None
        if member is None:
            return [Counted(channel, len(seats))]
        places = self._users.setdefault(channel, {}).setdefault(member.user_id, {})
        places[place] = member
        if len(places) > 1:
            return []
        return [MemberAdded(channel, member, place[1] if place[0] == self._worker else None)]

    def _exit(self, place: _Place, channel: str) -> list[Change]:
        seats = self._seats.get(channel, {})
        if place not in seats:
            return []
        member = seats.pop(place)
        _discard(self._channels, place, channel)
        if not seats:
            del self._seats[channel]
        return [Counted(channel, len(seats))] if member is None else self._remove(place, channel, member)

    def _remove(self, place: _Place, channel: str, member: Member) -> list[Change]:
        places = self._users[channel][member.user_id]
        del places[place]
        if places:
            return []
        _discard(self._users, channel, member.user_id)
        return [MemberRemoved(channel, member.user_id)]

    def _drop(self, places: Iterable[_Place]) -> list[Change]:
        seats = [(place, channel) for place in places for channel in self._channels.get(place, ())]
        return _settled([change for place, channel in seats for change in self._exit(place, channel)])

    def _replace(self, worker: int, seats: Iterable[list[Any]]) -> list[Change]:
        wanted = {((worker, seat[0]), seat[1]): _member(*seat[2:]) for seat in seats}
        known = {
            (place, channel): self._seats[channel][place]
            for place, channels in self._channels.items()
            for channel in channels
            if place[0] == worker
        }
        gone = [key for key, member in known.items() if key not in wanted or wanted[key] != member]
        changes = [change for key in gone for change in self._exit(*key)]
        changes += [change for key, member in wanted.items() for change in self._enter(*key, member)]
        return _settled(changes)

    def _own_seats(self) -> list[list[Any]]:
        return [
            [socket_id, channel, *(self._seats[channel][worker, socket_id] or (None, None))]
            for (worker, socket_id), channels in self._channels.items()
            for channel in channels
            if worker == self._worker
        ]


def _member(user_id: str | None, user_info: Any) -> Member | None:
    return None if user_id is None else Member(user_id, user_info)


def _discard(groups: dict[_K, dict[str, _V]], group: _K, item: str) -> None:
    """Take an item out of its group, and the group out when it was the last."""
    del groups[group][item]
    if not groups[group]:
        del groups[group]


def _settled(changes: list[Change]) -> list[Change]:
    """Of many counts of a channel only the last."""
    counts = {change.channel: change for change in changes if isinstance(change, Counted)}
    return [*(change for change in changes if not isinstance(change, Counted)), *counts.values()]
