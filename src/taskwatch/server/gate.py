"""The gate: whose request it is, and whether it may go where it wants; the borders of the house around it.

A request counts as coming from a page of ours, or of an origin we were told of, or from no page at all;
anything else is refused, since browsers send cookies along and the owner of a machine needs none.
"""

import re
from typing import Final

from aiohttp import HttpVersion11, hdrs, web

from taskwatch.errors import Forbidden, Misdirected, Unauthorized, UnsupportedMedia
from taskwatch.model.access import Identity
from taskwatch.server import place
from taskwatch.server.house import house
from taskwatch.server.policy import Policy
from taskwatch.server.problem import BadRequest
from taskwatch.server.route import Handler, Route

IDENTITY: Final = web.RequestKey("identity", Identity)
COOKIE: Final = "taskwatch_session"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

HEADERS: Final = {
    "Server": "taskwatch",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": (
        "Authorization, Content-Type, Idempotency-Key, If-Match, Last-Event-ID, X-CSRF-Token, X-Socket-ID"
    ),
    "Access-Control-Max-Age": "600",
}
_OF_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"})
_HANDSHAKE = (
    hdrs.CONNECTION,
    hdrs.UPGRADE,
    hdrs.SEC_WEBSOCKET_EXTENSIONS,
    hdrs.SEC_WEBSOCKET_KEY,
    hdrs.SEC_WEBSOCKET_PROTOCOL,
    hdrs.SEC_WEBSOCKET_VERSION,
)
# Without comments: those may be nested, and the parser of aiohttp is lost in them.
_MEDIA_TYPE = re.compile(r"[ \t!-'*-~]{0,200}")
_OPEN_POLICIES = (Policy.ANYONE, Policy.SIGNED)


def guarded(route: Route) -> Handler:
    """The handler of a route behind its policy; it finds who asks as `request[IDENTITY]`.

    A socket is not judged here: its handler calls `admit` after the upgrade, where a refusal can be read.
    """
    if route.policy is Policy.SOCKET:
        return _shaking_hands(route.handler)

    async def handler(request: web.Request) -> web.StreamResponse:
        check_origin(request)
        _check_media(request, route)
        if route.policy not in _OPEN_POLICIES:
            request[IDENTITY] = identity = await _known(request)
            _check_policy(route.policy, identity)
        return await route.handler(request)

    return handler


async def admit(request: web.Request) -> Identity:
    """Who opens a socket.

    Raises:
        Forbidden: a page of an origin that is not ours does.
        Unauthorized: nobody known does.
    """
    check_origin(request)
    return await _known(request)


@web.middleware
async def border(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer to our own names alone, and tell browsers which pages may ask.

    Raises:
        Misdirected: the request is for another host.
        UnsupportedMedia: its Content-Type is none.
        Forbidden: a page of another origin asks whether it may.
    """
    if not place.is_for_us(request):
        raise Misdirected(hint="add its name to server.allowed_hosts, or use localhost")
    if not _MEDIA_TYPE.fullmatch(request.headers.get(hdrs.CONTENT_TYPE, "")):
        raise UnsupportedMedia(hint="send JSON as Content-Type: application/json")
    if request.method == hdrs.METH_OPTIONS and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers:
        check_origin(request)
        return web.Response(status=204, headers=_PREFLIGHT)
    return await handler(request)


async def encourage(request: web.Request) -> None:
    """Let a client that asks first send its body; aiohttp itself fails at an Expect that is not ASCII.

    Raises:
        HTTPExpectationFailed: it expects something else.
    """
    if request.headers[hdrs.EXPECT].lower() != "100-continue":
        raise web.HTTPExpectationFailed
    if request.version == HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0


async def dress(request: web.Request, response: web.StreamResponse) -> None:
    """Headers of every answer, set when it is about to go out: a signal of `on_response_prepare`."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    origins = house(request).settings.allowed_origins
    if not origins:
        return
    response.headers.add(hdrs.VARY, hdrs.ORIGIN)
    origin = request.headers.get(hdrs.ORIGIN)
    if origin in origins and place.origin_allowed(request):
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_CREDENTIALS] = "true"
        response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = "ETag, Link, Location, Retry-After"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"


def origin_allowed(request: web.Request) -> bool:
    """Whether no page asks, or one of ours, or one of an origin we were told of."""
    return place.origin_allowed(request)


def check_origin(request: web.Request) -> None:
    """Make sure of that.

    Raises:
        Forbidden: a page of another origin asks.
    """
    if not origin_allowed(request):
        raise Forbidden(
            "pages of this origin may not use this server",
            hint="add the origin to server.allowed_origins, or set server.public_url behind a proxy",
        )


def secret_of(request: web.Request) -> str | None:
    """The token in the Authorization header, else the session in the cookie; None if there is neither."""
    if hdrs.AUTHORIZATION in request.headers:
        return _bearer(request) or ""
    return request.cookies.get(COOKIE)


async def identify(request: web.Request) -> Identity | None:
    """Who asks: by token, ticket or cookie, or as the owner of a machine where no token was ever made."""
    keeper = house(request).keeper
    if hdrs.AUTHORIZATION in request.headers:
        secret = _bearer(request)
        return await keeper.identify(secret) if secret else None
    if request.method == hdrs.METH_GET and "ticket" in request.query:
        return await keeper.redeem(request.query["ticket"])
    cookie = request.cookies.get(COOKIE)
    if cookie and (identity := await keeper.identify(cookie)):
        return identity
    return keeper.owner if place.is_local(request) and await keeper.is_open() else None


def _shaking_hands(handle: Handler) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        # aiohttp fails at those that are not ASCII.
        if not all(request.headers.get(name, "").isascii() for name in _HANDSHAKE):
            raise BadRequest("the WebSocket handshake is not ASCII", hint="see RFC 6455, section 4.1")
        return await handle(request)

    return handler


async def _known(request: web.Request) -> Identity:
    if identity := await identify(request):
        return identity
    raise Unauthorized(
        hint="send Authorization: Bearer with a token of: taskwatch token create, or open /login"
    )


def _bearer(request: web.Request) -> str | None:
    scheme, _, secret = request.headers[hdrs.AUTHORIZATION].partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


def _check_policy(policy: Policy, identity: Identity) -> None:
    if policy is Policy.SEES_ALL and not identity.sees_all:
        raise Forbidden(
            "this token is limited to some workflows", hint="ask for one that may see all of them"
        )
    if policy is Policy.ADMIN and not (identity.admin and identity.sees_all):
        raise Forbidden("only an admin may do this", hint="use a token of: taskwatch token create --admin")


def _check_media(request: web.Request, route: Route) -> None:
    """A page elsewhere can make a browser send text or a form without asking us first, but never JSON."""
    if request.method in SAFE or route.hidden:
        return
    media = request.content_type
    if media in _OF_FORMS or (request.can_read_body and media != "application/json"):
        raise UnsupportedMedia(hint="send JSON as Content-Type: application/json")
