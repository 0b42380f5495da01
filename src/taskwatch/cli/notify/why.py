"""`taskwatch notify why`: rule by rule, who is told of a task and who is not."""

from typing import TYPE_CHECKING

import click

from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.output import style
from taskwatch.cli.session import Session, pass_session
from taskwatch.cli.sla.common import clock, now_option

if TYPE_CHECKING:
    from taskwatch.actions.why import DecisionShape, RecordShape, StepShape


@command(
    "why",
    shape="taskwatch.actions.why:WhyShape",
    examples=["taskwatch notify why ADV_REVIEW_BC115 5", "taskwatch notify why 125 5 --json"],
)
@click.argument("ref", metavar="TASK")
@click.argument("user", type=click.IntRange(min=1))
@now_option
@pass_session
def why(session: Session, ref: str, user: int, now: str | None) -> None:
    """Account for what somebody was told, or not.

    Every rule and every check that decides what a user hears of a task now, then every message so far.
    """
    from taskwatch.actions.why import why as account
    from taskwatch.cli.notify.rules import ahead, planner

    found = account(session.store(create=False), ref, user, ahead(session, now), planner(session))
    if session.json:
        output.emit(found)
        return
    output.text(style(found["task_code"], "bold"), f"  {found['task_name']}, for {found['user_name']}")
    for decision in found["decisions"]:
        _show_decision(decision)
    _show_records(session, found["deliveries"])


def _show_decision(decision: "DecisionShape") -> None:
    level = f", level {decision['level']}" if decision["level"] else ""
    output.text("")
    output.text(style(decision["kind"], "bold"), f"{level}, if it happened now:")
    for rule in decision["rules"]:
        _show_step(rule)
    if not decision["channels"]:
        output.text("  no message because: no rule leads to this user")
    for channel in decision["channels"]:
        sentence = style(channel["sentence"], "warn" if channel["reason"] else "good")
        output.text("  ", sentence, f", by {', '.join(channel['ways'])}")
        for step in channel["steps"]:
            _show_step(step, "    ")


def _show_step(step: "StepShape", indent: str = "  ") -> None:
    output.text(
        indent, style("yes" if step["passed"] else "no ", "dim"), f"  {step['about']}: {step['sentence']}"
    )


def _show_records(session: Session, records: "list[RecordShape]") -> None:
    output.text("")
    if not records:
        output.say("No message about this task was planned for this user.")
        return
    rows = [
        (
            clock(session, each["at"]),
            each["kind"],
            each["reason"],
            each["channel"],
            each["state"],
            each["because"],
        )
        for each in records
    ]
    output.table(rows, ("planned", "kind", "reason", "channel", "state", "because"))
