"""Notifications on the desktop of whoever sits at the machine, as the freedesktop.org standard has them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from html import escape
from typing import TYPE_CHECKING, Any

from taskwatch.plugin import Channel, Message, Option, Outcome, hookimpl, misconfigured, ok, retry

if TYPE_CHECKING:
    from dbus_fast.aio import MessageBus

_NAME = "org.freedesktop.Notifications"
_PATH = "/org/freedesktop/Notifications"
_NORMAL, _CRITICAL = 1, 2
_ITS_OWN_TIME = -1


class _Refused(Exception):
    pass


@hookimpl
def taskwatch_register_channels(register: Callable[[type[Channel]], None]) -> None:
    """Hand over the channel."""
    register(Desktop)


class Desktop(Channel):
    """Shows a bubble. There is one desktop, so nobody needs an address."""

    name = "desktop"
    options = (
        Option("bus", "text", "address of the session bus; empty is that of the environment", default=""),
    )
    needs_address = False
    max_title = 100
    max_text = 500
    seconds = 5.0
    tries = 3

    async def send(self, message: Message) -> Outcome:
        """Show it; a critical one stays until it is clicked away."""
        return await self._with_bus(lambda bus: _show(bus, message))

    async def probe(self) -> Outcome:
        """Whether there is a desktop that shows notifications."""
        return await self._with_bus(_identify)

    async def _with_bus(self, ask: Callable[["MessageBus"], Awaitable[Outcome]]) -> Outcome:
        from dbus_fast.errors import AuthError, InvalidAddressError

        try:
            async with _connected(self.settings.get("bus") or None) as bus:
                return await ask(bus)
        except InvalidAddressError:
            return misconfigured("there is no session bus; set the option bus to its address")
        except (OSError, EOFError, AuthError) as error:
            return retry(f"the session bus cannot be reached: {type(error).__name__}")
        except _Refused as error:
            return retry(f"the desktop refused: {error}")


@asynccontextmanager
async def _connected(address: str | None) -> "AsyncIterator[MessageBus]":
    from dbus_fast.aio import MessageBus

    bus = MessageBus(bus_address=address)
    try:
        yield await bus.connect()
    finally:
        bus.disconnect()


async def _show(bus: "MessageBus", message: Message) -> Outcome:
    from dbus_fast import Variant

    (capabilities,) = await _call(bus, "GetCapabilities")
    text = escape(message.text, quote=False) if "body-markup" in capabilities else message.text
    hints = {"urgency": Variant("y", _CRITICAL if message.level == "critical" else _NORMAL)}
    body = ["taskwatch", 0, "", message.title, text, [], hints, _ITS_OWN_TIME]
    (number,) = await _call(bus, "Notify", "susssasa{sv}i", body)
    return ok(provider_id=str(number))


async def _identify(bus: "MessageBus") -> Outcome:
    name, vendor, version, _ = await _call(bus, "GetServerInformation")
    return ok(detail=f"{name} {version} of {vendor}")


async def _call(
    bus: "MessageBus", member: str, signature: str = "", body: list[Any] | None = None
) -> list[Any]:
    from dbus_fast import Message as Call
    from dbus_fast import MessageType

    call = Call(
        destination=_NAME, path=_PATH, interface=_NAME, member=member, signature=signature, body=body or []
    )
    reply = await bus.call(call)
    if reply is None or reply.message_type is MessageType.ERROR:
        raise _Refused(reply.error_name if reply else "no answer")
    return reply.body
