"""How a fact looks to clients of the Pusher protocol: a frame for each of their channels that carries it."""

import functools
import json
from collections.abc import Callable, Sequence
from typing import Any

from taskwatch.model import event, notice
from taskwatch.server.frames import text_frame
from taskwatch.server.pusher import frames, names
from taskwatch.services.fact import Fact
from taskwatch.services.hub import Memo

NOTIFICATION = "Illuminate\\Notifications\\Events\\BroadcastNotificationCreated"


class PusherEncoding:
    """One for all sockets of a worker; `public_url` tells where notifications lead to."""

    def __init__(self, public_url: Callable[[], str]) -> None:
        self._public_url = public_url

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
            data = b"" if text is None else text_frame(text) + self._notification(fact, channel)
            memo[key] = data
        return data

    def _notification(self, fact: Fact, channel: str) -> bytes:
        user_id = _owner(channel) if fact.kind in notice.KINDS else None
        if user_id is None:
            return b""
        told: dict[str, Any] = notice.notice(
            fact.kind,
            json.loads(fact.payload),
            user_id=user_id,
            event_id=fact.id,
            public_url=self._public_url(),
        )
        data = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        return text_frame(frames.event(channel, NOTIFICATION, data))


@functools.lru_cache(maxsize=4096)
def _by_topic(channels: frozenset[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for channel in sorted(channels):
        topic = names.topic_of(channel) or channel
        found[topic] = (*found.get(topic, ()), channel)
    return found


def _owner(channel: str) -> str | None:
    """The user whose own tasks a channel is about."""
    parts = (names.topic_of(channel) or "").split(".")
    return parts[1] if len(parts) == 3 and (parts[0], parts[2]) == ("user", "tasks") else None
