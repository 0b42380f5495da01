"""A channel: a way to reach a person. Authors subclass `Channel` and register the class."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, NamedTuple

from taskwatch.plugin.message import Message
from taskwatch.plugin.outcome import Outcome, ok

API = 1

Type = Literal["text", "number", "switch", "secret", "url", "seconds", "list"]


class Option(NamedTuple):
    """A setting of a channel: `secret` values are references (`file:`, `env:`, `cred:`) and never shown."""

    name: str
    type: Type
    about: str
    default: Any = None
    required: bool = False


class Channel:
    """A way to reach a person. `options` are checked before it is made; `settings` holds their values.

    `needs_address`: a person is reached at an address of their own (else the channel has one for all).
    `max_title` and `max_text` are lengths beyond which the text is cut, and marked so. `seconds` is how long
    a try may take. `tries` and `first_pause`, `longest_pause` (seconds) shape how often it is tried again.
    """

    api: ClassVar[int] = API
    name: ClassVar[str] = ""
    options: ClassVar[tuple[Option, ...]] = ()
    needs_address: ClassVar[bool] = True
    max_title: ClassVar[int] = 200
    max_text: ClassVar[int] = 10_000
    seconds: ClassVar[float] = 10.0
    tries: ClassVar[int] = 6
    first_pause: ClassVar[float] = 10.0
    longest_pause: ClassVar[float] = 3_600.0

    def __init__(self, settings: Mapping[str, Any], services: "Services") -> None:
        self.settings = settings
        self.services = services

    def check_address(self, address: str) -> str:
        """An address as it is kept; ValueError with a sentence if it can be none."""
        return address

    async def send(self, message: Message) -> Outcome:
        """Try once to send. What it raises counts as `retry`; it is ended at the message's deadline."""
        raise NotImplementedError

    async def probe(self) -> Outcome:
        """Whether it would work, as far as can be told without a message that anybody sees."""
        return ok()

    async def close(self) -> None:
        """Let go of connections."""


class Services(NamedTuple):
    """What a channel is lent. `public_url` is where people reach taskwatch, without a slash at its end.

    `allow_private` are networks that outgoing requests may reach although they are not public.
    """

    public_url: str
    allow_private: tuple[str, ...] = ()
