"""The root command: its own table, and below it the commands that plugins bring."""

import click

from taskwatch.cli.lazy import LazyGroup, Table
from taskwatch.cli.session import Session
from taskwatch.errors import TaskwatchError

SECTION = "Plugins"


class Root(LazyGroup):
    """Plugins are loaded only to show all commands, or for a name that is none of our own."""

    _extended = False

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, perhaps a plugin's; a broken one is an error that names it."""
        if cmd_name not in self.table:
            self._extend(ctx)
        try:
            return super().get_command(ctx, cmd_name)
        except (Exception, SystemExit) as error:
            if self.table[cmd_name][2] != SECTION:
                raise
            message = f"the plugin's command {cmd_name} cannot be loaded: {type(error).__name__}: {error}"
            raise TaskwatchError(message, hint="see: taskwatch plugins list") from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Our own commands by section, then those of plugins."""
        self._extend(ctx)
        super().format_commands(ctx, formatter)

    def _extend(self, ctx: click.Context) -> None:
        """Add what enabled plugins bring, once; a name of our own stays ours."""
        if self._extended or not isinstance(ctx.obj, Session):
            return
        self._extended = True
        theirs = _commands(ctx.obj).items()
        self.table = {**self.table, **{name: entry for name, entry in theirs if name not in self.table}}


def _commands(session: Session) -> Table:
    """The commands of the enabled plugins; a configuration that is wrong is told of elsewhere."""
    from taskwatch.config.plugins import enabled_plugins, plugin_folder

    try:
        named = enabled_plugins(session.config)
    except TaskwatchError:
        return {}
    if not named:
        return {}
    from taskwatch.plugin.loading import load

    loaded = load(named, plugin_folder(session.config, session.environ)).loaded
    return {
        name: (target, about, SECTION)
        for plugin in loaded
        for name, (target, about) in plugin.commands.items()
    }
