"""`taskwatch sla report`: what was met and missed."""

from typing import TYPE_CHECKING

import click

from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.output import Cell
from taskwatch.cli.session import Session, pass_session
from taskwatch.cli.sla.common import moment, now_option
from taskwatch.model.report import GROUPINGS
from taskwatch.model.sla import percentage
from taskwatch.model.times import spell

if TYPE_CHECKING:
    from taskwatch.actions.report import LineShape, ReportShape

_COUNTS = ("cycles", "met", "missed", "untracked", "skipped", "cancelled", "failed")


@command(
    "report",
    shape="taskwatch.actions.report:ReportShape",
    examples=[
        "taskwatch sla report --since 30d",
        "taskwatch sla report --since 2026-11-01 --until 2026-12-01 --by assignee --json",
    ],
)
@click.option("--since", metavar="TIME", help="Only what ended from then on; a duration is so long ago.")
@click.option("--until", metavar="TIME", help="Only what ended before then.  [default: now]")
@click.option(
    "--by", type=click.Choice(GROUPINGS), default="activity", show_default=True, help="Group by it."
)
@now_option
@pass_session
def report(session: Session, since: str | None, until: str | None, by: str, now: str | None) -> None:
    """Sum up finished cycles: met, missed, the rate, durations and how many were reopened.

    The rate is met of met and missed; what was skipped, cancelled or had no timeout is only counted.
    """
    from taskwatch.actions.report import report as sum_up

    at = session.at(now)
    start = moment(session, since, at, ahead=False) if since else None
    end = moment(session, until, at, ahead=False) if until else at + 1
    found = sum_up(session.store(create=False), by, session.zone, since=start, until=end)
    if session.json:
        output.emit(found)
    elif found["groups"]:
        _show(found)
    else:
        output.say("No cycle ended in that time.")


def _show(found: "ReportShape") -> None:
    headers = (found["by"], *_COUNTS, "rate", "p50", "p90", "p95", "reopened", "mtta", "mttr")
    rows = [_row(line["group"] or "(none)", line) for line in found["groups"]]
    output.table([*rows, _row("total", found["total"])], headers)


def _row(name: str, line: "LineShape") -> tuple[Cell, ...]:
    return (
        name,
        *(line[count] for count in _COUNTS),  # type: ignore[literal-required]  # the names are keys of it
        _share(line["rate"], perfect=line["missed"] == 0),
        *(
            None if s is None else spell(s)
            for s in (line["p50_seconds"], line["p90_seconds"], line["p95_seconds"])
        ),
        _share(line["reopen_rate"], perfect=line["reopen_rate"] == 100),
        *(None if s is None else spell(s) for s in (line["mtta_seconds"], line["mttr_seconds"])),
    )


def _share(rate: float | None, *, perfect: bool) -> str | None:
    return None if rate is None else percentage(rate, perfect=perfect)
