"""A terminal taken over: the alternate screen, drawn in place and given back whatever happens."""

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from taskwatch.cli import output
from taskwatch.cli.watch.view import Line

# Without wrapping, a letter that is wider than thought cannot push the lines below it down.
_ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l"
_LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l"
# Between these two, a terminal that knows them shows nothing half drawn; others pass them over.
_HOLD, _SHOW = "\x1b[?2026h", "\x1b[?2026l"
_HOME, _REST_OF_LINE, _REST_OF_SCREEN = "\x1b[H", "\x1b[K", "\x1b[J"


class Screen:
    """The terminal behind stdout, as a context manager."""

    def __enter__(self) -> Self:
        output.draw(_ENTER)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # the terminal may be what failed
            output.draw(_LEAVE)

    def size(self) -> tuple[int, int]:
        """Columns and rows at this moment; the last column stays free."""
        columns, rows = os.get_terminal_size(sys.stdout.fileno())
        return (columns or 80) - 1, rows or 24  # a serial line may not know its own

    def draw(self, lines: list[Line]) -> None:
        """These lines in place of those before: line by line over the old ones, never a blank screen."""
        body = "\r\n".join(f"{output.painted(*line)}{_REST_OF_LINE}" for line in lines)
        output.draw(f"{_HOLD}{_HOME}{body}{_REST_OF_SCREEN}{_SHOW}")

    def suspend(self, redraw: Callable[[], None]) -> None:
        """Ctrl-Z: give the terminal back, stop, and take it again when the shell goes on."""
        output.draw(_LEAVE)
        os.kill(os.getpid(), signal.SIGSTOP)
        output.draw(_ENTER)
        redraw()
