"""The line to a plugin's process: questions go out, answers come back in any order."""

import asyncio
import logging
import os
import signal
from asyncio.subprocess import Process as Subprocess
from contextlib import suppress
from itertools import count
from typing import Any

from taskwatch.plugin.calling import tidy
from taskwatch.plugin.wire import pack, unpack

_LOGGED = 100
_CHUNK = 4096
_CLOSING_SECONDS = 1.0

log = logging.getLogger(__name__)


class Ended(Exception):
    """The process came to its end, or answered what cannot be read, before it had answered."""


class Line:
    """One process, until it ends. `ended` is whether it can be asked no more."""

    def __init__(self, process: Subprocess, plugin: str, secrets: tuple[str, ...]) -> None:
        self._process = process
        self._plugin = plugin
        self._secrets = secrets
        self._ids = count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._talk = asyncio.create_task(self._log_talk())
        self._reading: asyncio.Task[None] | None = None
        self.ended = False

    async def greet(self, opening: dict[str, Any]) -> dict[str, Any]:
        """Its first answer, to the opening line; Ended if there is none."""
        await self._write(opening)
        greeting = await self._read()
        self._reading = asyncio.create_task(self._follow())
        return greeting

    async def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Its answer to a question; Ended if it ends before."""
        if self.ended:
            raise Ended(f"the process of the plugin {self._plugin} has ended")
        number = next(self._ids)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            await self._write({"id": number, **question})
            return await answer
        finally:
            del self._waiting[number]

    async def close(self) -> None:
        """Let it finish, for a second; then end it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSING_SECONDS):
                await self._process.wait()
        await self.end()

    async def end(self) -> None:
        """Kill it and all that it has begun; whoever waits gets Ended."""
        self._give_up(self._say("was ended"))
        with suppress(ProcessLookupError):
            kill(self._process.pid)
        for task in (self._talk, self._reading):
            if task is not None and task is not asyncio.current_task():
                task.cancel()
        if self._process.stdin is not None:
            self._process.stdin.close()
        # What has left the session may hold the pipes open: nobody waits for it.
        self._process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001  there is no public way
        await self._process.wait()

    async def _follow(self) -> None:
        """Hand out the answers until there are no more."""
        try:
            while True:
                fields = await self._read()
                answer = self._waiting.get(int(fields.get("id", 0)))
                if answer is not None and not answer.done():
                    answer.set_result(fields)
        except (Ended, TypeError, ValueError) as error:
            self._give_up(str(error))

    async def _write(self, fields: dict[str, Any]) -> None:
        stdin = self._process.stdin
        try:
            if stdin is not None:
                stdin.write(pack(fields))
                await stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            raise Ended(self._say("ended")) from None

    async def _read(self) -> dict[str, Any]:
        stdout = self._process.stdout
        try:
            line = await stdout.readline() if stdout is not None else b""
            if line:
                return unpack(line)
        except (ValueError, RecursionError):  # no JSON, or a line without end
            raise Ended(self._say("answered what cannot be read")) from None
        raise Ended(self._say("ended"))

    def _give_up(self, why: str) -> None:
        self.ended = True
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(Ended(why))

    async def _log_talk(self) -> None:
        """What it prints goes to the log, up to a hundred pieces; the rest is read and dropped."""
        stderr, logged = self._process.stderr, 0
        while stderr is not None and (chunk := await stderr.read(_CHUNK)):
            logged += 1
            if logged <= _LOGGED:
                log.info("%s: %s", self._plugin, tidy(chunk.decode(errors="replace"), self._secrets))

    def _say(self, what: str) -> str:
        return f"the process of the plugin {self._plugin} {what} before it had answered"


def kill(pid: int) -> None:
    """Kill a process that leads its session, with all in it; ProcessLookupError if nobody is left."""
    os.killpg(pid, signal.SIGKILL)
