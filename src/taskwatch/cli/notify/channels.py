"""The channels of the configuration, opened for one command."""

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from taskwatch import clock
from taskwatch.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from taskwatch.plugin.sender import Sender
    from taskwatch.services.notify import Kit, Notify


def kit(session: Session, now: "Callable[[], int]" = clock.now) -> "Kit":
    """The rules and channels of the configuration; InvalidConfig if one is wrong."""
    from taskwatch.services.notify import equip

    return equip(session.config, session.environ, public_url(session), now)


def public_url(session: Session) -> str:
    """Where people reach taskwatch: as configured, else the daemon of this machine."""
    from taskwatch.config.net import parse_url

    address = session.config.text("server.public_url")
    return parse_url(address) if address else f"http://localhost:{session.config.number('server.port')}"


@asynccontextmanager
async def notifying(session: Session) -> "AsyncIterator[Notify]":
    """Planner and delivery on the database, which has to be there; stopped and closed at the end."""
    from taskwatch.services.database import Database
    from taskwatch.services.notify import Notify
    from taskwatch.services.time import telling

    database = Database(session.store(create=False).url)
    try:
        async with telling(database) as now:
            notify = Notify(database, kit(session, now), now)
            try:
                yield notify
            finally:
                await notify.stop()
    finally:
        await database.close()


@asynccontextmanager
async def opened(session: Session, name: str) -> "AsyncIterator[Sender]":
    """One channel; NotFound names a similar one if there is none of that name."""
    from taskwatch.errors import NotFound
    from taskwatch.model.names import shown, suggestion

    senders = kit(session).senders
    try:
        if name not in senders:
            hint = suggestion(name, list(senders)) or f"there are {', '.join(senders)}"
            raise NotFound(f"there is no channel {shown(name)}", hint=hint, channel=name)
        yield senders[name]
    finally:
        for sender in senders.values():
            await sender.close()


def checked_address(session: Session, name: str, address: str) -> str:
    """The address as the channel keeps it; InvalidInput if it has no such. One not set up yet takes any."""
    import asyncio

    async def ask() -> str:
        senders = kit(session).senders
        try:
            return senders[name].check_address(address) if name in senders else address
        finally:
            for sender in senders.values():
                await sender.close()

    return asyncio.run(ask())
