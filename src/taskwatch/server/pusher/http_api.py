"""The HTTP API of Pusher's server SDKs: publish, ask who is there, end a user's connections.

Every request is signed with the secret of the app. Refusals are `{"error": sentence, "code": status}`, which
the SDKs put into the errors they raise.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from taskwatch.actions.messages import publish
from taskwatch.errors import InvalidInput, NotFound, TaskwatchError
from taskwatch.model.names import shown
from taskwatch.server.answer import answer
from taskwatch.server.call import read_bytes
from taskwatch.server.house import House, house
from taskwatch.server.policy import Policy
from taskwatch.server.pusher import names, occupancy, publishing
from taskwatch.server.pusher.signing import verify_request
from taskwatch.server.route import Handler, Route

Call = Callable[[House, web.Request], Awaitable[dict[str, Any]]]


async def publish_event(here: House, request: web.Request) -> dict[str, Any]:
    """Send one event to up to 100 channels."""
    event = publishing.read_event(await read_bytes(request))
    wanted = occupancy.attributes(event.info)
    await here.database.write(publish, [event.message], here.now())
    if not wanted:
        return {}
    return {"channels": {name: occupancy.of_channel(here, name, wanted) for name in event.message.channels}}


async def publish_batch(here: House, request: web.Request) -> dict[str, Any]:
    """Send up to ten events, each to one channel: all of them or none."""
    events = publishing.read_batch(await read_bytes(request))
    wanted = [occupancy.attributes(event.info) for event in events]
    if events:
        await here.database.write(publish, [event.message for event in events], here.now())
    if not any(wanted):
        return {}
    told = zip(events, wanted, strict=True)
    return {"batch": [occupancy.of_channel(here, each.message.channels[0], what) for each, what in told]}


async def channels(here: House, request: web.Request) -> dict[str, Any]:
    """The channels that somebody has joined, on whichever worker."""
    prefix = request.query.get("filter_by_prefix", "")
    wanted = _attributes(request, prefix)
    found = here.switchboard.roster.channels(prefix)
    return {"channels": {name: occupancy.of_channel(here, name, wanted) for name in found}}


async def channel(here: House, request: web.Request) -> dict[str, Any]:
    """Whether anybody has joined a channel, and more about it when asked."""
    name = _channel_name(request)
    wanted = _attributes(request, name)
    occupied = here.switchboard.roster.subscription_count(name) > 0
    return {"occupied": occupied, **occupancy.of_channel(here, name, wanted)}


async def users(here: House, request: web.Request) -> dict[str, Any]:
    """The users who have joined a presence channel."""
    name = _channel_name(request)
    if not occupancy.has_users(name):
        raise InvalidInput(f"{name} has no users", hint="ask about a channel that begins with presence-")
    return {"users": [{"id": user_id} for user_id in here.switchboard.roster.users(name)]}


async def terminate(here: House, request: web.Request) -> dict[str, Any]:
    """End every connection of a user; their pages stay away until they are loaded anew."""
    user_id = request.match_info["user"]
    if not names.is_user_id(user_id):
        raise InvalidInput(f"a user id cannot be {shown(user_id)}", hint="use letters, digits and _-=@,.;")
    here.switchboard.terminate(user_id)
    return {}


def signed(call: Call) -> Handler:
    """A handler that answers requests signed with the secret of the app, in the words SDKs understand."""

    async def handler(request: web.Request) -> web.Response:
        try:
            await _verify(request)
            return answer(await call(house(request), request))
        except TaskwatchError as error:
            return _refusal(error)

    return handler


async def _verify(request: web.Request) -> None:
    here = house(request)
    app = here.settings.app
    if request.match_info.get("app", app.id) != app.id:
        raise NotFound("there is no such app", hint="use the app id of `taskwatch token pusher`")
    verify_request(
        app,
        request.method,
        _paths(here, request),
        query=request.query.items(),
        body=await read_bytes(request),
        now=here.now(),
    )


def _paths(here: House, request: web.Request) -> tuple[str, ...]:
    """The path as it came and, when a proxy takes a prefix off, as the SDK wrote and signed it."""
    _, _, place = here.settings.public_url.partition("://")
    _, slash, prefix = place.partition("/")
    return (request.path, f"/{prefix}{request.path}") if slash and prefix else (request.path,)


def _refusal(error: TaskwatchError) -> web.Response:
    # SDKs know 400 as a bad request; 422 would be a status that means nothing to them.
    status = 400 if error.http_status == 422 else error.http_status
    sentence = f"{error.message}: {error.hint}" if error.hint else error.message
    return answer({"error": sentence, "code": status}, status=status)


def _attributes(request: web.Request, channel: str) -> tuple[str, ...]:
    wanted = occupancy.attributes(request.query.get("info"))
    if "user_count" in wanted and not occupancy.has_users(channel):
        raise InvalidInput("only presence channels have a user_count", hint="ask about presence- channels")
    return wanted


def _channel_name(request: web.Request) -> str:
    name = request.match_info["channel"]
    if not names.is_channel(name):
        raise InvalidInput(f"a channel cannot be called {shown(name)}", hint="check its name")
    return name


def _route(method: str, path: str, call: Call, summary: str) -> Route:
    return Route(method, path, signed(call), Policy.SIGNED, summary, "pusher", hidden=True)


ROUTES = [
    _route("POST", "/apps/{app}/events", publish_event, "Publish an event"),
    _route("POST", "/apps/{app}/batch_events", publish_batch, "Publish up to ten events"),
    _route("GET", "/apps/{app}/channels", channels, "List the channels in use"),
    _route("GET", "/apps/{app}/channels/{channel}", channel, "Ask about a channel"),
    _route("GET", "/apps/{app}/channels/{channel}/users", users, "List the users of a channel"),
    _route("POST", "/apps/{app}/users/{user}/terminate_connections", terminate, "End a user's connections"),
    # The Python SDK leaves the app out; the key in its signature says which one it is.
    _route("POST", "/users/{user}/terminate_connections", terminate, "End a user's connections"),
]
