"""`taskwatch sla simulate`: the alerts to come."""

import click

from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.session import Session, pass_session
from taskwatch.cli.sla.common import clock, moment, now_option


@command(
    "simulate",
    shape="taskwatch.actions.simulate:SimulationShape",
    examples=["taskwatch sla simulate ADV_REVIEW_BC115", "taskwatch sla simulate 125 --until 7d --json"],
)
@click.argument("ref", metavar="TASK")
@click.option("--until", default="24h", show_default=True, metavar="TIME", help="A duration or a time.")
@now_option
@pass_session
def simulate(session: Session, ref: str, until: str, now: str | None) -> None:
    """Foresee every alert that would go out for a task if nobody acted. Nothing is sent."""
    from taskwatch.actions.simulate import simulate as foresee

    at = session.at(now)
    end = moment(session, until, at, ahead=True)
    on_rise = session.config.flag("sla.alert_on_rise")
    found = foresee(session.store(create=False), ref, at, session.now, end, on_rise=on_rise)
    if session.json:
        output.emit(found)
    elif found["alerts"]:
        rows = [
            (
                clock(session, a["at"]),
                a["ordinal"],
                a["alert_level"],
                a["exceeded_by_minutes"],
                a["missed_alerts"],
            )
            for a in found["alerts"]
        ]
        output.table(rows, ("at", "alert", "level", "minutes over", "missed before"))
    else:
        output.say(f"No alert for {found['task_code']}: {found['reason']}.")
