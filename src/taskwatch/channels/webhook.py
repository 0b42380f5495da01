"""POST each message as JSON to an HTTP server, signed as Standard Webhooks asks."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from taskwatch.channels.client import Client
from taskwatch.channels.guard import Guard
from taskwatch.channels.signature import parse_secret, sign
from taskwatch.channels.trust import trust
from taskwatch.plugin import (
    Channel,
    Message,
    Option,
    Outcome,
    Services,
    misconfigured,
    now,
    ok,
    permanent,
    rfc3339,
)

_SENT = ("data", "event", "id", "reason", "level", "title", "text", "url", "thread", "is_test", "version")
_HEADERS = {"Content-Type": "application/json"}
_LONGEST_URL = 2_000
_MARGIN = 0.5  # seconds between our own limit and that of the try


class Webhook(Channel):
    """An HTTP server that takes JSON, at one address for all or one of each person.

    The connection is guarded where it is opened, redirects are not followed, proxies of the environment not
    used, and of the answer nothing but status and headers is read.
    """

    name = "webhook"
    options = (
        Option("url", "url", "Where everybody's messages go, unless a person has an address of their own"),
        Option("secret", "secret", "Signs requests: whsec_ and the base64 of 24 to 64 random bytes"),
        Option("secret_before", "secret", "The secret until lately: signs too, while receivers change over"),
        Option("token", "secret", "Sent to url, and nowhere else, as Authorization: Bearer"),
        Option("plain_http", "switch", "Whether http:// is good enough", default=False),
        Option(
            "allow_private", "list", "Networks to reach although not public, such as 10.0.0.0/8", default=()
        ),
        Option("ca_file", "text", "Certificates to trust instead of the system's, as PEM"),
    )
    needs_address = False
    seconds = 15.0
    tries = 12
    first_pause = 30.0
    longest_pause = 21_600.0

    def __init__(self, settings: Mapping[str, Any], services: Services) -> None:
        super().__init__(settings, services)
        secrets = (settings.get("secret"), settings.get("secret_before"))
        self._keys = [parse_secret(secret) for secret in secrets if secret]
        token = settings.get("token")
        self._credentials = {"Authorization": f"Bearer {token}"} if token else {}
        allowed = (*services.allow_private, *(settings.get("allow_private") or ()))
        self._client = Client(Guard(allowed), trust(settings.get("ca_file")))
        if settings.get("url"):
            self.check_address(settings["url"])

    def check_address(self, address: str) -> str:
        """A URL; ValueError with a sentence if it is none, or goes over http:// where that is not allowed."""
        plain = address.isascii() and address.isprintable() and not set(address) & set(" \\")
        if not plain or len(address) > _LONGEST_URL:
            raise ValueError("a webhook's address is a URL in plain characters")
        parts = urlsplit(address)
        if parts.scheme == "http" and not self.settings.get("plain_http"):
            raise ValueError("a webhook's address begins with https://, unless plain_http is set")
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.port == 0:
            raise ValueError("a webhook's address is like https://example.org/hook")
        if "@" in parts.netloc:
            raise ValueError("a webhook's address cannot hold a password: use the option token")
        return address

    async def send(self, message: Message) -> Outcome:
        """POST it once: what counts is the status of the answer."""
        if not message.address:
            return await self._post(self.settings.get("url") or "", message, self._credentials)
        outcome = await self._post(message.address, message, {})
        return permanent(outcome.detail) if outcome.kind == "misconfigured" else outcome

    async def probe(self) -> Outcome:
        """Whether the shared address answers; nothing is posted."""
        url = self.settings.get("url")
        if not url:
            return ok(detail="there is no url for all, and those of persons are not probed")
        outcome = await self._client.ask("HEAD", url, self.seconds - _MARGIN)
        return ok(detail=outcome.detail) if outcome.detail.startswith("HTTP ") else outcome

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.close()

    async def _post(self, url: str, message: Message, credentials: Mapping[str, str]) -> Outcome:
        try:
            self.check_address(url)
        except ValueError as error:
            return misconfigured(str(error))
        at, body = now(), encode(message)
        return await self._client.ask(
            "POST",
            url,
            (message.deadline - at) / 1000 - _MARGIN,
            body=body,
            headers={**_HEADERS, **credentials, **sign(self._keys, message.id, at // 1000, body)},
            quoting=message.is_test,
        )


def encode(message: Message) -> bytes:
    """The body: `type`, `timestamp` and `data` as Standard Webhooks has them, and what else is known."""
    kept = {name: getattr(message, name) for name in _SENT}
    return json.dumps(
        {
            "type": message.kind,
            "timestamp": rfc3339(message.occurred_at),
            **kept,
            "recipient": message.recipient._asdict(),
        },
        separators=(",", ":"),
    ).encode()
