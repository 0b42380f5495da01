"""Notifications through Apprise: Telegram, Slack, Matrix, Signal, SMS and more than a hundred others.

Two channels: `apprise` reaches each person at an address of their own, which takes the place of `{address}`
in the URL; `apprise-room` sends everything to one place.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote, unquote

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
    from apprise import Apprise, AppriseResult, NotifyType

_PLACE = "{address}"
_STATUS = re.compile(r"error=(\d{3})")
_SHORTEST_SECRET = 5
_LONGEST_DETAIL = 500


@hookimpl
def taskwatch_register_channels(register: Callable[[type[Channel]], None]) -> None:
    """Hand over both channels."""
    register(Person)
    register(Room)


class Room(Channel):
    """Sends everything to the one place that the URL names."""

    name = "apprise-room"
    options = (Option("url", "secret", "an Apprise URL, such as slack://...", required=True),)
    needs_address = False
    max_text = 2_000
    seconds = 20.0
    tries: ClassVar[int] = 5

    async def send(self, message: Message) -> Outcome:
        """Send it once; Apprise's own retries stay off."""
        url = self._url(message.address)
        bridge = _bridge(url)
        if not bridge:
            return self._refused()
        result = await bridge.async_notify(
            title=message.title,
            body=message.text,
            body_format="text",
            notify_type=_type(message),
            timeout=self.seconds,
            log_level=30,
        )
        return _judge(result, url)

    async def probe(self) -> Outcome:
        """Whether Apprise understands the URL; it offers no way to ask more without sending."""
        return ok() if _bridge(self._url("")) else _misunderstood()

    def _url(self, address: str) -> str:
        del address
        return str(self.settings["url"])

    def _refused(self) -> Outcome:
        return _misunderstood()


class Person(Room):
    """Sends to the address of a person, at its place in the URL."""

    name = "apprise"
    options = (
        Option(
            "url", "secret", "an Apprise URL with {address} in it: tgram://TOKEN/{address}", required=True
        ),
    )
    needs_address = True

    def check_address(self, address: str) -> str:
        """Whatever the service calls people by: at most 200 characters, without spaces at its ends."""
        if not address.isprintable() or not 1 <= len(address) <= 200 or address != address.strip():
            raise ValueError("an address has 1 to 200 characters, without spaces at its ends")
        return address

    async def probe(self) -> Outcome:
        """Whether the URL names a service, and has a place for the address."""
        if _PLACE not in self.settings["url"]:
            return misconfigured(f"the option url has no {_PLACE} in it; use the channel apprise-room")
        return ok() if _knows(self.settings["url"]) else _misunderstood()

    def _url(self, address: str) -> str:
        # Escaped, an address cannot add a host, a target or a parameter of its own.
        return str(self.settings["url"]).replace(_PLACE, quote(address, safe=""))

    def _refused(self) -> Outcome:
        if not _knows(self.settings["url"]):
            return _misunderstood()
        return permanent("Apprise does not take this address")


def _bridge(url: str) -> "Apprise | None":
    from apprise import Apprise, AppriseAsset, PersistentStoreMode

    asset = AppriseAsset(
        secure_logging=True,
        http_redirects=False,
        allow_templates=False,
        storage_mode=PersistentStoreMode.MEMORY,
    )
    bridge = Apprise(asset=asset)
    with _silence():
        return bridge if bridge.add(url) else None


@contextmanager
def _silence() -> Iterator[None]:
    """Apprise logs a URL that it cannot read, secrets and all."""
    from apprise.logger import logger

    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = False


def _knows(url: str) -> bool:
    from apprise.plugins import N_MGR

    return url.partition("://")[0].lower() in N_MGR


def _type(message: Message) -> "NotifyType":
    from apprise import NotifyType

    if message.reason == "resolved":
        return NotifyType.SUCCESS
    if message.level is None:
        return NotifyType.INFO
    return NotifyType.FAILURE if message.level in {"high", "critical"} else NotifyType.WARNING


def _judge(result: "AppriseResult", url: str) -> Outcome:
    from apprise import AppriseResultStatus

    if result.status is AppriseResultStatus.SUCCESS:
        return ok()
    told = _redact("; ".join(entry.message for entry in result.logs()), url)
    said = one_line(told, _LONGEST_DETAIL) or "Apprise gave no reason"
    if result.status is AppriseResultStatus.TIMEOUT:
        return unknown(said)
    status = _STATUS.search(said)
    return _class_of(int(status[1]) if status else 0)(said)


def _class_of(status: int) -> Callable[[str], Outcome]:
    if status == 429:
        return rate_limited
    if status == 401:
        return misconfigured
    # 403 is among the permanent ones: some services say so when a person does not want to be written to.
    return permanent if 300 <= status < 500 and status not in {408, 425} else retry


def _redact(text: str, url: str) -> str:
    for part in re.split(r"[/:@?&=]+", url):
        for secret in {part, unquote(part)}:
            if len(secret) >= _SHORTEST_SECRET:
                text = text.replace(secret, "***")
    return text


def _misunderstood() -> Outcome:
    return misconfigured("Apprise does not understand the option url")
