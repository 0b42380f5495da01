"""Looking at tasks: a list by filters, or one with its history."""

from typing import TYPE_CHECKING, Any

import click

from taskwatch.cli import output, wording
from taskwatch.cli.command import command
from taskwatch.cli.output import style
from taskwatch.cli.session import Session, pass_session
from taskwatch.model.sla import RISK_LEVELS
from taskwatch.model.task import STATUSES
from taskwatch.model.times import local, spell

if TYPE_CHECKING:
    from taskwatch.actions.listing import TaskDetail, TaskShape

HEADERS = ("id", "code", "status", "assigned", "claimed", "sla", "changed")


@command(
    "list",
    shape="list[taskwatch.actions.listing:TaskShape]",
    examples=[
        "taskwatch task list --status ready --status in_progress",
        "taskwatch task list --user 5",
        "taskwatch task list --workflow bc.114 --json",
        "taskwatch task list --risk exceeded",
    ],
)
@click.option("--status", "statuses", type=click.Choice(STATUSES), multiple=True, help="Repeatable.")
@click.option(
    "--user", "user_id", type=click.IntRange(min=1), metavar="USER", help="Theirs, by name, role or claim."
)
@click.option("--role", "role_name", metavar="ROLE", help="Assigned to this role.")
@click.option("--workflow", metavar="WORKFLOW", help="Of this workflow: an id or bc.114.")
@click.option("--type", "workflow_type", metavar="TYPE", help="Of workflows of this type.")
@click.option("--risk", type=click.Choice(RISK_LEVELS), help="At this risk now; only what has begun.")
@click.option("--text", metavar="TEXT", help="With this in the code or name.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many, the oldest first.")
@pass_session
def list_(session: Session, /, **wanted: Any) -> None:
    """List tasks; filters add up."""
    from taskwatch.actions.listing import Filters, list_tasks

    found = list_tasks(session.store(create=False), Filters(**wanted), session.now)
    if session.json:
        output.emit(found)
    elif found:
        show_tasks(session, found)
    else:
        output.say("There are no such tasks.")


@command(
    "show",
    shape="taskwatch.actions.listing:TaskDetail",
    examples=["taskwatch task show ADV_REVIEW_BC114", "taskwatch task show 12 --json"],
)
@click.argument("ref", metavar="TASK")
@pass_session
def show(session: Session, ref: str) -> None:
    """Show a task with its finished cycles and everything that happened to it."""
    from taskwatch.actions.listing import show_task

    task = show_task(session.store(create=False), ref, session.now)
    if session.json:
        output.emit(task)
        return
    output.text(style(task["code"], "bold"), f"  {task['name']}")
    _print_facts(session, task)
    _print_cycles(session, task)
    _print_history(session, task)


def show_tasks(session: Session, found: "list[TaskShape]") -> None:
    """Tasks as a table, a row each."""
    output.table((_row(session, task) for task in found), HEADERS)


def _row(session: Session, task: "TaskShape") -> tuple[output.Cell, ...]:
    claimed = None if task["claimed_by"] is None else f"user:{task['claimed_by']}"
    return (
        task["id"],
        task["code"],
        task["status"],
        wording.assigned(task),
        claimed,
        wording.lateness(task),
        wording.when(session, task["changed_at"]),
    )


def _print_facts(session: Session, task: "TaskDetail") -> None:
    facts = {
        "id": task["id"],
        "type": task["type"],
        "status": task["status"],
        "workflow": _workflow(task),
        "assigned": wording.assigned(task),
        "claimed": task["claimed_by"] and f"user:{task['claimed_by']}",
        "after": ", ".join(task["after"]),
        "before": ", ".join(task["dependents"]),
        "blocked by": ", ".join(task["blocked_by"]),
        "timeout": task["timeout_minutes"] and spell(task["timeout_minutes"] * 60),
        "elapsed": task["started_at"] and spell(task["elapsed_seconds"]),
        "sla": wording.lateness(task),
        "due": task["due_at"] and _clock(session, task["due_at"]),
    }
    for name, value in facts.items():
        if value:
            output.text(style(f"  {name:<11}", "dim"), str(value))


def _print_cycles(session: Session, task: "TaskDetail") -> None:
    if task["cycles"]:
        output.text("finished cycles")
    for cycle in task["cycles"]:
        verdict = f"{cycle['outcome']}, {cycle['verdict']}, {spell(cycle['elapsed_seconds'])}"
        output.text(f"  {cycle['cycle']}  {_clock(session, cycle['ended_at'])}  {verdict}")


def _print_history(session: Session, task: "TaskDetail") -> None:
    output.text("history")
    for entry in task["history"]:
        by = "" if entry["by"] is None else f"  (user {entry['by']})"
        output.text(f"  {_clock(session, entry['at'])}  {entry['sentence']}{by}")


def _workflow(task: "TaskShape") -> str | None:
    if task["workflow_type"] is None:
        return None
    return f"{task['workflow_type']} of {task['taskable_type']} {task['taskable_id']}"


def _clock(session: Session, stamp: str) -> str:
    return local(session.at(stamp), session.zone)
