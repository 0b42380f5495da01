"""Mail over SMTP: one message, one recipient, one connection, and codes judged where they come up."""

import asyncio
import socket
from collections.abc import Mapping
from contextlib import suppress
from email.headerregistry import Address
from typing import Any

from aiosmtplib import SMTP

from taskwatch.channels.letter import parse_address, parse_place, write_letter
from taskwatch.channels.reply import FAILURES, judge
from taskwatch.channels.trust import trust
from taskwatch.plugin import (
    Channel,
    Message,
    Option,
    Outcome,
    Services,
    now,
    ok,
    one_line,
    permanent,
)

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_MARGIN = 1.0  # seconds between our own limit and that of the try: a goodbye fits in
_GOODBYE_SECONDS = 0.5


class Mail(Channel):
    """An SMTP server, over STARTTLS unless said otherwise."""

    name = "mail"
    options = (
        Option("host", "text", "The server that takes our mail", default="localhost"),
        Option("port", "number", "Its port: 587 for starttls, 465 for tls, 25 for none"),
        Option("tls", "text", "How the connection is encrypted: starttls, tls or none", default="starttls"),
        Option("user", "text", "The name to log in with"),
        Option("password", "secret", "The password to log in with; needs an encrypted connection"),
        Option("sender", "text", "The address that mail comes from", required=True),
        Option("sender_name", "text", "The name that it comes from", default="taskwatch"),
        Option("unsubscribe", "text", "Where to unsubscribe: a mailto: or https:// address"),
        Option("ca_file", "text", "Certificates to trust instead of the system's, as PEM"),
    )
    max_title = 200
    max_text = 100_000
    seconds = 30.0
    tries = 8
    first_pause = 120.0
    longest_pause = 7_200.0

    def __init__(self, settings: Mapping[str, Any], services: Services) -> None:
        super().__init__(settings, services)
        self._tls = settings.get("tls") or "starttls"
        if self._tls not in _PORTS:
            raise ValueError(f"tls must be starttls, tls or none, got {self._tls}")
        if settings.get("password") and self._tls == "none":
            raise ValueError("a password is only sent over an encrypted connection: set tls")
        sender = parse_address(settings["sender"])
        self._sender = Address(one_line(settings.get("sender_name") or "taskwatch", 100), addr_spec=sender)
        self._unsubscribe = parse_place(settings.get("unsubscribe") or f"mailto:{sender}?subject=unsubscribe")
        self._trust = None if self._tls == "none" else trust(settings.get("ca_file"))

    def check_address(self, address: str) -> str:
        """One e-mail address, its domain in lower case."""
        return parse_address(address)

    async def send(self, message: Message) -> Outcome:
        """Hand it over once; from the first byte of the letter on, silence may mean that it has arrived."""
        try:
            address = parse_address(message.address)
        except ValueError as error:
            return permanent(str(error))
        letter = write_letter(message, address, self._sender, self._unsubscribe, now())
        client, handing = self._client(), False
        try:
            async with asyncio.timeout((message.deadline - now()) / 1000 - _MARGIN):
                await client.connect()
                await client.mail(self._sender.addr_spec)
                await client.rcpt(address)
                handing = True
                answer = await client.data(letter)
        except FAILURES as error:
            return judge(error, handing=handing)
        else:
            await _say_goodbye(client)
            return ok(provider_id=one_line(answer.message, 200))
        finally:
            client.close()

    async def probe(self) -> Outcome:
        """Connect and log in, as for a message."""
        client = self._client()
        try:
            async with asyncio.timeout(self.seconds - _MARGIN):
                await client.connect()
                await client.noop()
        except FAILURES as error:
            return judge(error, handing=False)
        else:
            await _say_goodbye(client)
            return ok(detail="connected" + (" and logged in" if self.settings.get("user") else ""))
        finally:
            client.close()

    def _client(self) -> SMTP:
        return SMTP(
            hostname=self.settings.get("host") or "localhost",
            port=int(self.settings.get("port") or _PORTS[self._tls]),
            username=self.settings.get("user"),
            password=self.settings.get("password"),
            local_hostname=one_line(socket.gethostname()).replace(" ", "-") or "localhost",
            timeout=None,
            use_tls=self._tls == "tls",
            start_tls=self._tls == "starttls",
            tls_context=self._trust,
        )


async def _say_goodbye(client: SMTP) -> None:
    """The message is taken over, whatever becomes of this."""
    with suppress(*FAILURES):
        async with asyncio.timeout(_GOODBYE_SECONDS):
            await client.quit()
