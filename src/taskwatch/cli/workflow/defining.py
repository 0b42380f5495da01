"""Workflow types: check their files, keep them, list them."""

from typing import TYPE_CHECKING, TypedDict

import click

from taskwatch.cli import output
from taskwatch.cli.changing import answer, changes
from taskwatch.cli.command import command
from taskwatch.cli.session import Session, pass_session
from taskwatch.cli.wording import counted, when
from taskwatch.cli.workflow.files import Finding, read_types, spell
from taskwatch.errors import InvalidFile

if TYPE_CHECKING:
    from taskwatch.actions.change import Change
    from taskwatch.actions.definitions import TypeRow
    from taskwatch.actions.workflows import Defined
    from taskwatch.model.definition import WorkflowType


class Counted(TypedDict):
    """What a good definition holds."""

    code: str
    tasks: int
    dependencies: int
    timeouts: int


class Validation(TypedDict):
    """The types of the good files, and every problem of the others."""

    valid: bool
    types: list[Counted]
    problems: list[Finding]


files = click.argument("paths", nargs=-1, required=True, metavar="FILE...")


@command(
    "define",
    shape="list[taskwatch.actions.workflows:Defined]",
    examples=["taskwatch workflow define bc.toml", "taskwatch workflow define --dry-run - < bc.toml"],
)
@files
@changes("by", "at", "key", "dry_run")
def define(session: Session, change: "Change", paths: tuple[str, ...]) -> None:
    """Keep definitions as their types' next versions, all of them or none.

    Running workflows keep the version they began with. A definition that is the newest already stays so.
    """
    from taskwatch.actions import workflows

    types, findings = read_types(paths)
    if findings:
        raise _refuse(session, findings)
    done = workflows.define_all(session.store(), types, change)
    answer(session, done, list(map(_spell_defined, done)), change)


@command(
    "validate",
    shape="taskwatch.cli.workflow.defining:Validation",
    examples=["taskwatch workflow validate bc.toml", "taskwatch workflow validate *.toml --json"],
)
@files
@pass_session
@click.pass_context
def validate(ctx: click.Context, session: Session, paths: tuple[str, ...]) -> None:
    """Check definition files; exit 1 and name every problem with its line if there is one."""
    types, findings = read_types(paths)
    counts = list(map(_count, types))
    if session.json:
        output.emit(Validation(valid=not findings, types=counts, problems=findings))
    else:
        _print_validation(counts, findings)
    ctx.exit(1 if findings else 0)


@command(
    "types",
    shape="list[taskwatch.actions.definitions:TypeRow]",
    examples=["taskwatch workflow types", "taskwatch workflow types --json"],
)
@pass_session
def types(session: Session) -> None:
    """List the workflow types in their newest versions; show one with: workflow show TYPE."""
    from taskwatch.actions import definitions

    found = definitions.types(session.store(create=False))
    if session.json:
        output.emit(found)
    elif found:
        headers = ("type", "name", "version", "subject", "tasks", "active", "defined")
        output.table((_row(session, row) for row in found), headers)
    else:
        output.say("There are no workflow types.")


def _refuse(session: Session, findings: list[Finding]) -> InvalidFile:
    if not session.json:
        for finding in findings:
            output.say(spell(finding), level=-1)
    return InvalidFile(
        f"{counted(len(findings), 'problem')} found, nothing was defined",
        hint="correct the file, and look at it with: taskwatch workflow validate FILE",
        problems=findings,
    )


def _print_validation(counts: list[Counted], findings: list[Finding]) -> None:
    for finding in findings:
        output.text(spell(finding))
    if not findings:
        for each in counts:
            tasks, links = counted(each["tasks"], "task"), each["dependencies"]
            plural = "dependency" if links == 1 else "dependencies"
            output.text(f"{each['code']}: {tasks}, {links} {plural}, {each['timeouts']} with a timeout")


def _count(workflow_type: "WorkflowType") -> Counted:
    templates = workflow_type.templates
    return {
        "code": workflow_type.code,
        "tasks": len(templates),
        "dependencies": sum(len(template.after) for template in templates),
        "timeouts": sum(template.timeout_minutes is not None for template in templates),
    }


def _spell_defined(done: "Defined") -> str:
    if done["created"]:
        return f"define {done['code']} version {done['version']}"
    return f"{done['code']} is as version {done['version']} says already"


def _row(session: Session, row: "TypeRow") -> tuple[output.Cell, ...]:
    return (
        row["code"],
        row["name"],
        row["version"],
        row["subject_type"],
        row["tasks"],
        row["active"],
        when(session, row["defined_at"]),
    )
