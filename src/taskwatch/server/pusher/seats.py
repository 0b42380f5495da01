"""Who a socket is in a channel, or signs in as: read from what an auth endpoint vouched for."""

from typing import Any

from taskwatch.server.pusher import names, signing, wire
from taskwatch.server.pusher.effects import Seat
from taskwatch.server.pusher.names import Channel
from taskwatch.server.pusher.refusals import Denied, Refused
from taskwatch.server.pusher.state import Connection

MAX_CHANNEL_DATA = 2_048  # characters

_NOBODY = Seat()


def read_seat(state: Connection, channel: Channel, data: dict[str, Any]) -> Seat:
    """The seat that a subscription asks for.

    Raises:
        Denied: the signature is missing or fits another socket, channel or text; a presence channel
            without a user; a public channel that this socket may not listen to; another user's channel.
    """
    if channel.access == "public":
        return _public_seat(state, channel)
    if channel.access == "user":
        return _own_seat(state, channel)
    return _signed_seat(state, channel, data)


def read_user(state: Connection, data: dict[str, Any]) -> tuple[Seat, list[str]]:
    """The user that a sign-in names, and the users on its watchlist.

    Raises:
        Refused: the signature is missing or fits another socket or text, or no user is named.
    """
    auth, user_data = data.get("auth"), data.get("user_data")
    if not isinstance(auth, str) or not isinstance(user_data, str):
        raise Refused("a sign-in needs auth and user_data")
    if not signing.is_signed_user(state.rules.app, auth, state.socket_id, user_data):
        raise Refused("the signature does not fit this socket and user")
    vouched = _object(user_data)
    if not isinstance(vouched.get("id"), str) or _user_id(vouched["id"]) is None:
        raise Refused("user_data needs the id of a user, a text")
    return _seat(vouched, "id"), _watchlist(vouched.get("watchlist"))


def _public_seat(state: Connection, channel: Channel) -> Seat:
    if not state.may_listen(channel.topic):
        raise Denied(channel.name, f"join private-{channel.topic}, with a signature", 403)
    return _NOBODY


def _own_seat(state: Connection, channel: Channel) -> Seat:
    if state.user is None or state.user.user_id != names.user_of(channel.name):
        raise Denied(channel.name, "only the user who is signed in may join this channel", 403)
    return state.user


def _signed_seat(state: Connection, channel: Channel, data: dict[str, Any]) -> Seat:
    auth, channel_data = data.get("auth"), data.get("channel_data")
    if not isinstance(auth, str) or not isinstance(channel_data, str | None):
        raise Denied(channel.name, "a private or presence channel needs a signature", 401)
    if not signing.is_signed_channel(state.rules.app, auth, state.socket_id, channel.name, channel_data):
        raise Denied(channel.name, "the signature does not fit this socket and channel", 401)
    if channel_data is not None and len(channel_data) > MAX_CHANNEL_DATA:
        raise Denied(channel.name, f"channel_data is longer than {MAX_CHANNEL_DATA} characters", 413)
    if channel.access == "presence":
        return _member_seat(state, channel, channel_data)
    return _NOBODY if channel_data is None else _seat(_object(channel_data), "user_id")


def _member_seat(state: Connection, channel: Channel, channel_data: str | None) -> Seat:
    # Whoever is signed in may leave channel_data out: pusher-js then takes the user for the member.
    seat = state.user if channel_data is None else _seat(_object(channel_data), "user_id")
    if seat is None or seat.user_id is None:
        raise Denied(channel.name, "a presence channel needs channel_data with a user_id", 400)
    return seat


def _seat(vouched: dict[str, Any], id_key: str) -> Seat:
    credential, expires_at = vouched.get("credential"), vouched.get("expires_at")
    return Seat(
        user_id=_user_id(vouched.get(id_key)),
        user_info=vouched.get("user_info") or {},
        credential=credential if type(credential) is int else None,
        expires_at=expires_at if type(expires_at) is int else None,
    )


def _user_id(value: Any) -> str | None:
    text = str(value) if type(value) is int and abs(value) < 2**63 else value
    return text if isinstance(text, str) and names.is_user_id(text) else None


def _watchlist(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _object(text: str) -> dict[str, Any]:
    try:
        return wire.read_object(text)
    except ValueError:
        return {}
