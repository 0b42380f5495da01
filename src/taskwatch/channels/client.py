"""An HTTP client that trusts nobody: guarded connections, no redirects, no cookies, a bounded answer."""

import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING

from taskwatch.channels.answer import judge
from taskwatch.channels.guard import Guard, Refused
from taskwatch.plugin import Outcome, misconfigured, retry, unknown

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

_QUOTED = 200  # bytes
_SHORTEST_TRY = 0.1  # seconds
_FOR_CONNECTING = 0.8  # the share of the time after which a message has surely not arrived


class Client:
    """Asks servers that `guard` lets through and whose certificates `trust` believes."""

    def __init__(self, guard: Guard, trust: ssl.SSLContext) -> None:
        self._guard = guard
        self._trust = trust
        self._session: ClientSession | None = None

    async def ask(
        self,
        verb: str,
        url: str,
        seconds: float,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        quoting: bool = False,
    ) -> Outcome:
        """One request; only with `quoting` is anything read, and told, of what a refusal says."""
        from aiohttp import ClientError, ClientTimeout, ConnectionTimeoutError, InvalidURL

        limit = max(seconds, _SHORTEST_TRY)
        timeout = ClientTimeout(total=limit, sock_connect=limit * _FOR_CONNECTING)
        request = self._open().request(
            verb, url, data=body, headers=headers, timeout=timeout, allow_redirects=False
        )
        try:
            async with request as answer:
                outcome = judge(answer.status, answer.headers)
                return await _quote(outcome, answer) if quoting else outcome
        except (Refused, InvalidURL) as error:
            return misconfigured(str(error))
        except ConnectionTimeoutError:
            return retry("no connection in time")
        except TimeoutError:
            return unknown(f"no answer within {limit:.3g} s")
        except (ClientError, OSError, ValueError) as error:
            return retry(f"{type(error).__name__}: {error}")

    async def close(self) -> None:
        """Let go of connections; it may be called again."""
        session, self._session = self._session, None
        if session:
            await session.close()

    def _open(self) -> "ClientSession":
        from aiohttp import ClientSession, DummyCookieJar, TCPConnector

        if self._session is None:
            connector = TCPConnector(
                socket_factory=self._guard.open_socket,
                happy_eyeballs_delay=None,  # one address after the other: what the guard refuses ends it
                use_dns_cache=False,
                force_close=True,
                ssl=self._trust,
            )
            self._session = ClientSession(
                connector=connector,
                cookie_jar=DummyCookieJar(),
                headers={"User-Agent": "taskwatch"},
                auto_decompress=False,
                trust_env=False,
            )
        return self._session


async def _quote(outcome: Outcome, answer: "ClientResponse") -> Outcome:
    if outcome.kind == "ok":
        return outcome
    start = await answer.content.read(_QUOTED)
    return outcome._replace(detail=f"{outcome.detail}: {start.decode('utf-8', 'replace')}")
