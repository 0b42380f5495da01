"""What the verbs of `sla` share: the instant they judge at, and how statistics and instants are shown."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from taskwatch.cli import output
from taskwatch.cli.session import Session
from taskwatch.errors import InvalidInput

if TYPE_CHECKING:
    from taskwatch.actions.standing import StatisticsShape

Callback = Callable[..., None]


def now_option(callback: Callback) -> Callback:
    """The option --now."""
    return click.option("--now", metavar="TIME", help="Judge as if the clock stood there.")(callback)


def moment(session: Session, text: str, now: int, *, ahead: bool) -> int:
    """The instant (ms) of a time as typed, seen from `now`; a bare duration is ahead of it or ago.

    Raises:
        InvalidInput: it is neither a time nor a duration.
    """
    from taskwatch.model.times import parse_duration, parse_instant

    try:
        step = parse_duration(text) * 1000
    except InvalidInput:
        return parse_instant(text, now=now, zone=session.zone)
    return now + step if ahead else now - step


def show_statistics(statistics: "StatisticsShape") -> None:
    """The statistics, a line each."""
    from taskwatch.actions.verdict import compliance

    output.text("SLA Statistics:")
    output.text(f"  Total in progress: {statistics['total_in_progress']}")
    output.text(f"  On time: {statistics['on_time']}")
    output.text(f"  At risk: {statistics['at_risk']}")
    output.text(f"  Exceeded: {statistics['exceeded']}")
    output.text(f"  Compliance rate: {compliance(statistics)}")


def clock(session: Session, stamp: str) -> str:
    """An RFC 3339 instant as the configuration wants it: as it is, or on local clocks."""
    if session.config.text("output.time") == "iso":
        return stamp
    from taskwatch.model.times import local

    return local(session.at(stamp), session.zone)
