"""`taskwatch import`: bring in a process log or a dump."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import click

from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.lazy import LazyGroup
from taskwatch.cli.session import Session, pass_session

if TYPE_CHECKING:
    from datetime import tzinfo

    from taskwatch.actions.history import ImportShape, Target

_TICK = 500

import_ = LazyGroup(
    "import",
    {
        "log": ("taskwatch.cli.import_:log", "Turn a process log (CSV) into finished tasks.", "Verbs"),
        "dump": ("taskwatch.cli.import_:dump", "Read an export into an empty database.", "Verbs"),
    },
    help="Bring in a process log or a dump. All or nothing; importing never alerts.",
    examples=["taskwatch import dump everything.ndjson"],
)


@command(
    "log",
    shape="taskwatch.actions.history:ImportShape",
    examples="""
        taskwatch import log loans.csv --case 'Case ID' --activity Activity \\
            --start 'Start Timestamp' --end 'Complete Timestamp' --resource Resource \\
            --tz Europe/Amsterdam --timeout 30m --ignore Start --ignore End
        taskwatch sla report --since 2012-01-01 --by activity
    """,
)
@click.argument("file")
@click.option("--case", required=True, metavar="COLUMN", help="Which case the row belongs to.")
@click.option("--activity", required=True, metavar="COLUMN", help="What was done.")
@click.option("--start", required=True, metavar="COLUMN", help="When it was started.")
@click.option("--end", required=True, metavar="COLUMN", help="When it was completed.")
@click.option("--resource", metavar="COLUMN", help="Who did it: kept as text, for sla report.")
@click.option("--tz", metavar="ZONE", help="The zone of times without an offset.  [default: as configured]")
@click.option(
    "--timeout", metavar="DURATION", help="The timeout of every task, such as 30m.  [default: none]"
)
@click.option(
    "--workflow-type", metavar="CODE", help="The type of the workflows.  [default: the file's name]"
)
@click.option("--ignore", metavar="ACTIVITY", multiple=True, help="Leave this activity out; repeatable.")
@click.option("--skip-bad", is_flag=True, help="Leave out rows that cannot be read, and say which.")
@click.option("-n", "--dry-run", is_flag=True, help="Do everything but keep nothing.")
@pass_session
def log(
    session: Session, /, *, file: str, case: str, activity: str, start: str, end: str, resource: str | None,
    tz: str | None, timeout: str | None, workflow_type: str | None, ignore: tuple[str, ...],
    skip_bad: bool, dry_run: bool,
) -> None:  # fmt: skip
    """Import a process log: a CSV file with a header and one row for each finished piece of work.

    Each case becomes a completed workflow, each row a completed task. Rows that are here already are left
    as they are, so that a longer version of a log can be imported again. FILE may be - for stdin.
    """
    from taskwatch.actions.change import Change
    from taskwatch.actions.history import import_log
    from taskwatch.model.history import Columns, Log

    target = _target(file, workflow_type, timeout, skip_bad=skip_bad)
    columns = Columns(case, activity, start, end, resource)
    with _source(file) as stream, _progress(stream, file) as lines:
        rows = Log(_decode(lines), columns, zone=_zone(session, tz), now=session.now, ignore=ignore)
        done = import_log(session.store(), rows, target, Change(session.now, dry_run=dry_run))
    _report(session, done, dry_run=dry_run)


@command(
    "dump",
    shape="taskwatch.actions.dump:DumpShape",
    examples=["taskwatch --db new.db import dump everything.ndjson", "zcat all.gz | taskwatch import dump -"],
)
@click.argument("file")
@click.option("-n", "--dry-run", is_flag=True, help="Do everything but keep nothing.")
@pass_session
def dump(session: Session, /, file: str, dry_run: bool) -> None:
    """Read what `taskwatch export` wrote into an empty database. FILE may be - for stdin."""
    from taskwatch.actions.dump import restore

    with _source(file) as stream, _progress(stream, file) as lines:
        records = restore(session.store(), lines, dry_run=dry_run)
    rows = sum(records.values())
    if session.json:
        output.emit({"file": file, "rows": rows, "records": records})
    else:
        output.say(f"{rows} rows {'would be' if dry_run else 'were'} imported.")


def _target(file: str, workflow_type: str | None, timeout: str | None, *, skip_bad: bool) -> "Target":
    from taskwatch.actions.history import Target
    from taskwatch.model.history import type_from_file
    from taskwatch.model.times import parse_timeout

    minutes = None if timeout is None else parse_timeout(timeout)
    return Target(workflow_type or type_from_file(file), minutes, skip_bad)


def _zone(session: Session, name: str | None) -> "tzinfo":
    from taskwatch.model.times import parse_zone

    return parse_zone(name) if name else session.zone


@contextmanager
def _source(file: str) -> Iterator[IO[bytes]]:
    """The file, or all of stdin first: the database is not held while somebody types."""
    from taskwatch.errors import InvalidFile, NotFound

    if file == "-":
        yield from _spool()
        return
    try:
        stream = open(file, "rb")  # noqa: SIM115 - closed below; only failing to open is judged here
    except FileNotFoundError:
        raise NotFound(f"there is no file {file}", hint="check the path") from None
    except OSError as error:
        raise InvalidFile(f"{file} cannot be read: {error.strerror}", hint="check the path") from error
    with stream:
        yield stream


def _spool() -> Iterator[IO[bytes]]:
    import shutil
    import tempfile

    with tempfile.TemporaryFile() as spool:
        shutil.copyfileobj(sys.stdin.buffer, spool)
        spool.seek(0)
        yield spool


@contextmanager
def _progress(stream: IO[bytes], file: str) -> Iterator[Iterator[bytes]]:
    """The lines of a file, under a bar of the bytes read."""
    import os

    with output.progress(os.fstat(stream.fileno()).st_size, file) as advance:

        def lines() -> Iterator[bytes]:
            read = 0
            for number, line in enumerate(stream, 1):
                yield line
                read += len(line)
                if number % _TICK == 0:
                    advance(read)
                    read = 0
            advance(read)

        yield lines()


def _decode(lines: Iterator[bytes]) -> Iterator[str]:
    """Text of UTF-8; what is none becomes lone surrogates, which the log refuses row by row."""
    for number, line in enumerate(lines):
        plain = line.removeprefix(b"\xef\xbb\xbf") if number == 0 else line
        yield plain.decode("utf-8", "surrogateescape")


def _report(session: Session, done: "ImportShape", *, dry_run: bool) -> None:
    for bad in done["bad_rows"]:
        output.say(output.style(f"row {bad['row']}: ", "warn"), f"{bad['message']} (left out)", level=-1)
    if session.json:
        output.emit(done)
        return
    if done["activities"]:
        rows = [(each["name"], each["tasks"], each["missed"]) for each in done["activities"]]
        output.table(rows, ("activity", "tasks", "missed"))
    verb = "would be imported" if dry_run else "imported"
    output.say(
        f"{done['rows']} rows: {done['imported']} {verb} as {done['workflow_type']}, "
        f"{done['known']} known, {done['ignored']} ignored, {done['bad']} left out."
    )
