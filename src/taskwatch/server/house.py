"""What every handler needs, in one place: `house(request)` gives it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from taskwatch.server.clients import Clients
    from taskwatch.server.keeper import Keeper
    from taskwatch.server.pusher.switchboard import Switchboard
    from taskwatch.server.settings import Settings
    from taskwatch.server.vitals import Vitals
    from taskwatch.services.database import Database
    from taskwatch.services.hub import Hub
    from taskwatch.services.notify import Notify
    from taskwatch.services.relay import Relay
    from taskwatch.services.watch import Watch


class House:
    """The shared parts of one worker. `now` tells the time in ms UTC; a reload swaps the settings.

    `watch` is None in a worker that leaves the SLA loop to another one. `notify` plans and delivers,
    `vitals` tell how the workers do; both are None where no daemon runs. `since` is when it began (ms).
    """

    def __init__(
        self,
        *,
        settings: "Settings",
        database: "Database",
        hub: "Hub",
        relay: "Relay",
        clients: "Clients",
        keeper: "Keeper",
        switchboard: "Switchboard",
        watch: "Watch | None",
        now: Callable[[], int],
    ) -> None:
        self.settings = settings
        self.database = database
        self.hub = hub
        self.relay = relay
        self.clients = clients
        self.keeper = keeper
        self.switchboard = switchboard
        self.watch = watch
        self.now = now
        self.since = now()
        self.notify: Notify | None = None
        self.vitals: Vitals | None = None


HOUSE = web.AppKey("house", House)


def house(request: web.Request) -> House:
    """The house that a request came to."""
    return request.app[HOUSE]
