"""Answers in JSON: a thing, or a page of a list."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypedDict, TypeVar

import msgspec
from aiohttp import web

T = TypeVar("T")


class Page(TypedDict, Generic[T]):
    """A part of a list. `next` is what to send as `after` for what follows, null at the end."""

    items: list[T]
    next: str | None


def answer(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A value as JSON. It is never kept on the way: whatever is told here moves."""
    return web.Response(
        body=msgspec.json.encode(value),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def page(request: web.Request, items: Sequence[Any], following: str | None) -> web.Response:
    """A part of a list; the header Link names the part that follows too."""
    headers = {}
    if following is not None:
        url = request.rel_url.update_query(after=following)
        headers["Link"] = f'<{url}>; rel="next"'
    return answer({"items": items, "next": following}, headers=headers)


def etag(version: int) -> dict[str, str]:
    """The header that names a task's version, for If-Match."""
    return {"ETag": f'"{version}"'}
