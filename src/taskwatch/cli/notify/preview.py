"""`taskwatch notify preview`: who will be told what about a task if nobody acts."""

from typing import TYPE_CHECKING

import click

from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.session import Session, pass_session
from taskwatch.cli.sla.common import clock, moment, now_option
from taskwatch.cli.wording import counted

if TYPE_CHECKING:
    from taskwatch.actions.preview import PreviewShape


@command(
    "preview",
    shape="taskwatch.actions.preview:PreviewShape",
    examples=[
        "taskwatch notify preview ADV_REVIEW_BC115",
        "taskwatch notify preview 125 --next 7d",
        "taskwatch notify preview 125 --json",
    ],
)
@click.argument("ref", metavar="TASK")
@click.option(
    "--next", "until", default="24h", show_default=True, metavar="TIME", help="A duration or a time."
)
@now_option
@pass_session
def preview(session: Session, ref: str, until: str, now: str | None) -> None:
    """Foresee who will be told what.

    Every message about a task if nobody acted, and how many each person gets. Nothing is sent.
    """
    from taskwatch.actions.preview import preview as foresee
    from taskwatch.cli.notify.rules import ahead, planner

    at = ahead(session, now)
    end = moment(session, until, at, ahead=True)
    on_rise = session.config.flag("sla.alert_on_rise")
    found = foresee(session.store(create=False), ref, at, end, planner(session), on_rise=on_rise)
    if session.json:
        output.emit(found)
    else:
        _show(session, found)


def _show(session: Session, found: "PreviewShape") -> None:
    if found["messages"]:
        rows = [
            (clock(session, m["at"]), m["user_name"], m["channel"], m["level"], m["reason"], m["title"])
            for m in found["messages"]
        ]
        output.table(rows, ("at", "user", "channel", "level", "reason", "message"))
        output.text("")
        counts = [(each["user_name"], each["channel"], each["messages"]) for each in found["counts"]]
        output.table(counts, ("user", "channel", "messages"))
    else:
        output.say(f"No message about {found['task_code']}: {found['reason']}.")
    for held in found["held"]:
        number = counted(held["messages"], "message")
        output.say(f"{number} to {held['user_name']} by {held['channel']} not sent by then: {held['reason']}")
