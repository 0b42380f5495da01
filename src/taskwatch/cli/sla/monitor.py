"""`taskwatch sla monitor`: the scheduled command."""

from typing import TYPE_CHECKING

import click

from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.session import Session, pass_session
from taskwatch.cli.sla.common import now_option, show_statistics

if TYPE_CHECKING:
    from taskwatch.actions.standing import Survey


@command(
    "monitor",
    shape="taskwatch.actions.alerts:MonitorShape",
    examples=[
        "*/5 * * * * taskwatch sla monitor -q    # in a crontab: mail comes only with trouble",
        "taskwatch sla monitor --dry-run",
        "taskwatch sla monitor --json",
    ],
)
@click.option("-n", "--dry-run", is_flag=True, help="Send no alert; say how many would be sent.")
@now_option
@pass_session
def monitor(session: Session, now: str | None, *, dry_run: bool) -> None:
    """Look once: send every alert that is due, list all tasks that are late, print the statistics.

    Each alert is sent once, however many monitors run. With -q nothing is printed when no task is late.
    """
    from taskwatch.actions import alerts, standing

    store, at = session.store(create=False), session.at(now)
    on_rise = session.config.flag("sla.alert_on_rise")
    done = alerts.monitor(store, at, on_rise=on_rise, dry_run=dry_run)
    found = standing.survey(store, at, session.now)
    if session.json:
        output.emit(
            {"violations": found.violations, "alerts_sent": done.sent, "statistics": found.statistics}
        )
    else:
        show_findings(found, quiet=bool(session.quiet))
        output.say(f"Alerts {'that would be sent' if dry_run else 'sent'}: {done.sent}")


def show_findings(found: "Survey", *, quiet: bool = False) -> None:
    """What a monitor prints: who is late, and the statistics; with `quiet` only who is late."""
    if not quiet:
        output.text("Checking for SLA violations...")
    if found.violations or not quiet:
        output.text(f"Found {len(found.violations)} SLA violations")
    for row in found.violations:
        output.text(f"  - Task {row['task_code']} exceeded by {row['exceeded_by']} minutes")
    if not quiet:
        output.text("")
        show_statistics(found.statistics)
