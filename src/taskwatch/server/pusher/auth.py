"""The endpoints where a page fetches the signatures to join channels and to sign in.

What is signed names the credential it was given to and when that ends, so that no socket outlives it.
A private channel costs one HMAC and no question to the database: after a restart everybody asks at once.
"""

import json
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from taskwatch.actions.card import MOST_ROLES, Card
from taskwatch.errors import Forbidden, InvalidInput
from taskwatch.model.access import Identity, may_follow
from taskwatch.model.names import shown
from taskwatch.server.answer import answer
from taskwatch.server.call import JSON, identity, read_bytes
from taskwatch.server.house import House, house
from taskwatch.server.policy import Policy
from taskwatch.server.pusher import names
from taskwatch.server.pusher.cards import card_of
from taskwatch.server.pusher.sealing import shared_secret
from taskwatch.server.pusher.signing import sign_channel, sign_user
from taskwatch.server.route import Route

MOST_FIELDS = 100


async def authorize_channel(request: web.Request) -> web.Response:
    """Let a socket join a private or presence channel whose topic its user may follow."""
    here, who = house(request), identity(request)
    fields = await _fields(request)
    socket_id, channel = _socket_id(fields), _channel(fields)
    if not may_follow(who, channel.topic):
        raise Forbidden(f"you may not follow {channel.topic}", hint="ask for a token that covers it")
    data = await _channel_data(here, who, channel)
    granted = {"auth": sign_channel(here.settings.app, socket_id, channel.name, data)}
    if data is not None:
        granted["channel_data"] = data
    if channel.encrypted:
        granted["shared_secret"] = shared_secret(here.settings.app, channel.name)
    return answer(granted)


async def authenticate_user(request: web.Request) -> web.Response:
    """Let a socket sign in as the user who asks."""
    here, who = house(request), identity(request)
    socket_id = _socket_id(await _fields(request))
    if who.user_id is None:
        raise Forbidden("only a user can sign in", hint="log in, or send a token that belongs to a user")
    data = _json({"id": _user_id(who), "user_info": await _card(here, who), **_credential(who)})
    return answer({"auth": sign_user(here.settings.app, socket_id, data), "user_data": data})


async def _fields(request: web.Request) -> dict[str, Any]:
    """The body's fields, be it a form, as pusher-js sends it, or JSON."""
    content = await read_bytes(request)
    try:
        text = content.decode()
        if request.content_type != JSON:
            return dict(parse_qsl(text, max_num_fields=MOST_FIELDS))
        fields = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidInput("the body cannot be read", hint="send a form, or JSON as UTF-8") from None
    if not isinstance(fields, dict):
        raise InvalidInput("the body is not a JSON object", hint='send {"socket_id": …, "channel_name": …}')
    return fields


def _socket_id(fields: dict[str, Any]) -> str:
    value = fields.get("socket_id")
    if not isinstance(value, str) or not names.is_socket_id(value):
        raise InvalidInput(f"a socket id cannot be {shown(value)}", hint="send socket_id=123.456")
    return value


def _channel(fields: dict[str, Any]) -> names.Channel:
    value = fields.get("channel_name")
    channel = names.parse(value) if isinstance(value, str) else None
    if channel is None:
        hint = "send channel_name=private-workflow.bc.114"
        raise InvalidInput(f"a channel cannot be called {shown(value)}", hint=hint)
    if channel.access == "user":
        raise Forbidden("nobody may ask for a user's channel", hint="sign in: it is joined by itself")
    if channel.access == "public":
        raise InvalidInput(f"{channel.name} is public", hint="join it without a signature")
    return channel


async def _channel_data(here: House, who: Identity, channel: names.Channel) -> str | None:
    if channel.access == "presence":
        card = await _card(here, who)
        return _json({"user_id": _user_id(who), "user_info": card, **_credential(who)})
    # Some clients drop it on private channels; in single-user mode there is nothing to say and they work.
    if who.credential is None:
        return None
    return _json({"user_id": _user_id(who), **_credential(who)})


async def _card(here: House, who: Identity) -> Card:
    if who.user_id is not None:
        return await card_of(here.database, who.user_id, here.now())
    name = _user_id(who)
    return {"id": name, "name": name, "roles": sorted(who.roles)[:MOST_ROLES]}


def _user_id(who: Identity) -> str:
    if who.user_id is not None:
        return str(who.user_id)
    return "owner" if who.credential is None else f"token-{who.credential}"


def _credential(who: Identity) -> dict[str, int]:
    told = {"credential": who.credential, "expires_at": who.expires_at}
    return {name: value for name, value in told.items() if value is not None}


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


ROUTES = [
    *(
        Route("POST", path, authorize_channel, Policy.KNOWN, "Sign a channel's entry", "pusher", hidden=True)
        for path in ("/broadcasting/auth", "/pusher/auth")
    ),
    *(
        Route("POST", path, authenticate_user, Policy.KNOWN, "Sign a user in", "pusher", hidden=True)
        for path in ("/broadcasting/user-auth", "/pusher/user-auth")
    ),
]
