"""Notifications on phones and desktops, through ntfy.sh or a server of your own.

A person's address is their topic. Who knows a topic can read it, so it is treated like a password: no error
has it.
"""

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from taskwatch.plugin import (
    Channel,
    Message,
    Option,
    Outcome,
    hookimpl,
    misconfigured,
    ok,
    one_line,
    permanent,
    rate_limited,
    retry,
    unknown,
)

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

_TOPIC = re.compile(r"[-_A-Za-z0-9]{1,64}")
_PRIORITIES = {"critical": 5, "high": 4}
_DEFAULT_PRIORITY = 3
_LONGEST_ANSWER = 65_536
_LONGEST_DETAIL = 300
_ELSEWHERE = "is no ntfy server; set the option url to the address of one"


@hookimpl
def taskwatch_register_channels(register: Callable[[type[Channel]], None]) -> None:
    """Hand over the channel."""
    register(Ntfy)


class Ntfy(Channel):
    """Publishes to the topic of a person."""

    name = "ntfy"
    options = (
        Option("url", "url", "the ntfy server", default="https://ntfy.sh"),
        Option("token", "secret", "access token, for topics that are not public"),
    )
    max_title = 200
    # ntfy turns a message of more than 4,096 bytes into an attachment; a character has at most four.
    max_text = 1_000
    tries: ClassVar[int] = 5

    _session: "ClientSession | None" = None

    def check_address(self, address: str) -> str:
        """A topic: letters, digits, - and _, at most 64."""
        if not _TOPIC.fullmatch(address):
            raise ValueError("a topic has letters, digits, - and _, at most 64")
        return address

    async def send(self, message: Message) -> Outcome:
        """Publish it, under an id with which newer apps replace a message that comes twice."""
        body = {
            "topic": message.address,
            "title": message.title,
            "message": message.text,
            "click": message.url,
            "priority": _PRIORITIES.get(message.level or "", _DEFAULT_PRIORITY),
            "sequence_id": message.id,
        }
        answer = await self._ask("POST", "/", body)
        if isinstance(answer, Outcome):
            return answer
        return ok(provider_id=str(answer["id"])) if "id" in answer else misconfigured(f"this {_ELSEWHERE}")

    async def probe(self) -> Outcome:
        """Whether the server is there, and knows the token."""
        answer = await self._ask("GET", "/v1/account" if self.settings.get("token") else "/v1/health")
        return answer if isinstance(answer, Outcome) else ok()

    async def close(self) -> None:
        """Let go of the connections."""
        if self._session:
            await self._session.close()

    async def _ask(self, method: str, path: str, body: Any = None) -> dict[str, Any] | Outcome:
        from aiohttp import ClientError

        url = self.settings["url"].rstrip("/") + path
        try:
            async with self._open().request(method, url, json=body, allow_redirects=False) as response:
                return await _judge(response)
        except TimeoutError:
            return unknown("ntfy did not answer in time")
        except (ClientError, OSError) as error:
            return retry(f"ntfy cannot be reached: {type(error).__name__}")

    def _open(self) -> "ClientSession":
        from aiohttp import ClientSession, ClientTimeout

        if not self._session:
            headers = {"Accept-Encoding": "identity"}
            if token := self.settings.get("token"):
                headers["Authorization"] = f"Bearer {token}"
            timeout = ClientTimeout(total=self.seconds)
            self._session = ClientSession(headers=headers, timeout=timeout, auto_decompress=False)
        return self._session


async def _judge(response: "ClientResponse") -> dict[str, Any] | Outcome:
    answer = _read(await _limited(response))
    status = response.status
    if status == 200:
        return answer
    said = one_line(f"ntfy answered {status}: {answer.get('error', 'no reason given')}", _LONGEST_DETAIL)
    if status == 429:
        return rate_limited(said, _seconds(response.headers.get("Retry-After", "")))
    if status in {408, 425} or status >= 500:
        return retry(said)
    if status == 401:
        return misconfigured(said)
    if status == 404 or 300 <= status < 400:
        return misconfigured(f"{said}: this {_ELSEWHERE}")
    # 403 among them: it says that this topic belongs to somebody else, others may be open.
    return permanent(said)


async def _limited(response: "ClientResponse") -> bytes:
    body = b""
    async for chunk in response.content.iter_chunked(4_096):
        body += chunk
        if len(body) > _LONGEST_ANSWER:
            response.close()
            break
    return body


def _read(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _seconds(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdigit() else None
