"""The process of a plugin: `python -m taskwatch.plugin.child`, spoken to as `plugin.wire` says.

Its output is the answers alone: what a plugin prints goes to stderr. When its input ends, so does it.
"""

import asyncio
import os
import resource
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from inspect import iscoroutinefunction
from io import BufferedReader
from typing import Any

from taskwatch.plugin.calling import call, failed, take, tidy
from taskwatch.plugin.channel import Channel, Services
from taskwatch.plugin.judging import Unfit, spell
from taskwatch.plugin.loading import load
from taskwatch.plugin.outcome import unknown
from taskwatch.plugin.wire import pack, unpack, unpack_message

MEMORY = 512 * 1024 * 1024
_FINISHING_SECONDS = 1.0


def main() -> None:
    """Open the channel that the first line tells of, and serve it until the input ends."""
    answers = _keep_output()
    _limit()
    with open(0, "rb", closefd=False) as questions:
        opening = unpack(questions.readline())
        try:
            channel = _open(opening)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  a plugin may raise SystemExit or worse
            _answer(answers, {"broken": spell(error)})
            return
        _answer(answers, {"ready": True})
        if channel is not None:
            asyncio.run(_Serving(channel, answers, int(opening["threads"])).run(questions))
            _end_after(0)


class _Serving:
    """The questions under way."""

    def __init__(self, channel: Channel, answers: int, threads: int) -> None:
        self._channel = channel
        self._answers = answers
        self._threads = threads
        self._process = os.getpid()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, questions: BufferedReader) -> None:
        """Answer each question in a task of its own until there are no more, and all have been answered."""
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(self._threads))
        ended = asyncio.Event()

        def read() -> None:
            for line in questions:
                loop.call_soon_threadsafe(self._begin, unpack(line))
            loop.call_soon_threadsafe(ended.set)
            _end_after(_FINISHING_SECONDS)

        threading.Thread(target=read, daemon=True).start()
        await ended.wait()
        await asyncio.gather(*self._tasks)
        await call(self._channel.close)

    def _begin(self, question: dict[str, Any]) -> None:
        task = asyncio.create_task(self._serve(question))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, question: dict[str, Any]) -> None:
        answer = await self._do(question)
        if os.getpid() != self._process:
            os._exit(0)  # a plugin forked and came back twice: the copy must not run our loop
        _answer(self._answers, {"id": question["id"], **answer})

    async def _do(self, question: dict[str, Any]) -> dict[str, Any]:
        if question["do"] == "check":
            return self._check(question["address"])
        if question["do"] == "send":
            work = self._within(question["seconds"], "send", unpack_message(question["message"]))
        else:
            work = self._within(question["seconds"], "probe")
        return {"outcome": (await work)._asdict()}

    async def _within(self, seconds: float, name: str, *args: Any) -> Any:
        """The outcome of a method. A plain one in a thread cannot be ended here: we are killed for it."""
        method = getattr(self._channel, name)
        try:
            async with asyncio.timeout(seconds if iscoroutinefunction(method) else None):
                return take(await call(method, *args))
        except TimeoutError:
            return unknown(f"no answer within {seconds:.3g} s")
        except BaseException as error:  # noqa: BLE001  it is the plugin's, be it SystemExit or worse
            return failed(error)

    def _check(self, address: str) -> dict[str, Any]:
        try:
            return {"address": self._channel.check_address(address)}
        except Exception as error:  # noqa: BLE001  whatever it raises, the address is not taken
            return {"refusal": tidy(error)}


def _open(opening: dict[str, Any]) -> Channel | None:
    """The channel; None if only the plugin was to be loaded."""
    plugins = load([opening["plugin"]], opening["folder"])
    if plugins.broken:
        raise Unfit(plugins.broken[0].reason)
    if not opening["channel"]:
        return None
    services = Services(
        **{**opening["services"], "allow_private": tuple(opening["services"]["allow_private"])}
    )
    return plugins.channels[opening["channel"]](opening["settings"], services)


def _keep_output() -> int:
    """The descriptor for answers, kept from prints, from programs that are run and from forks."""
    answers = os.dup(1)
    os.dup2(2, 1)
    os.register_at_fork(after_in_child=lambda: os.close(answers))
    return answers


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))


def _answer(answers: int, fields: dict[str, Any]) -> None:
    line = pack(fields)
    while line:
        line = line[os.write(answers, line) :]


def _end_after(seconds: float) -> None:
    """The input has ended: whoever began us has gone or wants us gone, with all that we have begun."""
    threading.Event().wait(seconds)
    os.killpg(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
