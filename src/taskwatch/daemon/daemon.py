"""The daemon as an object: start it, ask for its address, give it another configuration, stop it."""

import asyncio
import logging
import socket
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aiohttp import web

from taskwatch import clock
from taskwatch.actions import planning, tokens
from taskwatch.config import Config, database_path
from taskwatch.daemon import listening, logs
from taskwatch.errors import Forbidden
from taskwatch.server.app import application
from taskwatch.server.clients import Clients
from taskwatch.server.house import House
from taskwatch.server.keeper import Keeper
from taskwatch.server.pusher.switchboard import Switchboard
from taskwatch.server.settings import Settings, from_config
from taskwatch.server.sweeper import Sweeper
from taskwatch.server.vitals import Vitals
from taskwatch.services.bus import Bus, LoneBus
from taskwatch.services.database import Database
from taskwatch.services.hub import Hub
from taskwatch.services.notify import Notify, equip
from taskwatch.services.relay import Relay
from taskwatch.services.supervise import keep
from taskwatch.services.time import SharedTime
from taskwatch.services.watch import Watch
from taskwatch.store.address import is_postgres

if TYPE_CHECKING:
    from taskwatch.services.nodes import NodeBus

DRAIN_SECONDS = 3.0
LAST_WORDS_SECONDS = 2.0

log = logging.getLogger(__name__)


class Daemon:
    """Serves one database. Several may share a database and a port: they know each other by the `bus`.

    Those that share a server's database are on as many machines as they like and know each other by that.
    `sockets` are listening sockets to serve on, else the configured address is bound. Number 0 runs the SLA
    loop and plans notifications, every one delivers them. `now` tells the time in ms UTC, the database's if
    nothing else is said.
    """

    def __init__(
        self,
        config: Config,
        environ: Mapping[str, str],
        *,
        now: Callable[[], int] | None = None,
        sockets: Sequence[socket.socket] | None = None,
        bus: Bus | None = None,
        number: int = 0,
    ) -> None:
        self.number = number
        self.since = 0
        self._config = config
        self._environ = environ
        self._now = now or clock.now
        self._time: SharedTime | None = None
        self._is_time_given = now is not None
        self._given = sockets
        self._bus = bus or LoneBus()
        self._nodes: NodeBus | None = None
        self._house: House | None = None
        self._notify: Notify | None = None
        self._runner: web.AppRunner | None = None
        self._listening: list[socket.socket] = []
        self._loops: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Open the database, listen, and keep everything running in the background.

        Raises:
            Forbidden: the address is not this machine's alone, and there are no tokens.
            InvalidConfig: a setting of the server, a channel or a rule is wrong.
            Unavailable: the address is in use.
        """
        database = Database(database_path(self._config, self._environ))
        try:
            await self._start(database)
        except BaseException:
            await self.stop()
            await database.close()
            raise

    @property
    def address(self) -> str:
        """The base URL, such as `http://127.0.0.1:8000`."""
        return listening.url(self._listening[0])

    @property
    def house(self) -> House:
        """What its handlers share."""
        if self._house is None:
            raise RuntimeError("the daemon was not started")
        return self._house

    @property
    def last_tick(self) -> float | None:
        """When the SLA loop last looked (monotonic seconds); None where it does not run."""
        return self._house.watch.last_tick if self._house and self._house.watch else None

    def status(self) -> dict[str, Any]:
        """What there is to tell about it."""
        here = self.house
        return {
            "address": self.address,
            "number": self.number,
            "since": self.since,
            "cursor": here.hub.cursor,
            "clients": here.clients.count(),
            "cut_off": here.clients.cut_off,
            "sla": here.watch is not None,
            "engine": "PostgreSQL" if is_postgres(here.database.url) else "SQLite",
            "nodes": self._nodes.names if self._nodes else [],
        }

    async def reload(self, config: Config) -> None:
        """Go on with another configuration; address and database stay until a restart.

        Raises:
            InvalidConfig: a setting, a channel or a rule is wrong; nothing was changed.
        """
        settings = await self._read_settings(self.house.database, config)
        kit = await asyncio.to_thread(equip, config, self._environ, settings.public_url, self._now)
        logs.conceal(sender.hide for sender in kit.senders.values())
        self._config = config
        self.house.settings = self.house.keeper.settings = settings
        self.house.switchboard.settings = settings
        if self.house.watch:
            self.house.watch.alert_on_rise = settings.alert_on_rise
        if self._notify:
            await self._notify.exchange(kit)

    async def stop(self) -> None:
        """Listen no more, say goodbye to the clients, let what runs end, and close the database.

        A second call does nothing.
        """
        runner, self._runner = self._runner, None
        if self._house:
            self._house.database.hurry()
        if runner:
            await self._stop_listening(runner)
        notify, self._notify = self._notify, None
        farewells = [notify.stop()] if notify else []
        if self._house and runner:
            farewells.append(_dismiss(self._house, runner))
        await asyncio.gather(*farewells)
        await self._stop_loops()
        if self._house and runner:
            self._house.switchboard.close()
        nodes, self._nodes = self._nodes, None
        if nodes:
            await nodes.stop()
        if self._house and runner:
            await self._house.database.close()
        for each in self._listening:
            each.close()

    async def _start(self, database: Database) -> None:
        self._listening = list(self._given or [listening.bind(self._config)])
        if is_postgres(database.url):
            await self._share(database)
        self.since = self._now()
        await self._check_border(database)
        settings = await self._read_settings(database, self._config)
        here = self._house = self._furnish(database, settings)
        self._notify = here.notify = self._set_up_notify(here)
        here.vitals = Vitals(here, self._bus, self.number)
        await database.work(planning.begin)
        await here.relay.start()
        await here.switchboard.begin(database)
        self._runner = web.AppRunner(
            application(here),
            handler_cancellation=True,
            shutdown_timeout=LAST_WORDS_SECONDS,
            access_log=logs.ACCESS,
            access_log_class=logs.AccessLog,
            logger=logs.PROTOCOL,
        )
        await self._runner.setup()
        for each in self._listening:
            await web.SockSite(self._runner, each, backlog=listening.BACKLOG).start()
        self._run_loops(here, self._runner)

    async def _share(self, database: Database) -> None:
        """Go by the server's time, and talk with all who do."""
        from taskwatch.services.nodes import NodeBus

        if not self._is_time_given:
            self._time = SharedTime(database)
            await self._time.begin()
            self._now = self._time.now
        self._bus = self._nodes = NodeBus(database.url)
        self._nodes.start()

    async def _check_border(self, database: Database) -> None:
        if all(listening.is_loopback(each) for each in self._listening):
            return
        if not await database.read(tokens.any_tokens):
            raise Forbidden(
                f"{self.address} can be reached from other machines, and there are no tokens",
                hint="run: taskwatch token create --admin --name NAME, or listen on 127.0.0.1",
            )

    async def _read_settings(self, database: Database, config: Config) -> Settings:
        secret = await database.write(tokens.app_secret)
        return from_config(config, self._environ, secret=secret, address=self.address)

    def _furnish(self, database: Database, settings: Settings) -> House:
        hub = Hub()
        relay = Relay(database.url, hub)
        clients = Clients(self._now)
        keeper = Keeper(database, self._now, settings)
        watch = None
        if self.number == 0:
            watch = Watch(database, self._now, alert_on_rise=settings.alert_on_rise)
            relay.listeners.append(watch.learn)
            relay.on_break.append(watch.learn_anew)
        number = self._nodes.number if self._nodes else self.number
        switchboard = Switchboard(hub, settings, self._bus, number)
        relay.listeners += [keeper.learn, switchboard.learn, clients.learn]
        relay.on_break += [keeper.learn_anew, switchboard.learn_anew, clients.learn_anew]
        return House(
            settings=settings,
            database=database,
            hub=hub,
            relay=relay,
            clients=clients,
            keeper=keeper,
            switchboard=switchboard,
            watch=watch,
            now=self._now,
        )

    def _set_up_notify(self, here: House) -> Notify:
        kit = equip(self._config, self._environ, here.settings.public_url, self._now)
        logs.conceal(sender.hide for sender in kit.senders.values())
        notify = Notify(here.database, kit, self._now)
        here.relay.listeners.append(notify.learn)
        return notify

    def _run_loops(self, here: House, runner: web.AppRunner) -> None:
        self._keep("clients", here.clients.run)
        if here.vitals:
            self._keep("lag", here.vitals.lag.run)
            self._keep("vitals", here.vitals.run)
        if runner.server:
            self.sweeper = Sweeper(runner.server)
            self._keep("sweeper", self.sweeper.run)
        if self._time:
            self._keep("time", self._time.run)
        if here.watch:
            self._keep("SLA", here.watch.run)
        if self._notify:
            self._keep("delivery", self._notify.deliver.run)
            if self.number == 0:
                self._keep("planning", self._notify.plan.run)
                self._keep("tidying", self._notify.tidy.run)

    def _keep(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._loops.append(asyncio.get_running_loop().create_task(keep(name, work), name=name))

    async def _stop_loops(self) -> None:
        loops, self._loops = self._loops, []
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        if self._house:
            await self._house.relay.stop()

    async def _stop_listening(self, runner: web.AppRunner) -> None:
        for site in list(runner.sites):
            await site.stop()


async def _dismiss(house: House, runner: web.AppRunner) -> None:
    """Say goodbye to the clients, then close what is left of their connections."""
    await house.clients.drain(DRAIN_SECONDS)
    await runner.cleanup()
