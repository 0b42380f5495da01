"""Run what serves as a process among others: signals, systemd, the control socket, and a bounded end."""

import asyncio
import logging
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from taskwatch import clock
from taskwatch.config import Config, Sources, database_path
from taskwatch.daemon import logs, status
from taskwatch.daemon.control import Door
from taskwatch.daemon.service import Service, Solo
from taskwatch.daemon.systemd import Notifier, listen_fds
from taskwatch.daemon.workers import Crew
from taskwatch.errors import InvalidInput, TaskwatchError
from taskwatch.store.address import shown

DRAIN_SECONDS = 10.0
NEEDS_RESTART = ("database", "server.host", "server.port", "server.workers", "server.log_format")

log = logging.getLogger(__name__)


def run(sources: Sources, environ: Mapping[str, str], *, verbosity: int = 0) -> None:
    """Serve until told to stop.

    Raises:
        TaskwatchError: it cannot serve.
    """
    config = sources.load(environ)
    logs.set_up(config.text("server.log_format"), environ, verbosity=verbosity)
    asyncio.run(Run(_service(sources, environ, config, verbosity), sources, environ, config).serve())


class Run:
    """One run of a service."""

    def __init__(
        self, service: Service, sources: Sources, environ: Mapping[str, str], config: Config
    ) -> None:
        self._service = service
        self._sources = sources
        self._environ = environ
        self._config = config
        self._url = database_path(config, environ)
        self._notifier = Notifier(environ)
        self._since = clock.now()
        self._ending = asyncio.Event()
        self._turn = asyncio.Lock()
        self._jobs: set[asyncio.Task[Any]] = set()
        self._config_error: str | None = None
        self._address = ""

    async def serve(self) -> None:
        """From start to end."""
        self._mind_signals()
        await self._service.start()
        self._address = self._service.address
        door = await Door.open(self._url, self._answer)
        log.info("serving %s from %s", self._address, shown(self._url))
        self._notifier.ready(self._headline())
        if self._notifier.watchdog_seconds:
            self._begin(self._feed_watchdog(self._notifier.watchdog_seconds))
        await self._ending.wait()
        await self._stop()
        if door:
            await door.close()

    async def reload(self) -> None:
        """Read the configuration again; one that is wrong changes nothing.

        Raises:
            InvalidConfig: it is wrong.
        """
        async with self._turn:
            self._notifier.reloading()
            try:
                await self._service.reload()
                self._note_reload(self._sources.load(self._environ))
            except TaskwatchError as error:
                self._config_error = error.message
                log.error("the old configuration stays in force: %s", error.message)  # noqa: TRY400
                raise
            finally:
                self._notifier.ready(self._headline())

    def _note_reload(self, config: Config) -> None:
        waiting = [name for name in NEEDS_RESTART if config[name] != self._config[name]]
        self._config_error = None
        log.info("the configuration was read again")
        if waiting:
            log.warning("a restart is needed for %s to take effect", ", ".join(waiting))

    async def _answer(self, what: str) -> dict[str, Any]:
        if what not in ("status", "reload", "stop"):
            raise InvalidInput(f"a daemon cannot {what}")
        if what == "reload":
            await self.reload()
        answer = await self._describe()
        if what == "stop":
            self._ending.set()
        return {**answer}

    async def _describe(self) -> status.DaemonShape:
        states = [] if self._ending.is_set() else await self._service.states()
        return status.describe(os.getpid(), self._address, self._since, states, self._config_error)

    async def _stop(self) -> None:
        log.info("stopping")
        self._notifier.stopping("saying goodbye to the clients")
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                await self._service.stop()
        except TimeoutError:
            log.critical("not done within %d seconds", DRAIN_SECONDS)
            self._force()

    async def _feed_watchdog(self, seconds: float) -> None:
        """Only while the SLA loop moves: a daemon that answers, but does not watch, is to be restarted."""
        while not self._ending.is_set():
            if status.seconds_since_tick(await self._service.states()) < 2 * seconds:
                self._notifier.alive()
            await asyncio.sleep(seconds)

    def _mind_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)
        loop.add_signal_handler(signal.SIGHUP, lambda: self._begin(self._reload_quietly()))

    def _end(self) -> None:
        if self._ending.is_set():
            self._force()
        self._ending.set()

    def _force(self) -> None:
        log.critical("ended at once")
        self._service.kill()
        os._exit(1)

    async def _reload_quietly(self) -> None:
        with suppress(TaskwatchError):
            await self.reload()

    def _headline(self) -> str:
        trouble = f" (the old configuration: {self._config_error})" if self._config_error else ""
        return f"serving {self._address}{trouble}"

    def _begin(self, work: Any) -> None:
        job = asyncio.get_running_loop().create_task(work)
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)


def _service(sources: Sources, environ: Mapping[str, str], config: Config, verbosity: int) -> Service:
    sockets, count = listen_fds(environ), config.number("server.workers")
    if count == 1:
        return Solo(sources, environ, sockets)
    return Crew(sources, environ, count, sockets=sockets, verbosity=verbosity)
