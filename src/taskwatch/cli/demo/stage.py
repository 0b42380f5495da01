"""The stage: a folder, a daemon and a team at work in it, gone without a trace when the curtain falls."""

import asyncio
import os
import shlex
import shutil
import signal
import socket
from contextlib import closing
from tempfile import mkdtemp
from typing import NamedTuple

from taskwatch import clock
from taskwatch.actions import listing, standing
from taskwatch.cli import browser, output
from taskwatch.cli.demo import play
from taskwatch.cli.demo.morning import BUSY
from taskwatch.cli.demo.staff import PEOPLE, YOU
from taskwatch.cli.demo.team import Team
from taskwatch.cli.session import Session
from taskwatch.config import Config, Sources
from taskwatch.daemon import listening, logs
from taskwatch.daemon.daemon import Daemon
from taskwatch.daemon.run import Run
from taskwatch.daemon.service import State, state_of
from taskwatch.services.supervise import keep
from taskwatch.store import open_store

BEAT = 0.25  # seconds between two looks at what is due
REMOVALS = 5
CONFIG = "taskwatch.toml"
DATABASE = "demo.db"


class Wishes(NamedTuple):
    """What the user asked for; port 0 is any free one."""

    port: int = 0
    seed: int = 1
    speed: float = 1.0
    show: bool = False


def perform(session: Session, wishes: Wishes) -> None:
    """Serve the demo until told to stop.

    Raises:
        Unavailable: the port is in use.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):  # before there is a loop to mind them: leave by `finally`
        signal.signal(number, signal.default_int_handler)
    folder = mkdtemp(prefix="taskwatch-demo-")
    try:
        sources = _configure(folder, wishes.port)
        environ = {"HOME": folder}
        config = sources.load(environ)
        logs.set_up("text", environ, verbosity=session.verbosity - 1)
        asyncio.run(Run(Stage(session, wishes, folder, config), sources, environ, config).serve())
    finally:
        remove(folder)


class Stage:
    """A service (see `daemon.service`): the daemon in this process, and the team."""

    def __init__(self, session: Session, wishes: Wishes, folder: str, config: Config) -> None:
        self._session = session
        self._wishes = wishes
        self._folder = folder
        self._config = config
        self._url = os.path.join(folder, DATABASE)
        self._daemon: Daemon | None = None
        self._play: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """The base URL."""
        return self._started().address

    async def start(self) -> None:
        """Rehearse, serve, say where to look, and let the team begin."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, signal.raise_signal, signal.SIGTERM)  # its terminal was closed
        port = listening.bind(self._config)  # first of all: a port in use is told at once
        output.say("Two weeks go by ...")
        team = await asyncio.to_thread(self._rehearse)
        self._daemon = await self._serve(port)
        await self._announce()
        self._play = loop.create_task(keep("play", lambda: self._go_on(team)), name="play")

    async def reload(self) -> None:
        """There is nothing that could have changed."""

    async def states(self) -> list[State]:
        """How the daemon does."""
        return [state_of(self._started())]

    async def stop(self) -> None:
        """Send everybody home, and remove the folder."""
        if self._play:
            self._play.cancel()
            await asyncio.gather(self._play, return_exceptions=True)
        await self._started().stop()
        self._remove()

    def kill(self) -> None:
        """At once: there are no other processes, only the folder."""
        self._remove()

    def _rehearse(self) -> Team:
        now, seed, speed = clock.now(), self._wishes.seed, self._wishes.speed
        team = Team(seed, play.arrivals(seed, now, speed), speed)
        with closing(open_store(self._url)) as store, play.in_one_go(store) as past:
            play.set_stage(past, now)
            play.rehearse(past, team, now)
        return team

    async def _serve(self, port: socket.socket) -> Daemon:
        daemon = Daemon(self._config, {"HOME": self._folder}, sockets=[port])
        await daemon.start()
        return daemon

    async def _go_on(self, team: Team) -> None:
        while True:
            await self._started().house.database.work(play.advance, team, clock.now())
            await asyncio.sleep(BEAT)

    async def _announce(self) -> None:
        if self._session.json:
            await self._emit()
        else:
            for line in programme(self.address, self._folder, dict(self._session.environ)):
                output.text(line)
        output.flush()
        if self._wishes.show:
            browser.show_meanwhile(f"{self.address}/")

    async def _emit(self) -> None:
        database, now = self._started().house.database, clock.now()
        begun = await database.read(listing.list_tasks, listing.Filters(statuses=BUSY), now)
        counted = await database.read(standing.stats, now, now)
        answer = {"tasks": begun, "alerts_sent": 0, "statistics": counted}
        output.emit_line(answer | {"database": self._url, "address": self.address})

    def _started(self) -> Daemon:
        if self._daemon is None:
            raise RuntimeError("the demo was not started")
        return self._daemon

    def _remove(self) -> None:
        remove(self._folder)


def remove(folder: str) -> None:
    """Remove the folder, even while somebody still writes into it."""
    for _ in range(REMOVALS):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.exists(folder):
            return


def programme(address: str, folder: str, environ: dict[str, str]) -> list[str]:
    """What to tell who watches: where to look, what to try, how to end it."""
    you = next(person.name for person in PEOPLE if person.id == YOU)
    settings = [f"TASKWATCH_CONFIG={shlex.quote(os.path.join(folder, CONFIG))}"]
    settings += [f"{name}=" for name in sorted(environ) if name.startswith("TASKWATCH_")]
    return [
        f"A team of {len(PEOPLE)} is at work. You are {you}, one of them: nobody else does what you claim.",
        "",
        f"  {address}/                    what is late, and what will be",
        f"  {address}/workflows           every order, and its picture",
        f"  {address}/inbox               what {you} was told",
        f"  {address}/admin/operations    how it all runs",
        "",
        "Look with the command line, too, from another terminal:",
        f"  export {' '.join(settings)}",
        "  taskwatch watch",
        "  taskwatch sla violations",
        "  taskwatch task list --status ready --role adv",
        "",
        "Ctrl-C ends it and removes everything.",
    ]


def _configure(folder: str, port: int) -> Sources:
    """A configuration that replaces every other; commands of the same user can be pointed to it."""
    path = os.path.join(folder, CONFIG)
    lines = [f'database = "{DATABASE}"', f"user = {YOU}", "", "[server]", f"port = {port}"]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return Sources({}, folder, path)
