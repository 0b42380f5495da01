"""The whole command tree, every module loaded: for schemas, manual pages and tests."""

from collections.abc import Iterator
from typing import NamedTuple

import click

from taskwatch.cli.lazy import LazyGroup
from taskwatch.cli.table import root_group


class Leaf(NamedTuple):
    """A command with the words that lead to it, and its line in the table of its group."""

    words: tuple[str, ...]
    command: click.Command
    line: str


def walk(group: LazyGroup | None = None, words: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """Every command and group below one, by default below `taskwatch`, in the order of the tables."""
    group = group or root_group()
    ctx = click.Context(group)
    for name, (_, line, _) in group.table.items():
        command = group.get_command(ctx, name)
        if command is None:
            continue
        yield Leaf((*words, name), command, line)
        if isinstance(command, LazyGroup):
            yield from walk(command, (*words, name))
