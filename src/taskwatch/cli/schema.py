"""`taskwatch schema`: the JSON Schema of what a command answers."""

from typing import Any, TypedDict

import click

from taskwatch.cli import output
from taskwatch.cli.command import Command, command
from taskwatch.cli.session import Session, pass_session
from taskwatch.errors import NotFound

MAJOR = 1


class ErrorShape(TypedDict):
    """What went wrong. Some errors have more keys, such as `task_code` and `status`."""

    code: str
    message: str
    hint: str | None
    exit_code: int
    retryable: bool


class ErrorAnswer(TypedDict):
    """The one line of JSON on stderr when a command fails."""

    error: ErrorShape


class CommandShape(TypedDict):
    """A command, and whether it has an answer in JSON."""

    command: str
    json: bool


Answer = list[CommandShape] | dict[str, Any]


@command(
    "schema",
    examples=["taskwatch schema", "taskwatch schema db info", "taskwatch schema error"],
    shape="taskwatch.cli.schema:Answer",
)
@click.argument("words", nargs=-1, metavar="[COMMAND]...")
@pass_session
def schema(session: Session, words: tuple[str, ...]) -> None:
    """Print the JSON Schema of a command's --json answer, or list the commands.

    `taskwatch schema error` is that of the error every command prints on stderr with --json.
    """
    if words:
        output.emit(describe(words))
    elif session.json:
        output.emit(_commands())
    else:
        output.table([(c["command"], "yes" if c["json"] else "no") for c in _commands()], ["command", "json"])


def describe(words: tuple[str, ...]) -> dict[str, Any]:
    """The JSON Schema of a command's answer; `$id` carries the major version, within which keys only add up.

    Raises:
        NotFound: there is no such command, or it does not answer in JSON.
    """
    import msgspec

    shape = "taskwatch.cli.schema:ErrorAnswer" if words == ("error",) else _shape(words)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:taskwatch:schema:{MAJOR}:{'-'.join(words)}",
        "title": f"taskwatch {' '.join(words)}",
        **msgspec.json.schema(resolve(shape)),
    }


def resolve(shape: str) -> Any:
    """The type of `module:Type` or `list[module:Type]`."""
    from importlib import import_module

    if shape.startswith("list["):
        return list[resolve(shape[5:-1])]  # type: ignore[misc]  # a type that is known only at run time
    module, _, name = shape.partition(":")
    return getattr(import_module(module), name)


def _shape(words: tuple[str, ...]) -> str:
    found = _find(words)
    if isinstance(found, Command) and found.shape:
        return found.shape
    raise NotFound(f"{' '.join(words)} has no answer in JSON", hint="see: taskwatch schema")


def _find(words: tuple[str, ...]) -> click.Command:
    ctx = click.get_current_context().find_root()
    for word in words:
        group = ctx.command
        found = group.get_command(ctx, word) if isinstance(group, click.Group) else None
        if found is None:
            raise NotFound(f"there is no command {' '.join(words)}", hint="see: taskwatch schema")
        ctx = click.Context(found, info_name=word, parent=ctx)
    return ctx.command


def _commands() -> list[CommandShape]:
    from taskwatch.cli.tree import walk

    leaves = [leaf for leaf in walk() if not isinstance(leaf.command, click.Group)]
    return [
        {"command": " ".join(leaf.words), "json": bool(getattr(leaf.command, "shape", None))}
        for leaf in leaves
    ]
