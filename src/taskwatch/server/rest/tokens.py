"""Tokens: make one, list them, revoke one."""

from typing import Annotated

from aiohttp import web
from msgspec import Meta, field

from taskwatch.actions import tokens
from taskwatch.actions.tokens import CreatedToken, NewToken, TokenShape
from taskwatch.model.times import parse_duration
from taskwatch.server.answer import answer
from taskwatch.server.call import Id, Shape, read_body, segment
from taskwatch.server.changing import SOCKET_ID, Circumstances, change, read, write
from taskwatch.server.house import house
from taskwatch.server.policy import Policy
from taskwatch.server.route import Route

NEVER = "never"


class TokenWish(Shape):
    """A token to make; making one twice makes two, so there is no key to repeat it by."""

    name: str | None = None
    user: Annotated[Id | None, Meta(description="Whom it acts for")] = None
    roles: Annotated[list[str], Meta(description="Roles of its own")] = field(default_factory=list)
    workflows: Annotated[list[str] | None, Meta(description="The types it may see; null for all")] = None
    admin: Annotated[bool, Meta(description="It may do everything")] = False
    expires_in: Annotated[str, Meta(description=f"A duration such as 30d, or {NEVER}")] = "90d"
    reason: Annotated[str | None, Meta(description="Why; it is kept in the history")] = None


async def list_tokens(request: web.Request) -> web.Response:
    """Every token there ever was."""
    return answer(await read(request, tokens.list_, house(request).now()))


async def create(request: web.Request) -> web.Response:
    """Make a token; this answer alone holds its secret."""
    given = await read_body(request, TokenWish)
    wanted = NewToken(
        given.name,
        given.user,
        tuple(given.roles),
        None if given.workflows is None else tuple(given.workflows),
        given.admin,
        None if given.expires_in == NEVER else parse_duration(given.expires_in) * 1000,
    )
    circumstances = change(request, Circumstances(reason=given.reason))
    return answer(await write(request, tokens.create, wanted, circumstances), status=201)


async def revoke(request: web.Request) -> web.Response:
    """End a token, with all that came in by it."""
    given = await read_body(request, Circumstances)
    ref = segment(request, "token")
    return answer(await write(request, tokens.revoke, ref, change(request, given)))


ROUTES = [
    Route(
        "GET",
        "/api/v1/tokens",
        list_tokens,
        Policy.ADMIN,
        "List tokens, without their secrets",
        "Access",
        answer=list[TokenShape],
    ),
    Route(
        "POST",
        "/api/v1/tokens",
        create,
        Policy.ADMIN,
        "Make a token",
        "Access",
        params=[SOCKET_ID],
        body=TokenWish,
        answer=CreatedToken,
        status=201,
    ),
    Route(
        "DELETE",
        "/api/v1/tokens/{token}",
        revoke,
        Policy.ADMIN,
        "Revoke a token by its id or name",
        "Access",
        params=[SOCKET_ID],
        body=Circumstances,
        answer=TokenShape,
    ),
]
