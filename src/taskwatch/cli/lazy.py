"""Groups that know their commands by name and load only the one that is asked for."""

import itertools
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from taskwatch.cli.command import Command

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Entry = tuple[str, str, str]
Table = Mapping[str, Entry]


class LazyGroup(Command, click.Group):
    """A group made from a table: name → ("module:attribute", "short help line", "Section"), in help order.

    Help, completion of names and did-you-mean read the table alone; a command's module is imported to run it.
    """

    def __init__(self, name: str, table: Table, **attributes: Any) -> None:
        super().__init__(name, **attributes)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in table order."""
        del ctx
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, its module imported now; None if the table has no such name."""
        del ctx
        if cmd_name in self.table and cmd_name not in self.commands:
            target, line, _ = self.table[cmd_name]
            self.commands[cmd_name] = _load(target)
            self.commands[cmd_name].short_help = line
        return self.commands.get(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; a mistyped name is compared with the table, as most commands are not loaded."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            raise click.exceptions.NoSuchCommand(
                error.command_name, possibilities=self.table, ctx=ctx
            ) from None

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands first: who asks a group for help looks for a command."""
        self.format_commands(ctx, formatter)
        Command.format_options(self, ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands by section, all in one column."""
        del ctx
        width = max(map(len, self.table))
        for section, entries in itertools.groupby(self.table.items(), lambda item: item[1][2]):
            with formatter.section(section):
                formatter.write_dl([(name.ljust(width), line) for name, (_, line, _) in entries])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """The names that begin so, then the group's options."""
        from click.shell_completion import CompletionItem

        names = [name for name in self.table if name.startswith(incomplete)]
        items = [CompletionItem(name, help=self.table[name][1]) for name in names]
        return items + click.Command.shell_complete(self, ctx, incomplete)


def _load(target: str) -> click.Command:
    module, _, attribute = target.partition(":")
    loaded: click.Command = getattr(import_module(module), attribute)
    return loaded
