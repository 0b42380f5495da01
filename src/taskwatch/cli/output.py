"""The only place that prints: answers go to stdout, talk goes to stderr, colour is judged for each alone.

Every text passes `safe`; colour is given by `style` and painted here, so hostile text cannot bring its own.
"""

import errno
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Literal, NamedTuple, Protocol, TextIO

from taskwatch.cli.safe import safe, safe_json

Kind = Literal["good", "warn", "bad", "dim", "bold", "info"]
Cell = str | int | float | None

_CODES: dict[Kind, int] = {"good": 32, "warn": 33, "bad": 31, "dim": 2, "bold": 1, "info": 36}


class Wishes(Protocol):
    """What the user asked of the output."""

    @property
    def color(self) -> str:
        """`auto`, `always` or `never`."""

    @property
    def verbosity(self) -> int:
        """0 is normal, every -v adds one and every -q takes one."""


class _Normal(NamedTuple):
    color: str = "auto"
    verbosity: int = 0


_wishes: Wishes = _Normal()


def follow(wishes: Wishes | None = None) -> None:
    """From now on print as these wishes say; they are asked at each use. None brings back the normal ones."""
    global _wishes  # noqa: PLW0603  one process has one stdout, and this is how it is printed to
    _wishes = wishes or _Normal()


class Styled(str):
    """Plain text that remembers how to be painted; inside an f-string it is plain again."""

    __slots__ = ("kind",)
    kind: Kind


def style(text: object, kind: Kind) -> Styled:
    """That text, to be painted where colour is welcome. The words must say the same without it."""
    styled = Styled(text)
    styled.kind = kind
    return styled


def text(*parts: str) -> None:
    """One line of the answer on stdout: the parts, joined without a space."""
    _write(sys.stdout, _join(parts, sys.stdout))


def painted(*parts: str) -> str:
    """The parts as one line for stdout, safe and coloured as `text` would print it, without its end."""
    return _join(parts, sys.stdout)


def draw(sequence: str) -> None:
    """Lines from `painted`, and what steers the terminal between them, in one piece and at once."""
    _put(sys.stdout, sequence)
    flush()


def say(*parts: str, level: int = 0, multiline: bool = False) -> None:
    """One line of talk on stderr, if the verbosity reaches the level: -1 for trouble, 1 for detail."""
    if _wishes.verbosity >= level:
        _write(sys.stderr, _join(parts, sys.stderr, multiline=multiline))


def emit(data: Any) -> None:
    """JSON data on stdout: indented on a terminal, otherwise compact on one line."""
    _write(sys.stdout, dump(data, indent=2 if _is_terminal(sys.stdout) else None))


def emit_line(data: Any) -> None:
    """One line of newline-delimited JSON on stdout, flushed, so that a reader sees it at once."""
    _write(sys.stdout, dump(data))
    flush()


def complain(data: Any) -> None:
    """One line of JSON on stderr: an error, for programs."""
    _write(sys.stderr, dump(data))


def dump(data: Any, *, indent: int | None = None) -> str:
    """JSON text safe for any terminal; a value JSON does not know becomes its text."""
    import json

    separators = (",", ":") if indent is None else None
    return safe_json(json.dumps(data, ensure_ascii=False, indent=indent, separators=separators, default=str))


def table(rows: Iterable[Sequence[Cell]], headers: Sequence[str]) -> None:
    """Rows under headers on stdout, columns of numbers to the right; nothing is cut off, None is blank."""
    import tabulate

    painted = colored(sys.stdout)
    body = list(rows)
    lines = tabulate.tabulate(
        [[_show(cell, painted) for cell in row] for row in body],
        headers=[safe(header) for header in headers],
        tablefmt="simple",
        colalign=[_align(column) for column in zip(*body, strict=True)] or None,
        disable_numparse=True,
        preserve_whitespace=True,
    )
    _write(sys.stdout, "\n".join(line.rstrip() for line in lines.splitlines()))


@contextmanager
def progress(length: int, label: str) -> Iterator[Callable[[int], None]]:
    """A bar on stderr while a terminal watches; yields a function to be told of every advance."""
    if not _is_terminal(sys.stderr) or _wishes.verbosity < 0:
        yield _ignore
        return
    import click

    with click.progressbar(length=length, label=safe(label), file=sys.stderr) as bar:
        yield bar.update


def colored(stream: TextIO | None) -> bool:
    """Whether to paint there: --color, TASKWATCH_COLOR or config, NO_COLOR, FORCE_COLOR, TERM, terminal."""
    wish = _wishes.color
    if wish in ("always", "never"):
        return wish == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return os.environ.get("TERM") != "dumb" and _is_terminal(stream)


def flush() -> None:
    """Hand over what is buffered for stdout; raises the OSError of a full disk or a closed pipe now."""
    if sys.stdout is not None:
        sys.stdout.flush()


def silence(stream: TextIO | None) -> None:
    """Send what that stream still holds nowhere, so that the interpreter's last flush cannot fail."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())  # type: ignore[union-attr]  # None is suppressed with the rest
        os.close(nowhere)


def _join(parts: Sequence[str], stream: TextIO | None, *, multiline: bool = False) -> str:
    painted = any(isinstance(part, Styled) for part in parts) and colored(stream)
    return "".join(_paint(part, painted, multiline=multiline) for part in parts)


def _show(cell: Cell, painted: bool) -> str:
    return "" if cell is None else _paint(cell if isinstance(cell, str) else str(cell), painted)


def _paint(part: str, painted: bool, *, multiline: bool = False) -> str:
    plain = safe(part, multiline=multiline)
    return f"\x1b[{_CODES[part.kind]}m{plain}\x1b[0m" if painted and isinstance(part, Styled) else plain


def _align(column: Sequence[Cell]) -> str:
    numeric = all(cell is None or isinstance(cell, int | float) for cell in column)
    return "right" if numeric else "left"


def _write(stream: TextIO | None, line: str) -> None:
    _put(stream, f"{line}\n")


def _put(stream: TextIO | None, piece: str) -> None:
    if stream is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    try:
        stream.write(piece)
    except UnicodeEncodeError:  # a terminal or a PYTHONIOENCODING that cannot show every letter
        narrow = stream.encoding or "ascii"
        stream.write(piece.encode(narrow, "backslashreplace").decode(narrow))


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def _ignore(_more: int) -> None:
    pass
