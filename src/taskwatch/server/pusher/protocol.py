"""The server's half of the Pusher protocol, versions 5 to 7, as a state machine: frame in, effects out.

Nothing a client sends raises; what cannot be served is answered. A refused subscription is answered by
`pusher:subscription_error` rather than the plain `pusher:error` of Pusher's own server, since only the
former reaches the `error()` callback of a channel in Echo.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from taskwatch.server.pusher import frames, names, wire
from taskwatch.server.pusher.effects import Acknowledge, Close, Effect, Join, Leave, Send, SignIn
from taskwatch.server.pusher.refusals import WATCHLIST, Denied, Refused
from taskwatch.server.pusher.seats import read_seat, read_user
from taskwatch.server.pusher.state import Connection, Frame, Rules
from taskwatch.server.pusher.whispers import whisper

MAX_FRAME = 32_768  # characters
MAX_CHANNELS = 1_000
MAX_WATCHLIST = 100
VERSIONS = ("5", "6", "7")

CLOSE_REASONS = {
    4001: "no application has this key",
    4005: "there is nothing at this path",
    4006: "the version of the protocol is not a number",
    4007: "the version of the protocol is none of 5, 6 and 7",
    4008: "the version of the protocol is missing",
    4009: "this connection is not allowed any more",
    4100: "the server is full, come back later",
    4200: "come back at once",
    4201: "no pong came in time",
}
"""4000 to 4099 end a page's retries for good; after 41xx it comes back in a second, after 42xx at once."""


def connect(
    rules: Rules, key: str, query: Mapping[str, str], *, socket_id: str, may_listen: Callable[[str], bool]
) -> tuple[Connection | None, list[Effect]]:
    """Greet a socket that asked for `/app/{key}?protocol=…`, or refuse it: then there is no connection."""
    code = _objection(rules, key, query.get("protocol", ""))
    if code is not None:
        return None, refuse(code)
    greeting = frames.connection_established(socket_id, rules.activity_timeout)
    return Connection(rules, socket_id, int(query["protocol"]), may_listen), [Send(greeting)]


def receive(state: Connection, text: str, now: int) -> list[Effect]:
    """What a frame brings about, in this order; `now` in ms."""
    try:
        return _act(state, _read(text), now)
    except Denied as denied:
        return [Send(frames.subscription_error(denied.channel, denied.message, denied.status))]
    except Refused as refused:
        return [Send(frames.error(refused.message, refused.code))]


def refuse(code: int) -> list[Effect]:
    """End a connection that was not greeted: an error as its first frame, then the close."""
    return [Send(frames.error(CLOSE_REASONS[code], code)), close(code)]


def close(code: int) -> Close:
    """End a connection, with the reason that belongs to the code."""
    return Close(code, CLOSE_REASONS[code])


def _objection(rules: Rules, key: str, version: str) -> int | None:
    if key != rules.app.key:
        return 4001
    if not version:
        return 4008
    if not version.isascii() or not version.isdecimal():
        return 4006
    return None if version in VERSIONS else 4007


def _read(text: str) -> Frame:
    if len(text) > MAX_FRAME:
        raise Refused(f"a frame has at most {MAX_FRAME} characters")
    try:
        return msgspec.convert(wire.read_object(text), Frame)
    except ValueError:
        raise Refused("a frame is a JSON object with an event, nested 32 levels at most") from None


def _act(state: Connection, frame: Frame, now: int) -> list[Effect]:
    match frame.event:
        case "pusher:subscribe":
            return _subscribe(state, _data(frame))
        case "pusher:unsubscribe":
            return _unsubscribe(state, _data(frame))
        case "pusher:signin":
            return _sign_in(state, _data(frame))
        case "pusher:ping":
            return [Send(frames.pong())]
        case "pusher:pong":
            return []
    if frame.event.startswith(names.CLIENT_EVENT):
        return [whisper(state, frame, now)]
    raise Refused("the protocol has no such event; those of clients begin with client-")


def _subscribe(state: Connection, data: dict[str, Any]) -> list[Effect]:
    name = _channel_name(data)
    channel = names.parse(name)
    if channel is None:
        raise Denied(name, "no channel can be called so", 400)
    if name in state.channels:
        return [Acknowledge(channel)]
    if len(state.channels) >= MAX_CHANNELS:
        raise Denied(name, f"a connection has at most {MAX_CHANNELS} channels", 429)
    seat = read_seat(state, channel, data)
    state.channels[name] = seat
    return [Join(channel, seat)]


def _unsubscribe(state: Connection, data: dict[str, Any]) -> list[Effect]:
    channel = names.parse(_channel_name(data))
    if channel is None or state.channels.pop(channel.name, None) is None:
        return []
    return [Leave(channel)]


def _sign_in(state: Connection, data: dict[str, Any]) -> list[Effect]:
    seat, watchlist = read_user(state, data)
    if state.user is not None and state.user.user_id != seat.user_id:
        raise Refused("the socket is signed in as another user")
    state.user = seat
    done: list[Effect] = [
        SignIn(seat, tuple(watchlist[:MAX_WATCHLIST])),
        Send(frames.signin_success(data["user_data"])),
    ]
    if len(watchlist) > MAX_WATCHLIST:
        done.append(Send(frames.error(f"a watchlist has at most {MAX_WATCHLIST} users", WATCHLIST)))
    return done


def _channel_name(data: dict[str, Any]) -> str:
    name = data.get("channel")
    if not isinstance(name, str):
        raise Refused("the name of a channel is missing")
    return name


def _data(frame: Frame) -> dict[str, Any]:
    try:
        data = wire.read_object(frame.data) if isinstance(frame.data, str) else frame.data
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise Refused(f"the data of {frame.event} is not a JSON object")
    return data
