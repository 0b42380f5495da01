"""Style sheets, scripts and pictures, under a version that changes with them: browsers keep them for ever."""

import hashlib
from functools import cache
from importlib import resources
from typing import NamedTuple

from aiohttp import web

from taskwatch.errors import NotFound
from taskwatch.server.call import segment
from taskwatch.server.policy import Policy
from taskwatch.server.route import Route

_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_FOR_EVER = "public, max-age=31536000, immutable"


class Asset(NamedTuple):
    """A file as it is sent; `etag` is without its quotation marks."""

    content: bytes
    kind: str
    etag: str


async def serve(request: web.Request) -> web.Response:
    """One of the files that came with the package: what is not among them has no name here."""
    found = assets().get(segment(request, "file"))
    if found is None:
        raise NotFound
    # A page of another version asks for its files by that version: it gets these, and keeps them no longer.
    kept = _FOR_EVER if segment(request, "version") == version() else "no-cache"
    headers = {"Cache-Control": kept, "ETag": f'"{found.etag}"'}
    if any(tag.value in {found.etag, "*"} for tag in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    return web.Response(body=found.content, headers={**headers, "Content-Type": found.kind})


@cache
def assets() -> dict[str, Asset]:
    """Every file by its name."""
    folder = resources.files("taskwatch.server.dashboard") / "static"
    files = sorted(folder.iterdir(), key=lambda each: each.name)
    return {each.name: _asset(each.name, each.read_bytes()) for each in files if _kind(each.name)}


@cache
def version() -> str:
    """What changes whenever one of the files does."""
    tags = "".join(asset.etag for asset in assets().values())
    return hashlib.sha256(tags.encode()).hexdigest()[:12]


def asset_path(name: str) -> str:
    """Where a file is, below the base of the site.

    Raises:
        KeyError: there is none of that name.
    """
    assets()[name]
    return f"/assets/{version()}/{name}"


def _asset(name: str, content: bytes) -> Asset:
    return Asset(content, _kind(name), hashlib.sha256(name.encode() + content).hexdigest()[:16])


def _kind(name: str) -> str:
    return next((kind for ending, kind in _KINDS.items() if name.endswith(ending)), "")


ROUTES = [
    Route(
        "GET",
        "/assets/{version}/{file}",
        serve,
        Policy.ANYONE,
        "A style sheet, a script or a picture of the pages",
        "Pages",
        hidden=True,
    )
]
