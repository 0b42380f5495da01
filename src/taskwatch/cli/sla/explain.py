"""`taskwatch sla explain`: the arithmetic of a task and the fate of its alerts."""

from typing import TYPE_CHECKING

import click

from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.output import style
from taskwatch.cli.session import Session, pass_session
from taskwatch.cli.sla.common import clock, now_option
from taskwatch.model.times import spell

if TYPE_CHECKING:
    from taskwatch.actions.explain import CycleShape, SegmentShape, SlotShape


@command(
    "explain",
    shape="taskwatch.actions.explain:ExplanationShape",
    examples=[
        "taskwatch sla explain ADV_REVIEW_BC115",
        "taskwatch sla explain 125 --now 2026-11-23T10:00:00Z --json",
    ],
)
@click.argument("ref", metavar="TASK")
@now_option
@pass_session
def explain(session: Session, ref: str, now: str | None) -> None:
    """Account for a task: every stretch of time, what it adds up to, and what became of every alert."""
    from taskwatch.actions.explain import explain as account

    on_rise = session.config.flag("sla.alert_on_rise")
    found = account(session.store(create=False), ref, session.at(now), on_rise=on_rise)
    if session.json:
        output.emit(found)
        return
    output.text(
        style(found["task_code"], "bold"), f"  {found['task_name']}, at {clock(session, found['now'])}"
    )
    for cycle in found["cycles"]:
        _show_cycle(session, cycle)


def _show_cycle(session: Session, cycle: "CycleShape") -> None:
    standing = cycle["verdict"] or cycle["clock"]
    timeout = spell(cycle["timeout_minutes"] * 60) if cycle["timeout_minutes"] else "none"
    output.text("")
    output.text(style(f"Cycle {cycle['cycle']}", "bold"), f": {standing}, timeout {timeout}")
    for segment in cycle["segments"]:
        _show_segment(session, segment)
    if cycle["segments"]:
        output.text(f"  {_sum(cycle)}")
    if cycle["reason"]:
        output.text(f"  No alerts: {cycle['reason']}")
    if cycle["alerts"]:
        output.text("  Alerts:")
    for slot in cycle["alerts"]:
        _show_slot(session, slot)


def _show_segment(session: Session, segment: "SegmentShape") -> None:
    end = clock(session, segment["end"]) if segment["end"] else "now".ljust(16)
    counted = f"+ {spell(segment['seconds'])}" if segment["counted"] else f"({spell(segment['seconds'])})"
    reason = f"  {segment['reason']}" if segment["reason"] else ""
    output.text(f"  {clock(session, segment['start'])} to {end}  {segment['state']:<8}{counted}{reason}")


def _sum(cycle: "CycleShape") -> str:
    elapsed = f"= {spell(cycle['elapsed_seconds'])} counted"
    if cycle["remaining_seconds"] is None or cycle["exceeded_by_minutes"] is None:
        return elapsed
    if cycle["exceeded_by_seconds"]:
        return f"{elapsed}: exceeded by {cycle['exceeded_by_minutes']} minutes, level {cycle['alert_level']}"
    return f"{elapsed}: {spell(cycle['remaining_seconds'])} left, risk {cycle['risk_level']}"


def _show_slot(session: Session, slot: "SlotShape") -> None:
    at = clock(session, slot["at"]) if slot["at"] else "-".ljust(16)
    times = f", {slot['slots']} slots" if slot["slots"] > 1 else ""
    kind = style(f"{slot['code']:<10}", "good" if slot["sent"] else "dim")
    output.text(f"    {at}  {slot['exceeded_by_minutes']:>4} min over  ", kind, f"{slot['sentence']}{times}")
