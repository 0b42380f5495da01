"""Runs of workflows: start and cancel."""

from typing import TYPE_CHECKING

import click

from taskwatch.cli import output
from taskwatch.cli.changing import answer, changes
from taskwatch.cli.command import command
from taskwatch.cli.session import Session
from taskwatch.cli.wording import counted

if TYPE_CHECKING:
    from taskwatch.actions.change import Change


@command(
    "start",
    shape="taskwatch.actions.workflows:Started",
    examples=[
        "taskwatch workflow start bc Order 114",
        'taskwatch workflow start bc Order 114 --at "2h ago" --by 5',
    ],
)
@click.argument("type_code", metavar="TYPE")
@click.argument("subject_type")
@click.argument("subject_id")
@changes("by", "at", "key", "dry_run")
def start(session: Session, change: "Change", type_code: str, subject_type: str, subject_id: str) -> None:
    """Start a workflow for a subject: its tasks are made, and those that wait for none are ready."""
    from taskwatch.actions import workflows

    done = workflows.start(session.store(create=False), type_code, subject_type, subject_id, change)
    ready = ", ".join(done["became_ready"])
    started = f"start {done['type']} {done['taskable_type']} {done['taskable_id']} as workflow {done['id']}"
    made = f"{counted(len(done['tasks']), 'task')}, ready: {ready}"
    answer(session, done, [f"{started}: {made}"], change)


@command(
    "cancel",
    shape="taskwatch.actions.workflows:Cancelled",
    examples=["taskwatch workflow cancel bc.114 --dry-run", "taskwatch workflow cancel 7 --reason duplicate"],
)
@click.argument("ref", metavar="WORKFLOW")
@changes("by", "at", "reason", "key", "dry_run")
def cancel(session: Session, change: "Change", ref: str) -> None:
    """Cancel a workflow and every task in it that is not completed or skipped."""
    from taskwatch.actions import workflows

    done = workflows.cancel(session.store(create=False), ref, change)
    subject = f"{done['type']} {done['taskable_type']} {done['taskable_id']}"
    lines = [f"cancel {subject}, workflow {done['id']}", *(f"cancel {code}" for code in done["cancelled"])]
    answer(session, done, lines, change)
    if not session.json:
        output.say(f"{counted(len(done['cancelled']), 'task')} in all.")
