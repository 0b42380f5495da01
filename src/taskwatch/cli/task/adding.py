"""Adding tasks: one by its options, or many from NDJSON."""

import json
from typing import TYPE_CHECKING, Any, TextIO

import click

from taskwatch.cli.changing import answer, changes
from taskwatch.cli.command import command
from taskwatch.cli.session import Session
from taskwatch.errors import InvalidFile, InvalidInput

if TYPE_CHECKING:
    from taskwatch.actions.change import Change
    from taskwatch.actions.tasks import NewTask


@command(
    "add",
    shape="list[taskwatch.actions.tasks:Added]",
    examples=[
        "taskwatch task add PACK --timeout 45m --assign role:store",
        "taskwatch task add SHIP --name 'Ship it' --after PACK",
        "taskwatch task add --from tasks.ndjson --dry-run",
        "taskwatch --db old.db task show PACK --json | taskwatch task add --from -",
    ],
)
@click.argument("code", required=False)
@click.option(
    "--from", "file", type=click.File(encoding="utf-8"), help="NDJSON, one task a line; - is stdin."
)
@click.option("--name", help="What people call it; the code if not given.")
@click.option("--type", "type", help="What kind of work it is, one word.")
@click.option("--timeout", metavar="DURATION|MINUTES", help="How long it may be in progress.")
@click.option("--after", multiple=True, metavar="TASK", help="A task that comes before; repeatable.")
@click.option("--assign", "assignments", multiple=True, metavar="user:ID|role:NAME", help="Repeatable.")
@click.option("--workflow", metavar="WORKFLOW", help="The active workflow it joins: an id or bc.114.")
@changes("by", "key", "dry_run")
def add(session: Session, change: "Change", code: str | None, file: TextIO | None, **wishes: Any) -> None:
    """Add a task, or with --from many: all of them or none.

    The fields are those that task show --json prints; what only the past can know is ignored.
    """
    from taskwatch.actions import tasks

    wanted = _read_file(file) if _chooses_file(code, file, wishes) else [_read_options(code, wishes)]
    done = tasks.add(session.store(), wanted, change)
    answer(session, done, [f"{one['code']}: added, {one['status']}" for one in done], change)


def _chooses_file(code: str | None, file: TextIO | None, wishes: dict[str, Any]) -> bool:
    if (code is None) == (file is None):
        raise click.UsageError("give either the CODE of a task or --from FILE")
    if file is not None and any(wishes.values()):
        raise click.UsageError("--from takes every field from the file")
    return file is not None


def _read_options(code: str | None, wishes: dict[str, Any]) -> "NewTask":
    from taskwatch.actions.tasks import from_json

    given = {key: list(value) if isinstance(value, tuple) else value for key, value in wishes.items()}
    return from_json({"code": code, "timeout_minutes": given.pop("timeout"), **given})


def _read_file(file: Any) -> "list[NewTask]":
    if file.isatty():
        raise click.UsageError("--from - reads tasks from stdin, which is a terminal")
    try:
        return [_read_line(number, line) for number, line in enumerate(file, start=1) if line.strip()]
    except UnicodeDecodeError as error:
        raise InvalidFile(f"{file.name} is not UTF-8 text", hint="save it as UTF-8") from error


def _read_line(number: int, line: str) -> "NewTask":
    from taskwatch.actions.tasks import from_json

    try:
        return from_json(json.loads(line))
    except InvalidInput as error:
        raise InvalidFile(f"line {number}: {error.message}", hint=error.hint, line=number) from error
    except (ValueError, RecursionError) as error:
        hint = '{"code": "PACK", "timeout_minutes": 30}'
        raise InvalidFile(
            f"line {number} is not JSON", hint=f"one object a line: {hint}", line=number
        ) from error
