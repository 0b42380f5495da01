"""`taskwatch notify replay`: try again what failed in a span of time."""

from typing import TYPE_CHECKING

import click

from taskwatch.cli.changing import answer, changes
from taskwatch.cli.command import command
from taskwatch.cli.session import Session
from taskwatch.cli.wording import counted

if TYPE_CHECKING:
    from taskwatch.actions.change import Change


@command(
    "replay",
    shape="taskwatch.actions.dead:ReplayShape",
    examples=[
        "taskwatch notify replay --since 2h --channel mail --dry-run",
        "taskwatch notify replay --since 2026-03-01T08:00 --until 2026-03-01T12:00 --rate 60",
    ],
)
@click.option("--since", required=True, metavar="TIME", help="What ended since then: 2h is 2 hours ago.")
@click.option("--until", metavar="TIME", help="And before then; else until now.")
@click.option("--channel", metavar="CHANNEL", help="On this channel alone.")
@click.option("--rate", default=0, type=click.IntRange(0), metavar="N", help="So many a minute.")
@changes("by", "reason", "key", "dry_run")
def replay(  # noqa: PLR0917  the options, by name
    session: Session, change: "Change", /, since: str, until: str | None, channel: str | None, rate: int
) -> None:
    """Try again what died or expired, as after an outage; each under the id its receiver saw before."""
    from taskwatch.actions import dead
    from taskwatch.cli.sla.common import moment

    begin = moment(session, since, session.now, ahead=False)
    end = session.now + 1 if until is None else moment(session, until, session.now, ahead=False)
    done = dead.replay(session.store(create=False), dead.Span(begin, end, channel, rate), change)
    last = f", the last at {done['last_at']}" if rate and done["last_at"] else ""
    answer(session, done, [f"try {counted(done['count'], 'message')} again{last}"], change)
