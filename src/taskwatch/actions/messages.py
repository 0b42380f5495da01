"""Messages of other applications: written to the log like any event, so that they reach every client."""

from collections.abc import Sequence
from typing import NamedTuple

from taskwatch.actions.journal import caused_by, record
from taskwatch.model.event import message_published
from taskwatch.store import Store, Tx


class Message(NamedTuple):
    """What an application sends: `data` is a text, `topics` are those behind its channels.

    `socket_id` names the client that caused it and is to be left out, or is None.
    """

    name: str
    channels: tuple[str, ...]
    topics: tuple[str, ...]
    data: str
    socket_id: str | None = None


def publish(store: Store, messages: Sequence[Message], now: int) -> list[int]:
    """Write messages in their order, all of them or none; the seq of each (`now` in ms UTC)."""
    with store.write() as tx:
        return [_write(tx, message, now) for message in messages]


def _write(tx: Tx, message: Message, now: int) -> int:
    name, channels, topics, data, socket_id = message
    with caused_by(socket_id):
        record(tx, message_published(name, list(channels), data, socket_id, topics, now))
    seq: int = tx.value("events.last")
    return seq
