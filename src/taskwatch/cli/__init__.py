"""The command line: it asks, and prints the answer. Loading it loads no command."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

import click

from taskwatch.cli import outcome, output
from taskwatch.cli.session import Session
from taskwatch.cli.table import root_group

_NAME = "taskwatch"
_COMPLETE = "_TASKWATCH_COMPLETE"


def main(argv: Sequence[str] | None = None, root: click.Command | None = None) -> NoReturn:
    """Run taskwatch with these arguments, by default the process's own, and leave with its exit code."""
    args = list(sys.argv[1:] if argv is None else argv)
    session = Session()
    session.foresee(args)
    output.follow(session)
    sys.exit(outcome.settle(lambda: _run(root or root_group(), args, session), session))


def _run(root: click.Command, args: list[str], session: Session) -> None:
    if instruction := os.environ.get(_COMPLETE):
        _complete(root, session, instruction)
    # Not click's own main: it turns a closed pipe into exit 1 even outside its standalone mode.
    with root.make_context(_NAME, args, obj=session) as ctx:
        root.invoke(ctx)


def _complete(root: click.Command, session: Session, instruction: str) -> NoReturn:
    from click.shell_completion import shell_complete

    # Whoever presses TAB is in the middle of a line: a failure must not write into it.
    code = 1
    with suppress(Exception):
        code = shell_complete(root, {"obj": session}, _NAME, _COMPLETE, instruction)
    raise click.exceptions.Exit(code)
