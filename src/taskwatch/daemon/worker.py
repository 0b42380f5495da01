"""A worker process: one daemon among several that share a port, started and led by `workers.Crew`."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping
from typing import Any

from taskwatch.config import Sources
from taskwatch.daemon import logs
from taskwatch.daemon.daemon import Daemon
from taskwatch.daemon.failure import wrap
from taskwatch.daemon.service import state_of
from taskwatch.errors import TaskwatchError
from taskwatch.services.bus import LineBus, Message


def main() -> None:
    """Work until told to stop; the task is a JSON argument, see `workers.Task`."""
    task = json.loads(sys.argv[1])
    sys.exit(asyncio.run(Worker(task, os.environ).run()))


class Worker:
    """Obeys its starter, and ends when that is gone."""

    def __init__(self, task: dict[str, Any], environ: Mapping[str, str]) -> None:
        self._task = task
        self._environ = environ
        self._sources = Sources(**task["sources"])
        self._ending = asyncio.Event()
        self._jobs: set[asyncio.Task[None]] = set()
        self._bus: LineBus
        self._daemon: Daemon

    async def run(self) -> int:
        """Serve until the end; the exit code."""
        self._mind_signals()
        self._bus = await LineBus.connect(socket.socket(fileno=self._task["line"]), self.obey)
        try:
            await self._start()
        except TaskwatchError as error:
            self._bus.report({"failed": wrap(error)})
            return error.exit_code
        else:
            self._bus.report({"ready": self._daemon.address})
            await self._ending.wait()
            await self._daemon.stop()
            return 0
        finally:
            self._bus.close()
            await self._bus.closed.wait()

    def obey(self, order: Message) -> None:
        """Do what the starter says: `stop`, or answer `reload` or `status`."""
        if order["do"] == "stop":
            self._ending.set()
            return
        job = asyncio.get_running_loop().create_task(self._answer(order))
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)

    async def _start(self) -> None:
        config = self._sources.load(self._environ)
        logs.set_up(config.text("server.log_format"), self._environ, verbosity=self._task["verbosity"])
        sockets = [socket.socket(fileno=fd) for fd in self._task["sockets"]]
        number = self._task["number"]
        self._daemon = Daemon(config, self._environ, sockets=sockets, bus=self._bus, number=number)
        await self._daemon.start()

    async def _answer(self, order: Message) -> None:
        try:
            if order["do"] == "reload":
                await self._daemon.reload(self._sources.load(self._environ))
            answer: Message = {"state": state_of(self._daemon)}
        except TaskwatchError as error:
            answer = {"failed": wrap(error)}
        self._bus.report({"re": order["id"], **answer})

    def _mind_signals(self) -> None:
        # A terminal or a service manager may signal all processes at once: only the starter judges those.
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._ending.set)
        for ignored in (signal.SIGINT, signal.SIGHUP):
            signal.signal(ignored, signal.SIG_IGN)


if __name__ == "__main__":
    main()
