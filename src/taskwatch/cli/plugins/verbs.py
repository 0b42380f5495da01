"""The verbs of `taskwatch plugins` that look."""

from typing import TYPE_CHECKING

import click

from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.session import Session, pass_session
from taskwatch.config.plugins import enabled_plugins, plugin_folder

if TYPE_CHECKING:
    from taskwatch.actions.plugins import CheckedPluginShape, PluginDetailShape, PluginShape

_STATES: dict[str, output.Kind] = {
    "enabled": "good",
    "broken": "bad",
    "built in": "info",
    "not enabled": "dim",
}


@command(
    "list",
    shape="list[taskwatch.actions.plugins:PluginShape]",
    examples=["taskwatch plugins list", "taskwatch plugins list --json"],
)
@pass_session
def list_(session: Session) -> None:
    """List plugins and what they bring: our own channels, then what is enabled, broken or only installed."""
    from taskwatch.actions import plugins

    found = plugins.listing(*_wanted(session))
    if session.json:
        output.emit(found)
        return
    rows = [
        (each["name"], output.style(each["state"], _STATES[each["state"]]), each["version"], _brings(each))
        for each in found
    ]
    output.table(rows, ("plugin", "state", "version", "brings"))
    for each in found:
        if each["reason"]:
            output.say(f"{each['name']}: {each['reason']}", level=-1)


@command(
    "show",
    shape="taskwatch.actions.plugins:PluginDetailShape",
    examples=["taskwatch plugins show mail", "taskwatch plugins show ntfy --json"],
)
@click.argument("name")
@pass_session
def show(session: Session, name: str) -> None:
    """Show a plugin, by its own name or that of a type of channel, and the options of its channels."""
    from taskwatch.actions import plugins

    found = plugins.show(name, *_wanted(session))
    if session.json:
        output.emit(found)
    else:
        _print(found)


@command(
    "doctor",
    shape="list[taskwatch.actions.plugins:CheckedPluginShape]",
    examples=["taskwatch plugins doctor", "taskwatch plugins doctor ntfy --json"],
)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.pass_context
@pass_session
def doctor(session: Session, ctx: click.Context, names: tuple[str, ...]) -> None:
    """Load each plugin in a process of its own, by default all that are enabled; exit 1 if one fails."""
    from taskwatch.actions import plugins

    enabled, folder = _wanted(session)
    found = list(plugins.check(names or enabled, folder))
    if session.json:
        output.emit(found)
    else:
        _print_checked(found)
    if any(each["status"] == "fail" for each in found):
        ctx.exit(1)


def _wanted(session: Session) -> tuple[list[str], str]:
    """The names of the enabled plugins, and the folder for them."""
    return enabled_plugins(session.config), plugin_folder(session.config, session.environ)


def _brings(plugin: "PluginShape") -> str:
    parts = [*plugin["channels"], *(f"|{name}" for name in plugin["template_filters"])]
    parts += [f"taskwatch {name}" for name in plugin["commands"]]
    return ", ".join(parts + ["recipients"] * plugin["resolves_recipients"])


def _print(plugin: "PluginDetailShape") -> None:
    where = " ".join(filter(None, (plugin["package"], plugin["version"], plugin["place"])))
    output.text(output.style(plugin["name"], "bold"), f"  {plugin['state']}  {where}")
    if plugin["reason"]:
        output.text(plugin["reason"])
    for channel in plugin["channel_types"]:
        reach = "an address per person" if channel["needs_address"] else "one address for all"
        output.text("")
        output.text(f'type = "{channel["type"]}"  {channel["about"]}')
        output.text(f"{reach}, {channel['tries']} tries of {channel['timeout_seconds']:g} s")
        rows = [
            (each["name"], each["type"], _default(each["default"], required=each["required"]), each["about"])
            for each in channel["options"]
        ]
        output.table(rows, ("option", "type", "default", "about"))


def _default(value: object, *, required: bool) -> str | None:
    if required:
        return "required"
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None or value == [] else str(value)


def _print_checked(found: "list[CheckedPluginShape]") -> None:
    for each in found:
        kind: output.Kind = "good" if each["status"] == "ok" else "bad"
        output.text(
            output.style(each["status"].upper().ljust(4), kind), f"  {each['name']}: {each['message']}"
        )
        if each["fix"]:
            output.text(f"      {each['fix']}")
    if not found:
        output.say("No plugin is enabled.")
