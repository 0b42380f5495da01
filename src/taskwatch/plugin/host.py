"""A plugin's channel in a process of its own: what hangs there, eats memory or dies harms nobody else.

The process is begun at the first message and again after its end. It has its own session, so that whatever it
forks is killed with it, and only those variables that programs need; secrets reach it through the pipe.
"""

import asyncio
import json
import os
import subprocess
import sys
from contextlib import suppress
from typing import Any, NamedTuple

from taskwatch.plugin.channel import Services
from taskwatch.plugin.message import Message
from taskwatch.plugin.options import Settings
from taskwatch.plugin.outcome import misconfigured, retry, unknown
from taskwatch.plugin.process import Ended, Line, kill
from taskwatch.plugin.wire import LONGEST_LINE, pack, pack_message, unpack, unpack_outcome

GRACE = 1.0
_CHECKING_SECONDS = 5.0
_COMMAND = (sys.executable, "-P", "-m", "taskwatch.plugin.child")
_VARIABLES = ("PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR", "DISPLAY", "WAYLAND_DISPLAY")
_PREFIXES = ("LC_", "XDG_", "DBUS_", "SSL_CERT_")


class _Opening(NamedTuple):
    """The first line that a process gets."""

    plugin: str
    folder: str
    channel: str
    settings: dict[str, Any]
    services: dict[str, Any]
    threads: int


class Process:
    """Runs one channel of a plugin in a child process, several messages at a time."""

    def __init__(self, plugin: str, folder: str, channel: str, judged: Settings, services: Services) -> None:
        self._opening = _Opening(
            plugin, folder, channel, judged.values, services._asdict(), judged.concurrency
        )
        self._secrets = judged.secrets
        self._line: Line | None = None
        self._lock = asyncio.Lock()

    async def send(self, message: Message, seconds: float) -> object:
        """Try once; the process is killed if it has not answered a second after the time ran out."""
        return await self._ask({"do": "send", "message": pack_message(message)}, seconds)

    async def probe(self, seconds: float) -> object:
        """Whether it would work."""
        return await self._ask({"do": "probe"}, seconds)

    def check_address(self, address: str) -> str:
        """The address as it is kept, asked of a process for this alone; ValueError if it can be none."""
        lines = pack(self._opening._asdict()) + pack(
            {"id": 1, "do": "check", "seconds": _CHECKING_SECONDS, "address": address}
        )
        try:
            answer = _ask_once(lines)
        except (subprocess.TimeoutExpired, ValueError, OSError):
            raise ValueError(f"the plugin {self._opening.plugin} does not say whether it can be") from None
        if isinstance(answer.get("address"), str):
            return str(answer["address"])
        raise ValueError(str(answer.get("refusal") or answer.get("broken") or "it has no such address"))

    async def close(self) -> None:
        """End the process, by force if need be, with all it has begun."""
        line, self._line = self._line, None
        if line is not None:
            await line.close()

    async def _ask(self, question: dict[str, Any], seconds: float) -> object:
        line: Line | None = None
        try:
            async with asyncio.timeout(seconds + GRACE):
                line = await self._living()
                answer = await line.ask({**question, "seconds": seconds})
        except TimeoutError:
            await self._end(line)
            if line is None:
                return retry(f"the plugin was not ready within {seconds:.3g} s, and was killed")
            return unknown(f"no answer within {seconds:.3g} s; its process was killed")
        except Ended as error:
            await self._end(line)
            return unknown(str(error))
        except _NotReadyError as error:
            return misconfigured(str(error))
        return unpack_outcome(answer.get("outcome"))

    async def _living(self) -> Line:
        """The process that is there, or a new one, once it is ready."""
        async with self._lock:
            if self._line is None or self._line.ended:
                self._line = await self._begin()
            return self._line

    async def _begin(self) -> Line:
        process = await asyncio.create_subprocess_exec(
            *_COMMAND,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=_environ(), start_new_session=True, limit=LONGEST_LINE,
        )  # fmt: skip
        line = Line(process, self._opening.plugin, self._secrets)
        try:
            greeting = await line.greet(self._opening._asdict())
        except BaseException:
            await line.end()
            raise
        if "ready" in greeting:
            return line
        await line.end()
        raise _NotReadyError(f"the plugin cannot be opened: {greeting.get('broken')}")

    async def _end(self, line: Line | None) -> None:
        """End a process that misbehaved; the next message begins a new one."""
        if line is None:
            return
        if self._line is line:
            self._line = None
        await line.end()


class _NotReadyError(Exception):
    """The channel could not be made in its process."""


def examine(plugin: str, folder: str) -> str | None:
    """What goes wrong when a plugin is loaded, tried in a process for this alone; None if nothing does."""
    opening = _Opening(plugin, folder, "", {}, {}, 1)
    try:
        answer = _ask_once(pack(opening._asdict()))
    except subprocess.TimeoutExpired:
        return f"it was not loaded within {_CHECKING_SECONDS:.0f} s"
    except (ValueError, OSError):
        return "its process ended while it was loaded"
    return None if "ready" in answer else str(answer.get("broken"))


def _ask_once(lines: bytes) -> dict[str, Any]:
    """The last answer of a process that is given these lines and then no more."""
    with subprocess.Popen(  # noqa: S603  our own interpreter and module
        _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=_environ(), start_new_session=True,
    ) as process:  # fmt: skip
        try:
            output, _ = process.communicate(lines, timeout=_CHECKING_SECONDS)
        finally:
            with suppress(ProcessLookupError):
                kill(process.pid)
    answers = output.splitlines()
    if not answers:
        raise json.JSONDecodeError("it answered nothing", "", 0)
    return unpack(answers[-1])


def _environ() -> dict[str, str]:
    """The variables of the child: no secret of another channel is among them."""
    kept = {
        name: text for name, text in os.environ.items() if name in _VARIABLES or name.startswith(_PREFIXES)
    }
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONDONTWRITEBYTECODE": "1"}
