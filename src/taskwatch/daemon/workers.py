"""Several worker processes on one port, seen from the process that starts, leads and connects them.

It opens no database and serves nobody, so that a worker's crash leaves the port open and the others at work.
"""

import asyncio
import contextlib
import json
import logging
import socket
import sys
from collections.abc import Mapping, Sequence
from typing import TypedDict

from taskwatch import clock
from taskwatch.config import Sources
from taskwatch.daemon import listening
from taskwatch.daemon.member import Member
from taskwatch.daemon.service import State
from taskwatch.daemon.systemd import without_systemd
from taskwatch.errors import TaskwatchError
from taskwatch.server.settings import from_config
from taskwatch.services.bus import GONE, STOP, line

PROGRAM = (sys.executable, "-P", "-m", "taskwatch.daemon.worker")
STOP_SECONDS = 9.0
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 30.0
FORGET_SECONDS = 60.0

log = logging.getLogger(__name__)


class Task(TypedDict):
    """What a worker process is told at its start; `line` and `sockets` are descriptors that it inherits."""

    number: int
    line: int
    sockets: list[int]
    sources: Mapping[str, object]
    verbosity: int


class Crew:
    """The workers of one daemon. One that dies is replaced under its number; number 0 runs the SLA loop."""

    def __init__(
        self,
        sources: Sources,
        environ: Mapping[str, str],
        count: int,
        *,
        sockets: Sequence[socket.socket] = (),
        verbosity: int = 0,
        program: Sequence[str] = PROGRAM,
    ) -> None:
        self._sources = sources
        self._environ = environ
        self._count = count
        self._sockets = list(sockets)
        self._verbosity = verbosity
        self._program = program
        self._members: dict[int, Member] = {}
        self._keepers: list[asyncio.Task[None]] = []

    @property
    def address(self) -> str:
        """The base URL."""
        return listening.url(self._sockets[0])

    async def start(self) -> None:
        """Open the port and start the workers; raises TaskwatchError if one cannot serve."""
        config = self._sources.load(self._environ)
        self._sockets = self._sockets or [listening.bind(config)]
        try:
            await self._hire(0)  # alone, as it may have to make the database
            await asyncio.gather(*(self._hire(number) for number in range(1, self._count)))
        except BaseException:
            await self.stop()
            raise
        self._keepers = [asyncio.create_task(self._keep(number)) for number in self._members]

    async def reload(self) -> None:
        """Let every worker read the configuration again, once it is known to be right."""
        from_config(self._sources.load(self._environ), self._environ, secret="")
        await asyncio.gather(*(member.ask("reload") for member in self._ranked()))

    async def states(self) -> list[State]:
        """How each worker does; one that does not answer in time is left out."""
        asked = (member.ask("status") for member in self._ranked())
        answers = await asyncio.gather(*asked, return_exceptions=True)
        return [answer["state"] for answer in answers if isinstance(answer, dict)]

    async def stop(self) -> None:
        """Let every worker say goodbye; who takes too long is ended."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for member in self._members.values():
            member.order(STOP)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await self._all_ended()
        self.kill()
        await self._all_ended()
        for listener in self._sockets:
            listener.close()

    def kill(self) -> None:
        """End every worker at once."""
        for member in self._members.values():
            member.kill()

    async def _all_ended(self) -> None:
        await asyncio.gather(*(member.ended() for member in self._members.values()))

    def _ranked(self) -> list[Member]:
        return [self._members[number] for number in sorted(self._members)]

    async def _keep(self, number: int) -> None:
        """Replace a worker whenever it ends, ever more slowly if it does not last."""
        pause = FIRST_PAUSE
        while True:
            begun = clock.monotonic()
            code = await self._members[number].ended()
            self._pass_on(number, line(b"%d" % number, GONE))
            if clock.monotonic() - begun > FORGET_SECONDS:
                pause = FIRST_PAUSE
            log.error("worker %d ended with code %d; another follows in %.1f s", number, code, pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
            try:
                await self._hire(number)
            except (TaskwatchError, OSError) as error:
                log.error("worker %d cannot serve: %s", number, error)  # noqa: TRY400  told, no fault

    async def _hire(self, number: int) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            process = await self._spawn(number, theirs.fileno())
        member = self._members[number] = Member(number, process, self._relay)
        await asyncio.get_running_loop().create_connection(lambda: member, sock=ours)
        watching = asyncio.create_task(member.ended())  # a worker that ends before it serves is told by this
        try:
            await member.ready()
        finally:
            watching.cancel()

    async def _spawn(self, number: int, line_fd: int) -> asyncio.subprocess.Process:
        listeners = [each.fileno() for each in self._sockets]
        task = Task(
            number=number,
            line=line_fd,
            sockets=listeners,
            sources=self._sources._asdict(),
            verbosity=self._verbosity,
        )
        return await asyncio.create_subprocess_exec(
            *self._program,
            json.dumps(task),
            stdin=asyncio.subprocess.DEVNULL,
            pass_fds=[line_fd, *listeners],
            env=without_systemd(self._environ),
        )

    def _relay(self, sender: int, body: bytes) -> None:
        self._pass_on(sender, b"%d %s\n" % (sender, body))

    def _pass_on(self, sender: int, data: bytes) -> None:
        for number, member in self._members.items():
            if number != sender:
                member.write(data)
