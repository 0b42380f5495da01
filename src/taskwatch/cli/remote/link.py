"""A link to one server: questions and streams over HTTP, every failure as an error of taskwatch."""

import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, NamedTuple, Self

import aiohttp

from taskwatch import __version__
from taskwatch.cli.remote.problem import refusal
from taskwatch.errors import Unavailable

Query = Sequence[tuple[str, str]]

ANSWER = aiohttp.ClientTimeout(total=30, sock_connect=10)
# A server comments every 15 s: three times as long without a byte, and the line is dead.
STREAM = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=45)
LARGEST_PROBLEM = 65_536


class Server(NamedTuple):
    """An address without a slash at its end, and a bearer token if there is one."""

    url: str
    token: str | None = None

    def __repr__(self) -> str:
        """The address alone: a token is for nobody's eyes."""
        return f"Server({self.url!r})"


class Link:
    """Made and used within one event loop, as `async with Link(server) as link`."""

    def __init__(self, server: Server) -> None:
        self.url = server.url
        headers = {"User-Agent": f"taskwatch/{__version__}"}
        if server.token:
            headers["Authorization"] = f"Bearer {server.token}"
        self._session = aiohttp.ClientSession(headers=headers, cookie_jar=aiohttp.DummyCookieJar())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Hang up."""
        await self._session.close()

    async def ask(self, path: str, query: Query = ()) -> Any:
        """The JSON answer of a GET.

        Raises:
            TaskwatchError: the refusal of the server, as it would be told here.
            Unavailable: the server cannot be reached, or answers with anything else.
        """
        async with self._get(path, query, {"Accept": "application/json"}, ANSWER) as response:
            content = await response.read()
        try:
            return json.loads(content)
        except ValueError:
            raise self._foreign() from None

    @asynccontextmanager
    async def stream(self, path: str, query: Query, last_id: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """The chunks of an event stream, from behind an event id on; raises as `ask` does."""
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store", "Last-Event-ID": last_id}
        async with self._get(path, query, headers, STREAM) as response:
            if response.content_type != "text/event-stream":
                raise self._foreign()
            yield response.content.iter_any()

    @asynccontextmanager
    async def _get(
        self, path: str, query: Query, headers: Mapping[str, str], patience: aiohttp.ClientTimeout
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        try:
            async with self._session.get(
                f"{self.url}{path}",
                params=query,
                headers=headers,
                timeout=patience,
                allow_redirects=False,  # a token is for this server alone
            ) as response:
                if response.status != 200:
                    raise refusal(self.url, response.status, await _beginning(response))
                yield response
        except (aiohttp.ClientError, OSError) as error:  # a TimeoutError is an OSError
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> Unavailable:
        reason = "it does not answer in time" if isinstance(error, TimeoutError) else _reason(error)
        return Unavailable(
            f"the server {self.url} cannot be reached: {reason}",
            hint="is it running (taskwatch daemon), and is the address of --server or server.url right?",
        )

    def _foreign(self) -> Unavailable:
        return Unavailable(
            f"{self.url} does not answer as a taskwatch server",
            hint="check the address that --server or server.url gives",
        )


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    body = b""
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > LARGEST_PROBLEM:
            break
    return body


def _reason(error: Exception) -> str:
    """The system's own words where there are any: aiohttp wraps them."""
    inner = getattr(error, "os_error", error)
    number = getattr(inner, "errno", None) or 0
    words = os.strerror(number) if number > 0 else getattr(inner, "strerror", None)
    return words or str(error) or type(error).__name__
