"""`taskwatch sla at-risk` and `violations`: the tasks behind the statistics."""

from typing import TYPE_CHECKING

import click

from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.output import Cell, Kind, style
from taskwatch.cli.session import Session, pass_session
from taskwatch.cli.sla.common import clock, now_option
from taskwatch.model.sla import AT_RISK_PERCENT, percentage
from taskwatch.model.times import spell

if TYPE_CHECKING:
    from taskwatch.actions.standing import AtRiskShape, ViolationShape

_KINDS: dict[str, Kind] = {
    "exceeded": "bad",
    "critical": "bad",
    "high": "warn",
    "medium": "warn",
    "low": "good",
}


@command(
    "at-risk",
    shape="list[taskwatch.actions.standing:AtRiskShape]",
    examples=[
        "taskwatch sla at-risk",
        "taskwatch sla at-risk --include-exceeded --json",
        "taskwatch sla at-risk --threshold 50",
    ],
)
@click.option("--include-exceeded", is_flag=True, help="Also those that have run out of time.")
@click.option(
    "--threshold", type=click.IntRange(1, 100), default=AT_RISK_PERCENT, show_default=True, metavar="PERCENT",
    help="Less than this share of the time left.",
)  # fmt: skip
@now_option
@pass_session
def at_risk(session: Session, now: str | None, threshold: int, *, include_exceeded: bool) -> None:
    """List tasks with little of their time left, the most urgent first."""
    from taskwatch.actions import standing

    found = standing.at_risk(
        session.store(create=False), session.at(now), session.now,
        threshold=threshold, include_exceeded=include_exceeded,
    )  # fmt: skip
    if session.json:
        output.emit(found)
    elif found:
        headers = ("id", "code", "name", "workflow", "risk", "left", "left %", "due", "claimed")
        output.table([_show_at_risk(session, row) for row in found], headers)
    else:
        output.say("No task is at risk.")


@command(
    "violations",
    shape="list[taskwatch.actions.standing:ViolationShape]",
    examples=["taskwatch sla violations", "taskwatch sla violations --json"],
)
@now_option
@pass_session
def violations(session: Session, now: str | None) -> None:
    """List tasks that have exceeded their timeout, the latest first."""
    from taskwatch.actions import standing

    found = standing.violations(session.store(create=False), session.at(now), session.now)
    if session.json:
        output.emit(found)
    elif found:
        headers = ("id", "code", "exceeded by", "level", "due", "alerts", "claimed", "acknowledged")
        output.table([_show_violation(session, row) for row in found], headers)
    else:
        output.say("No task has exceeded its timeout.")


def _show_at_risk(session: Session, row: "AtRiskShape") -> tuple[Cell, ...]:
    whole = row["remaining_seconds"] == row["timeout_minutes"] * 60
    return (
        row["task_id"],
        row["task_code"],
        row["task_name"],
        row["workflow_type"],
        style(row["risk_level"], _KINDS[row["risk_level"]]),
        spell(row["remaining_seconds"]),
        percentage(row["remaining_percent"], perfect=whole),
        clock(session, row["due_at"]),
        _holder(row["claimed_by"]),
    )


def _show_violation(session: Session, row: "ViolationShape") -> tuple[Cell, ...]:
    return (
        row["task_id"],
        row["task_code"],
        spell(row["exceeded_by_seconds"]),
        style(row["alert_level"], _KINDS["low" if row["alert_level"] == "low" else "critical"]),
        clock(session, row["due_at"]),
        row["alerts"],
        _holder(row["claimed_by"]),
        _care(session, row),
    )


def _care(session: Session, row: "ViolationShape") -> str | None:
    if row["acknowledged_until"] is None:
        return None
    who = f"by user:{row['acknowledged_by']} " if row["acknowledged_by"] else ""
    return f"{who}until {clock(session, row['acknowledged_until'])}"


def _holder(user_id: int | None) -> str | None:
    return None if user_id is None else f"user:{user_id}"
