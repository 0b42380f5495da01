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
from taskwatch.cli.sla.common import compliance, now_option
from taskwatch.errors import InvalidInput, TaskwatchError, TimedOut

if TYPE_CHECKING:
    from taskwatch.actions.standing import CheckShape, StatisticsShape, Survey
    from taskwatch.model.threshold import Range

STATES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
UNKNOWN = 3
METRICS = {"exceeded": "exceeded", "at_risk": "at_risk", "compliance": "compliance_rate"}
DEFAULT = ("exceeded=0",)
LONGEST = 3_900

Ranges = dict[str, "Range"]


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
    _watch_the_clock(timeout, as_json=session.json)
    warn, crit = _ranges(warning, critical)
    found = _look(session, session.at(now), timeout)
    _answer(session, found, warn, crit)


def _answer(session: Session, found: "Survey", warn: Ranges, crit: Ranges) -> NoReturn:
    code = _judge(found.statistics, warn, crit)
    summary = f"SLA {STATES[code]} - {_tell(found, warn | crit)}"
    try:
        if session.json:
            output.emit(_shape(found, code, summary))
        else:
            _print(found, f"{summary} | {_perfdata(found.statistics, warn, crit)}", session.quiet)
        output.flush()
    except OSError:
        output.silence(sys.stdout)
        code = UNKNOWN
    raise click.exceptions.Exit(code)


def _ranges(warning: tuple[str, ...], critical: tuple[str, ...]) -> tuple[Ranges, Ranges]:
    if not warning and not critical:
        warning = critical = DEFAULT
    return dict(map(_read, warning)), dict(map(_read, critical))


def _read(text: str) -> tuple[str, "Range"]:
    from taskwatch.model.names import shown, suggestion
    from taskwatch.model.threshold import parse

    name, separator, threshold = text.partition("=")
    metric = name.strip().replace("-", "_") if separator else "exceeded"
    if metric not in METRICS:
        hint = suggestion(metric, list(METRICS)) or f"the metrics are {', '.join(METRICS)}"
        raise InvalidInput(f"there is no metric {shown(name)}", hint=hint)
    return metric, parse(threshold if separator else text)


def _look(session: Session, now: int, timeout: int) -> "Survey":
    from taskwatch.actions.standing import survey
    from taskwatch.config import database_path
    from taskwatch.store import open_store

    store = open_store(database_path(session.config, session.environ), create=False, patience=float(timeout))
    try:
        return survey(store, now, session.now)
    finally:
        store.close()


def _judge(statistics: "StatisticsShape", warn: Ranges, crit: Ranges) -> int:
    if _alerting(statistics, crit):
        return 2
    return 1 if _alerting(statistics, warn) else 0


def _alerting(statistics: "StatisticsShape", ranges: Ranges) -> list[str]:
    return [metric for metric, wanted in ranges.items() if wanted.alerts(_value(statistics, metric))]


def _value(statistics: "StatisticsShape", metric: str) -> float:
    value: float = statistics[METRICS[metric]]  # type: ignore[literal-required]  # one of three keys of it
    return value


def _tell(found: "Survey", ranges: Ranges) -> str:
    statistics = found.statistics
    parts = [f"{statistics['exceeded'] or 'none'} of {statistics['total_in_progress']} tasks overdue"]
    if worst := _worst(found):
        parts[0] += f" (worst {_plain(worst)} +{found.violations[0]['exceeded_by']} min)"
    if "at_risk" in ranges:
        parts.append(f"{statistics['at_risk']} at risk")
    if "compliance" in ranges:
        parts.append(f"compliance {compliance(statistics)}")
    return ", ".join(parts)


def _worst(found: "Survey") -> str | None:
    return found.violations[0]["task_code"] if found.violations else None


def _perfdata(statistics: "StatisticsShape", warn: Ranges, crit: Ranges) -> str:
    total = statistics["total_in_progress"]
    limits = {"exceeded": ("", total), "at_risk": ("", total), "compliance": ("%", 100)}
    return " ".join(
        f"'{name}'={_value(statistics, name)}{unit};{_limit(warn, name)};{_limit(crit, name)};0;{most}"
        for name, (unit, most) in limits.items()
    )


def _limit(ranges: Ranges, metric: str) -> str:
    return ranges[metric].text if metric in ranges else ""


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


def _shape(found: "Survey", code: int, summary: str) -> "CheckShape":
    return {
        "state": STATES[code],
        "exit_code": code,
        "summary": summary,
        "worst": _worst(found),
        "statistics": found.statistics,
    }


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
