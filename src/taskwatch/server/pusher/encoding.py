"""How a fact looks to clients of the Pusher protocol: a frame for each of their channels that carries it."""

import functools
import json
from collections.abc import Sequence

from taskwatch.model import event
from taskwatch.server.frames import text_frame
from taskwatch.server.pusher import frames, names
from taskwatch.services.fact import Fact
from taskwatch.services.hub import Memo

NOTIFICATION = "Illuminate\\Notifications\\Events\\BroadcastNotificationCreated"


class PusherEncoding:
    """One for all sockets of a worker."""

    def topic(self, name: str) -> str:
        """The topic behind a channel."""
        return names.topic_of(name) or name

    def encode(self, facts: Sequence[Fact], names: frozenset[str], memo: Memo) -> bytes:
        """The frames of a batch, in order; a frame is made once for all who are in its channel."""
        channels = _by_topic(names)
        return b"".join(
            self._frame(fact, channel, memo)
            for fact in facts
            for topic in fact.topics
            for channel in channels.get(topic, ())
        )

    def carriers(self, fact: Fact) -> list[str]:
        """What a fact is the last word of: its topics, or `=channel` for those it was published to."""
        if fact.kind != event.MESSAGE_PUBLISHED:
            return list(fact.topics)
        return [f"={channel}" for channel in json.loads(fact.payload)["channels"]]

    def data(self, fact: Fact) -> str:
        """What a client gets as the data of its event."""
        if fact.kind != event.MESSAGE_PUBLISHED:
            return fact.payload
        data: str = json.loads(fact.payload)["data"]
        return data

    def text(self, fact: Fact, channel: str) -> str | None:
        """What a channel hears of a fact; None if it was published to others only."""
        if fact.kind != event.MESSAGE_PUBLISHED:
            return frames.event(channel, fact.kind, fact.payload, fact.id)
        message = json.loads(fact.payload)
        if channel not in message["channels"]:
            return None
        return frames.event(channel, message["name"], message["data"], fact.id)

    def _frame(self, fact: Fact, channel: str, memo: Memo) -> bytes:
        key = (fact.seq, channel)
        if (data := memo.get(key)) is None:
            text = self.text(fact, channel)
            data = b"" if text is None else text_frame(text) + _notifications(fact, channel)
            memo[key] = data
        return data


def _notifications(fact: Fact, channel: str) -> bytes:
    """What Echo's `.notification()` hears on the channel of a user's own tasks."""
    if fact.kind != event.NOTIFICATION_CREATED:
        return b""
    told = (json.dumps(each, ensure_ascii=False) for each in json.loads(fact.payload).get("broadcast", ()))
    return b"".join(text_frame(frames.event(channel, NOTIFICATION, data)) for data in told)


@functools.lru_cache(maxsize=4096)
def _by_topic(channels: frozenset[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for channel in sorted(channels):
        topic = names.topic_of(channel) or channel
        found[topic] = (*found.get(topic, ()), channel)
    return found
