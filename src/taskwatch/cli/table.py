"""The root command: what there is, told without importing any of it."""

import click

from taskwatch import __version__
from taskwatch.cli import output
from taskwatch.cli.lazy import LazyGroup, Table
from taskwatch.cli.root import Root
from taskwatch.cli.session import Session

ROOT_TABLE: Table = {
    "workflow": ("taskwatch.cli.workflow:workflow", "Define, start and follow workflows.", "Work"),
    "task": ("taskwatch.cli.task:task", "Add tasks and move them along.", "Work"),
    "user": ("taskwatch.cli.user:user", "Keep the people who hold tasks.", "Work"),
    "role": ("taskwatch.cli.role:role", "Grant and revoke roles.", "Work"),
    "sla": ("taskwatch.cli.sla:sla", "Judge who is late, and say so.", "Watch"),
    "check": ("taskwatch.cli.check:check", "Report lateness to Nagios, Icinga or a probe.", "Watch"),
    "watch": ("taskwatch.cli.watch:watch", "Follow what moves and what is at risk, live.", "Watch"),
    "inbox": ("taskwatch.cli.inbox:inbox", "Read what a user was told.", "Watch"),
    "open": ("taskwatch.cli.open:open_", "Open the dashboard in your browser.", "Watch"),
    "mute": ("taskwatch.cli.mute:mute", "Keep tasks, types or roles quiet for a while.", "Watch"),
    "events": ("taskwatch.cli.events:events", "Read and follow what happened.", "Watch"),
    "notify": ("taskwatch.cli.notify:notify", "Tell people, and see what became of it.", "Watch"),
    "import": ("taskwatch.cli.import_:import_", "Bring in a process log or a dump.", "Data"),
    "export": ("taskwatch.cli.export:export", "Write everything out as NDJSON.", "Data"),
    "db": ("taskwatch.cli.db:db", "Back up, migrate and tidy the database.", "Data"),
    "daemon": ("taskwatch.cli.daemon:daemon", "Serve live updates and alert at the second.", "Live"),
    "token": ("taskwatch.cli.token:token", "Create and revoke the tokens of the server.", "Live"),
    "plugins": ("taskwatch.cli.plugins:plugins", "See and write plugins.", "Setup"),
    "demo": ("taskwatch.cli.demo.command:demo", "Show it all on a throw-away database.", "Setup"),
    "config": ("taskwatch.cli.config:config", "Show and check the configuration.", "Setup"),
    "doctor": ("taskwatch.cli.doctor:doctor", "Look for trouble, and say how to mend it.", "Setup"),
    "schema": ("taskwatch.cli.schema:schema", "Print the JSON Schema of a command's answer.", "Setup"),
    "completion": ("taskwatch.cli.completion:completion", "Print the completion script of a shell.", "Setup"),
    "help": ("taskwatch.cli.help:help_", "Explain a command or a topic.", "Setup"),
}


def root_group(table: Table = ROOT_TABLE) -> LazyGroup:
    """The command `taskwatch` over that table."""
    return Root(
        "taskwatch",
        table,
        help="Watch workflow tasks: what is ready, who holds it, how late it will be.",
        params=[_version_option()],
        examples=["taskwatch demo", "taskwatch task list --json", "taskwatch help exit-codes"],
    )


def _version_option() -> click.Option:
    return click.Option(
        ["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_print_version,
        help="Show the version and exit.",
    )  # fmt: skip


def _print_version(ctx: click.Context, _option: click.Parameter, asked: bool) -> None:
    if not asked or ctx.resilient_parsing:
        return
    if ctx.ensure_object(Session).json:
        output.emit({"version": __version__})
    else:
        output.text(f"taskwatch {__version__}")
    ctx.exit()
