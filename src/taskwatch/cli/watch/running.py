"""Running a watch: choosing what to look at and who shows it, and ending well by any signal."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import tzinfo
from typing import TYPE_CHECKING

import click

from taskwatch import clock
from taskwatch.cli import output
from taskwatch.cli.remote.options import find_server
from taskwatch.cli.session import Session
from taskwatch.cli.watch import view
from taskwatch.cli.watch.faces import LineFace, ScreenFace
from taskwatch.cli.watch.loop import Face, look, watch
from taskwatch.cli.watch.screen import Screen
from taskwatch.cli.watch.source import LocalSource, Source
from taskwatch.cli.watch.state import State, answer
from taskwatch.model import topic

if TYPE_CHECKING:
    from taskwatch.cli.remote.link import Server

INTERRUPTED = 130
WIDE, LONG = 1_000, 1_000_000  # a view printed once is as large as it is


def run(session: Session, topics: tuple[str, ...], count: int) -> None:
    """Watch until a signal or an error ends it."""
    server, zone = _prepare(session, topics), session.zone
    ended_by: list[signal.Signals] = []

    async def main() -> None:
        _end_by(signal.SIGTERM, ended_by)
        _end_by(signal.SIGHUP, ended_by)
        async with _open(session, server, topics) as source:
            with _face(session, zone, source) as face:
                await watch(source, face, topics, count)

    try:
        asyncio.run(main())
    except KeyboardInterrupt:  # the usual end, no failure to speak of
        raise click.exceptions.Exit(INTERRUPTED) from None
    except asyncio.CancelledError:
        _die_of(ended_by[0])


def run_once(session: Session, topics: tuple[str, ...], count: int, *, jsonl: bool) -> None:
    """Show the present state."""
    server = _prepare(session, topics)

    async def main() -> tuple[State, str]:
        async with _open(session, server, topics) as source:
            state, _cursor = await look(source, topics, count)
            return state, source.place

    state, place = asyncio.run(main())
    if jsonl:
        LineFace(session.zone, as_json=True).begin(state)
    elif session.json:
        output.emit(answer(state))
    else:
        for line in view.frame(state, clock.now(), session.zone, place=place, columns=WIDE, rows=LONG):
            output.text(*line)


def _prepare(session: Session, topics: tuple[str, ...]) -> "Server | None":
    """The server to watch if any, after looking at everything that can be wrong before it begins."""
    for text in topics:
        topic.parse(text)
    return find_server(session)


@asynccontextmanager
async def _open(session: Session, server: "Server | None", topics: tuple[str, ...]) -> AsyncIterator[Source]:
    source: Source
    if server:
        from taskwatch.cli.watch.distant import RemoteSource

        source = RemoteSource(server, topics)
    else:
        source = LocalSource(session.store(create=False), topics)
    try:
        yield source
    finally:
        await source.close()


@contextmanager
def _face(session: Session, zone: tzinfo, source: Source) -> Iterator[Face]:
    if session.json or not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        yield LineFace(zone, as_json=session.json)
        return
    with Screen() as screen:
        face = ScreenFace(screen, zone, source.place)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGWINCH, face.redraw)
        loop.add_signal_handler(signal.SIGTSTP, screen.suspend, face.redraw)
        yield face


def _end_by(number: signal.Signals, ended_by: list[signal.Signals]) -> None:
    """Let a signal end the watch as Ctrl-C does: the terminal is given back. An ignored one stays ignored."""
    if signal.getsignal(number) is signal.SIG_IGN:
        return
    task = asyncio.current_task()

    def end() -> None:
        ended_by.append(number)
        if task:
            task.cancel()

    asyncio.get_running_loop().add_signal_handler(number, end)


def _die_of(number: signal.Signals) -> None:
    """End as if nobody had caught the signal: whoever sent it can see that it worked."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
