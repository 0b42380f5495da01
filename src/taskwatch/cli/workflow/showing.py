"""Looking at workflows: a list, one with its progress, a drawing."""

from typing import TYPE_CHECKING

import click

from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.output import style
from taskwatch.cli.session import Session, pass_session
from taskwatch.cli.wording import assigned, lateness, when
from taskwatch.model.names import MAX_INTEGER

if TYPE_CHECKING:
    from taskwatch.actions.definitions import Definition, TemplateShape
    from taskwatch.actions.progress import Progress, Run
    from taskwatch.actions.shown import TaskShape


@command(
    "list",
    shape="list[taskwatch.actions.progress:Run]",
    examples=["taskwatch workflow list", "taskwatch workflow list --type bc --status active --json"],
)
@click.option("--type", "type_code", metavar="TYPE", help="Of this type.")
@click.option("--status", metavar="STATUS", help="active, completed or cancelled.")
@click.option(
    "--limit", type=click.IntRange(1, 10**9), default=50, show_default=True, help="At most so many."
)
@pass_session
def list_(session: Session, type_code: str | None, status: str | None, limit: int) -> None:
    """List workflows, the newest first."""
    from taskwatch.actions import progress

    store = session.store(create=False)
    found = progress.runs(store, session.now, type_code=type_code, status=status, limit=limit + 1)
    _print_runs(session, found[:limit])
    if len(found) > limit:
        output.say(f"There are more than {limit}; see them with --limit.")


@command(
    "show",
    shape="taskwatch.actions.progress:Shown",
    examples=[
        "taskwatch workflow show bc.114",
        "taskwatch workflow show bc.Order.114 --json",
        "taskwatch workflow show bc --version 2",
    ],
)
@click.argument("ref", metavar="WORKFLOW|TYPE")
@click.option(
    "--version", type=click.IntRange(1, MAX_INTEGER), help="This version of a type, not the newest."
)
@pass_session
def show(session: Session, ref: str, version: int | None) -> None:
    """Show the progress of a workflow (7 or bc.114), or the definition of a type (bc)."""
    from taskwatch.actions import progress

    shown = progress.shown(session.store(create=False), ref, session.now, version=version)
    if session.json:
        output.emit(shown)
    elif shown["progress"] is not None:
        _print_progress(session, shown["progress"])
    elif shown["definition"] is not None:
        _print_definition(shown["definition"])


@command(
    "graph",
    shape="taskwatch.actions.picture:Drawing",
    examples=["taskwatch workflow graph bc.114", "taskwatch workflow graph bc.114 --format dot | dot -Tsvg"],
)
@click.argument("ref", metavar="WORKFLOW")
@click.option(
    "--format", "form", type=click.Choice(["tree", "mermaid", "dot"]), default="tree", show_default=True,
    help="A tree for people, or the language of a tool.",
)  # fmt: skip
@pass_session
def graph(session: Session, ref: str, form: str) -> None:
    """Draw a workflow. In a tree, what stands elsewhere in full is written (see CODE)."""
    from taskwatch.actions import picture

    drawn = picture.draw(session.store(create=False), ref, form)
    if session.json:
        output.emit(drawn)
        return
    for line in drawn["text"].split("\n"):
        output.text(line)


def _print_runs(session: Session, found: list["Run"]) -> None:
    if session.json:
        output.emit(found)
    elif found:
        headers = ("id", "type", "subject", "status", "done", "tasks", "late", "failed", "started")
        output.table((_run_row(session, run) for run in found), headers)
    else:
        output.say("There are no such workflows.")


def _print_progress(session: Session, run: "Progress") -> None:
    subject = f"{run['type']} {run['taskable_type']} {run['taskable_id']}"
    done = run["counts"]["completed"] + run["counts"]["skipped"]
    share = f"{run['progress_percentage']}% done, {done} of {run['total']}"
    output.text(style(subject, "bold"), f"  {run['status']}, {share}")
    output.text(f"workflow {run['id']}, version {run['version']}, started {when(session, run['started_at'])}")
    output.table(
        (_task_row(node["data"]) for node in run["nodes"]),
        ("id", "code", "status", "assigned", "claimed", "blocked by", "sla"),
    )


def _print_definition(kept: "Definition") -> None:
    subject = f", about {kept['subject_type']}" if kept["subject_type"] else ""
    newest = "" if kept["version"] == kept["newest"] else f" (the newest is {kept['newest']})"
    output.text(style(kept["code"], "bold"), f"  {kept['name']}")
    output.text(f"version {kept['version']}{newest}{subject}")
    output.table(map(_template_row, kept["templates"]), ("code", "name", "after", "timeout", "assign"))


def _run_row(session: Session, run: "Run") -> tuple[output.Cell, ...]:
    return (
        run["id"],
        run["type"],
        f"{run['taskable_type']} {run['taskable_id']}",
        run["status"],
        f"{run['progress_percentage']}%",
        run["tasks"],
        style(run["exceeded"], "bad") if run["exceeded"] else 0,
        run["failed"],
        when(session, run["started_at"]),
    )


def _task_row(task: "TaskShape") -> tuple[output.Cell, ...]:
    return (
        task["id"],
        task["code"],
        task["status"],
        assigned(task),
        None if task["claimed_by"] is None else f"user:{task['claimed_by']}",
        ", ".join(task["blocked_by"]) or None,
        lateness(task),
    )


def _template_row(template: "TemplateShape") -> tuple[output.Cell, ...]:
    minutes = template["timeout_minutes"]
    return (
        template["code"],
        template["name"],
        ", ".join(template["after"]),
        minutes and f"{minutes} min",
        ", ".join(template["assignments"]),
    )
