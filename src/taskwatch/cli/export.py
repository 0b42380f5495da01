"""`taskwatch export`: everything, as NDJSON."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import click

from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.session import Session, pass_session

if TYPE_CHECKING:
    from taskwatch.actions.dump import Line


@command(
    "export",
    shape="taskwatch.actions.dump:DumpShape",
    examples=[
        "taskwatch export everything.ndjson",
        "taskwatch export | gzip > everything.ndjson.gz",
        "taskwatch --db new.db import dump everything.ndjson",
    ],
)
@click.argument("file", default="-")
@pass_session
def export(session: Session, /, file: str) -> None:
    """Write everything as NDJSON to FILE, or with - to stdout, from one moment.

    FILE must not exist. `taskwatch import dump` reads it into an empty database; exported again from
    there, it is the same byte for byte.
    """
    with _progress(session) as lines, _open(file) as stream:
        counts: dict[str, int] = {}
        for line in lines:
            stream.write(f"{output.dump(line)}\n".encode())
            counts[line["record"]] = counts.get(line["record"], 0) + 1
        stream.flush()
    _report(session, file, counts)


@contextmanager
def _progress(session: Session) -> "Iterator[Iterator[Line]]":
    from taskwatch.actions import dump

    done = 0
    with output.progress(100, "export") as bar:

        def advance(rows: int, total: int) -> None:
            nonlocal done
            percent = 100 * rows // max(total, 1)
            bar(percent - done)
            done = percent

        yield dump.export(session.store(create=False), advance)


@contextmanager
def _open(file: str) -> Iterator[IO[bytes]]:
    """Stdout, or a new file for its owner alone that is there only when it is whole."""
    import os

    if file == "-":
        yield sys.stdout.buffer
        return
    _check_free(file)
    part = f"{file}.part"
    try:
        with open(part, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as stream:
            yield stream
        os.rename(part, file)
    finally:
        if os.path.exists(part):
            os.unlink(part)


def _check_free(file: str) -> None:
    import os

    from taskwatch.errors import Conflict

    for path in (file, f"{file}.part"):
        if os.path.lexists(path):
            raise Conflict(f"{path} is there already", hint="name another file, or remove that one")


def _report(session: Session, file: str, counts: dict[str, int]) -> None:
    records = {name: count for name, count in counts.items() if name not in {"taskwatch", "counter", "end"}}
    rows = sum(records.values())
    if session.json and file != "-":
        output.emit({"file": file, "rows": rows, "records": records})
    else:
        output.say(f"{rows} rows written to {'stdout' if file == '-' else file}.")
