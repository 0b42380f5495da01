"""Run a program of this machine for each message: JSON on its standard input, its exit code is the outcome.

    0   taken over                      75  (EX_TEMPFAIL) try again, as for any other code
    65  (EX_DATAERR) never again        67  (EX_NOUSER) the address is no more
    78  (EX_CONFIG) set up wrong        126, 127  it cannot be run

The last line on standard error is kept as the detail.
"""

import asyncio
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Self

from taskwatch.plugin import (
    Channel,
    Message,
    Option,
    Outcome,
    Services,
    gone,
    misconfigured,
    now,
    ok,
    one_line,
    permanent,
    retry,
    unknown,
)
from taskwatch.plugin.wire import pack_message

_MEANINGS = {65: permanent, 67: gone, 78: misconfigured, 126: misconfigured, 127: misconfigured}
_VARIABLES = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR")
_KEPT = 4_096  # bytes
_MARGIN = 0.5  # seconds between our own limit and that of the try


class Exec(Channel):
    """A local program, run without a shell and without the secrets in our own environment."""

    name = "exec"
    options = (Option("command", "list", "The program and its arguments", required=True),)
    needs_address = False
    tries = 5
    longest_pause = 600.0

    def __init__(self, settings: Mapping[str, Any], services: Services) -> None:
        super().__init__(settings, services)
        if not settings["command"]:
            raise ValueError("command names no program")
        self._command: tuple[str, ...] = tuple(settings["command"])

    async def send(self, message: Message) -> Outcome:
        """Run it once; with all it has begun it is killed when the time is over."""
        seconds = max((message.deadline - now()) / 1000 - _MARGIN, 0.1)
        try:
            async with asyncio.timeout(seconds):
                return await _run(self._command, json.dumps(pack_message(message)).encode() + b"\n")
        except TimeoutError:
            return unknown(f"{self._command[0]} did not end within {seconds:.3g} s and was killed")
        except OSError as error:
            return misconfigured(f"{self._command[0]} cannot be run: {error.strerror}")

    async def probe(self) -> Outcome:
        """Whether the program is there and may be run."""
        from shutil import which

        program = which(self._command[0])
        return ok(detail=program) if program else misconfigured(f"there is no program {self._command[0]}")


async def _run(command: tuple[str, ...], content: bytes) -> Outcome:
    with _Tail() as tail, tempfile.TemporaryFile() as given:
        given.write(content)
        given.seek(0)
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=given,
            stdout=subprocess.DEVNULL,
            stderr=tail.writer,
            env={name: os.environ[name] for name in _VARIABLES if name in os.environ},
            start_new_session=True,
        )
        try:
            code = await process.wait()
        except BaseException:
            _kill(process)
            await process.wait()
            raise
        return _judge(code, tail.read())


def _judge(code: int, detail: str) -> Outcome:
    if code == 0:
        return ok(detail=detail)
    end = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
    return _MEANINGS.get(code, retry)(f"{end}: {detail}" if detail else end)


def _kill(process: asyncio.subprocess.Process) -> None:
    """End the program, and what it has begun."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


class _Tail:
    """The end of what a program writes; it never has to wait for us, nor we for what it leaves behind."""

    def __init__(self) -> None:
        self._reader, self.writer = os.pipe()
        os.set_blocking(self._reader, False)
        self._kept = b""

    def __enter__(self) -> Self:
        asyncio.get_running_loop().add_reader(self._reader, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._reader)
        os.close(self._reader)
        os.close(self.writer)

    def read(self) -> str:
        """The last line that is not empty."""
        self._take()
        written = self._kept.decode("utf-8", "replace").strip().splitlines()
        return one_line(written[-1]) if written else ""

    def _take(self) -> None:
        with suppress(BlockingIOError):
            self._kept = (self._kept + os.read(self._reader, 65_536))[-_KEPT:]
