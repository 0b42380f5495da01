"""What server SDKs ask to be published: JSON in, messages for the log out."""

from collections.abc import Sequence
from typing import Any, NamedTuple, NotRequired, TypedDict, TypeVar

import msgspec

from taskwatch.actions.messages import Message
from taskwatch.errors import InvalidInput
from taskwatch.model.names import shown
from taskwatch.server.pusher import names

MOST_CHANNELS = 100
MOST_IN_BATCH = 10
MOST_BYTES = 10 * 1024

T = TypeVar("T")


class TooLarge(InvalidInput):
    """The data is larger than an event may be."""

    http_status = 413


class Publication(NamedTuple):
    """A message to write; `info` are the attributes to answer with, separated by commas, or None."""

    message: Message
    info: str | None


class _One(TypedDict):
    name: str
    data: str
    channel: NotRequired[str | None]
    channels: NotRequired[list[str] | None]
    socket_id: NotRequired[str | None]
    info: NotRequired[str | None]


class _Batch(TypedDict):
    batch: list[_One]


def read_event(body: bytes) -> Publication:
    """The event of a body: `{name, data, channels or channel, socket_id?, info?}`.

    Raises:
        InvalidInput: a part is missing, of another type, or not possible.
        TooLarge: the data has more than 10 KB.
    """
    return _publication(_decode(body, _One))


def read_batch(body: bytes) -> list[Publication]:
    """The events of a body `{"batch": […]}`, ten at most.

    Raises:
        InvalidInput: a part of one is missing, of another type, or not possible.
        TooLarge: the data of one has more than 10 KB.
    """
    batch = _decode(body, _Batch)["batch"]
    if len(batch) > MOST_IN_BATCH:
        raise InvalidInput(f"a batch can have {MOST_IN_BATCH} events at most, got {len(batch)}")
    return [_publication(event) for event in batch]


def _decode(body: bytes, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=shape)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"the body cannot be used: {error}", hint="send JSON as the SDKs do") from None


def _publication(event: _One) -> Publication:
    channels = _channels(event)
    message = Message(
        _name(event["name"]), channels, _topics(channels), _data(event["data"]), _socket_id(event)
    )
    return Publication(message, event.get("info") or None)


def _name(name: str) -> str:
    if not names.is_event_name(name):
        hint = f"use up to {names.MAX_EVENT_NAME} characters, without pusher: before them"
        raise InvalidInput(f"an event cannot be called {shown(name)}", hint=hint)
    return name


def _channels(event: _One) -> tuple[str, ...]:
    one, several = event.get("channel"), event.get("channels")
    named = several if several is not None else [] if one is None else [one]
    if not 0 < len(named) <= MOST_CHANNELS:
        raise InvalidInput(f"an event goes to 1 to {MOST_CHANNELS} channels, got {len(named)}")
    return tuple(dict.fromkeys(named))


def _topics(channels: Sequence[str]) -> tuple[str, ...]:
    parsed = [_channel(name) for name in channels]
    if len(parsed) > 1 and any(channel.encrypted for channel in parsed):
        raise InvalidInput("an encrypted event goes to one channel", hint="its key is that channel's")
    return tuple(dict.fromkeys(channel.topic for channel in parsed))


def _channel(name: str) -> names.Channel:
    channel = names.parse(name)
    if channel is None:
        hint = "use up to 200 letters, digits and _-=@,.;"
        raise InvalidInput(f"a channel cannot be called {shown(name)}", hint=hint)
    return channel


def _data(data: str) -> str:
    size = len(data.encode())
    if size > MOST_BYTES:
        raise TooLarge(f"the data of an event can have {MOST_BYTES} bytes at most, got {size}")
    return data


def _socket_id(event: _One) -> str | None:
    value: Any = event.get("socket_id")
    if value and not names.is_socket_id(value):
        raise InvalidInput(f"a socket id cannot be {shown(value)}", hint="send one such as 123.456")
    return value or None
