"""The route table's line: where, who, what comes in and what goes out. OpenAPI is made from it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from aiohttp import web

from taskwatch.server.policy import Policy

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Param(NamedTuple):
    """A value in the path, the query or a header: its JSON Schema and what it means."""

    name: str
    place: str
    about: str
    schema: dict[str, Any]
    required: bool = False


class Route(NamedTuple):
    """A route. `body` and `answer` are Python types that msgspec can describe, or None.

    `answers` names further statuses with their meaning; `tag` is the noun it is listed under; a `hidden`
    route speaks another protocol and is not in the OpenAPI document.
    """

    method: str
    path: str
    handler: Handler
    policy: Policy
    summary: str
    tag: str
    params: Sequence[Param] = ()
    body: Any = None
    answer: Any = None
    status: int = 200
    hidden: bool = False
