"""`taskwatch check`: the contract of monitoring plugins. Exit 0 OK, 1 WARNING, 2 CRITICAL, else 3 UNKNOWN."""

import os
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

from taskwatch import __version__
from taskwatch.cli import output
from taskwatch.cli.command import Command
from taskwatch.cli.safe import safe
from taskwatch.cli.session import Session, pass_session
from taskwatch.cli.sla.common import now_option
from taskwatch.errors import TaskwatchError, TimedOut

if TYPE_CHECKING:
    from taskwatch.actions.standing import StatisticsShape, Survey
    from taskwatch.actions.verdict import Limits

UNKNOWN = 3
LONGEST = 3_900


class _Check(Command):
    """A command whose every failure, from its own parsing on, is UNKNOWN."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse, knowing whether failures are told in JSON."""
        session = parent.obj if parent is not None and isinstance(parent.obj, Session) else Session()
        self.failed = lambda error: _fail(error, as_json=session.json)
        return super().make_context(info_name, args, parent, **extra)


@click.command(
    "check",
    cls=_Check,
    shape="taskwatch.actions.standing:CheckShape",
    examples=[
        "taskwatch check",
        "taskwatch check -w exceeded=0 -w at_risk=5 -c exceeded=3 -c compliance=60:",
        "taskwatch check -c 0 -t 5",
    ],
)
@click.option("-w", "--warning", multiple=True, metavar="[METRIC=]RANGE", help="When to warn; repeatable.")
@click.option(
    "-c", "--critical", multiple=True, metavar="[METRIC=]RANGE",
    help="When it is critical; repeatable.  [default without -w and -c: exceeded=0 for both]",
)  # fmt: skip
@click.option(
    "-t", "--timeout", type=click.IntRange(1, 3600), default=10, show_default=True, metavar="SECONDS",
    help="Answer UNKNOWN after so long.",
)  # fmt: skip
@click.option("-V", "--version", is_flag=True, help="Show the version and exit.")
@now_option
@pass_session
def check(
    session: Session,
    warning: tuple[str, ...],
    critical: tuple[str, ...],
    timeout: int,
    now: str | None,
    *,
    version: bool,
) -> None:
    """Report lateness to Nagios, Icinga or a probe: one line, its numbers, then the late tasks.

    Metrics are exceeded (also when none is named), at_risk and compliance. A RANGE is 10 (alert above 10),
    10: (below 10), ~:10, 10:20 (outside) or @10:20 (inside).
    """
    if version:
        output.text(f"taskwatch check {__version__}")
        return
    from taskwatch.actions.verdict import read_limits

    _watch_the_clock(timeout, as_json=session.json)
    limits = read_limits(warning, critical)
    found = _look(session, session.at(now), timeout)
    _answer(session, found, limits)


def _answer(session: Session, found: "Survey", limits: "Limits") -> NoReturn:
    from taskwatch.actions.verdict import judge

    judged = judge(found, limits)
    code = judged["exit_code"]
    try:
        if session.json:
            output.emit(judged)
        else:
            first = f"{_plain(judged['summary'])} | {_perfdata(found.statistics, limits)}"
            _print(found, first, session.quiet)
        output.flush()
    except OSError:
        output.silence(sys.stdout)
        code = UNKNOWN
    raise click.exceptions.Exit(code)


def _look(session: Session, now: int, timeout: int) -> "Survey":
    from taskwatch.actions.standing import survey
    from taskwatch.config import database_path
    from taskwatch.store import open_store

    store = open_store(database_path(session.config, session.environ), create=False, patience=float(timeout))
    try:
        return survey(store, now, session.now)
    finally:
        store.close()


def _perfdata(statistics: "StatisticsShape", limits: "Limits") -> str:
    from taskwatch.actions.verdict import value

    total = statistics["total_in_progress"]
    units = {"exceeded": ("", total), "at_risk": ("", total), "compliance": ("%", 100)}
    return " ".join(
        f"'{name}'={value(statistics, name)}{unit};{_thresholds(limits, name)};0;{most}"
        for name, (unit, most) in units.items()
    )


def _thresholds(limits: "Limits", metric: str) -> str:
    """`warning;critical` as they were written; what is not limited is empty."""
    return ";".join(ranges[metric].text if metric in ranges else "" for ranges in limits)


def _print(found: "Survey", first: str, quiet: int) -> None:
    """The first line, then late tasks for as long as there is room: monitors cut off at 4 KiB."""
    output.text(first)
    room = LONGEST - len(first.encode())
    for place, row in enumerate([] if quiet else found.violations):
        line = f"{_plain(row['task_code'])} exceeded by {row['exceeded_by']} minutes ({row['alert_level']})"
        room -= len(line.encode()) + 1
        if room < 0:
            output.text(f"and {len(found.violations) - place} more")
            return
        output.text(line)


def _plain(text: str) -> str:
    """Text that can break neither the line nor the bar that stands before the numbers."""
    return safe(text).replace("|", "/")


def _fail(error: TaskwatchError, *, as_json: bool = False) -> int:
    if as_json:
        output.complain({"error": {**error.as_json()["error"], "exit_code": UNKNOWN}})
    else:
        sentence = f"{error.message} ({error.hint})" if error.hint else error.message
        output.text(f"SLA UNKNOWN - {_plain(sentence)[:LONGEST]}")
    return UNKNOWN


def _watch_the_clock(seconds: int, *, as_json: bool) -> None:
    """Give up after so many seconds, even if the database does not answer at all."""
    from threading import Timer

    timer = Timer(seconds, _give_up, [seconds, as_json])
    timer.daemon = True
    timer.start()
    click.get_current_context().call_on_close(timer.cancel)


def _give_up(seconds: int, as_json: bool) -> NoReturn:
    # The main thread may hang in the database: nothing but leaving at once is sure.
    try:
        _fail(TimedOut(f"no answer within {seconds} s"), as_json=as_json)
        output.flush()
    finally:
        os._exit(UNKNOWN)
