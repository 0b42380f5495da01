"""Client events, which Echo calls whispers: from one member of a channel to all the others."""

from taskwatch.server.pusher import frames, names
from taskwatch.server.pusher.effects import Whisper
from taskwatch.server.pusher.refusals import REJECTED, Refused
from taskwatch.server.pusher.state import RATE, Connection, Frame

MAX_WHISPER = 10_240  # bytes


def whisper(state: Connection, frame: Frame, now: int) -> Whisper:
    """Pass a client event on.

    Raises:
        Refused: client events are off; the channel is not joined, or neither private nor presence, or
            encrypted; the event is too long; it is the eleventh within a second.
    """
    name = _channel_of(state, frame)
    _check_name(frame.event)
    user_id = state.channels[name].user_id if name.startswith("presence-") else None
    text = frames.whisper(name, frame.event, frame.data, user_id)
    if len(text.encode()) > MAX_WHISPER:
        raise Refused(f"a client event has at most {MAX_WHISPER} bytes", REJECTED)
    _count(state, now)
    return Whisper(name, text)


def _channel_of(state: Connection, frame: Frame) -> str:
    if not state.rules.client_events:
        raise Refused("client events are off; set pusher.client_events to allow them", REJECTED)
    channel = names.parse(frame.channel or "")
    if channel is None or channel.access not in {"private", "presence"}:
        raise Refused("client events need a private or presence channel", REJECTED)
    if channel.encrypted:
        raise Refused("client events cannot go to an encrypted channel", REJECTED)
    if channel.name not in state.channels:
        raise Refused("client events need a channel that was joined", REJECTED)
    return channel.name


def _check_name(event: str) -> None:
    if event == names.CLIENT_EVENT or not names.is_event_name(event):
        raise Refused(f"an event's name has at most {names.MAX_EVENT_NAME} characters", REJECTED)


def _count(state: Connection, now: int) -> None:
    """Count an event in; a clock that was set back must not silence anybody."""
    recent = state.whispered
    if len(recent) == RATE and 0 <= now - recent[0] < 1_000:
        raise Refused(f"at most {RATE} client events are let through in a second", REJECTED)
    recent.append(now)
