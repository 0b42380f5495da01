"""The verbs of `taskwatch config`."""

import os
from typing import TYPE_CHECKING, TypedDict

import click

from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.session import Session, pass_session
from taskwatch.store.address import shown

if TYPE_CHECKING:
    from taskwatch.config import Config, Setting


class SettingShape(TypedDict):
    """A key; `origin` is `default`, a flag, a variable or a line of a file."""

    name: str
    value: str | int | bool
    origin: str


class FileShape(TypedDict):
    """A file that is searched; of two that are there, the one named first is stronger."""

    path: str
    found: bool


class PathsShape(TypedDict):
    """The database in use and the configuration files."""

    database: str
    files: list[FileShape]


class CheckedShape(TypedDict):
    """What was read without fault."""

    files: list[str]
    settings: int


@command(
    "show",
    examples=["taskwatch config show", "taskwatch config show --origin", "taskwatch config show --json"],
    shape="list[taskwatch.cli.config.verbs:SettingShape]",
)
@click.option("--origin", is_flag=True, help="Show where each value comes from, too.")
@pass_session
def show(session: Session, origin: bool) -> None:
    """Show every key with the value in force."""
    settings = [_without_password(setting) for setting in session.config.settings()]
    if session.json:
        output.emit([setting._asdict() for setting in settings])
        return
    rows = [(s.name, _spell(s.value), s.origin)[: 3 if origin else 2] for s in settings]
    output.table(rows, ["key", "value", "origin"][: 3 if origin else 2])


@command(
    "path",
    examples=["taskwatch config path", "taskwatch config path --json"],
    shape="taskwatch.cli.config.verbs:PathsShape",
)
@pass_session
def path(session: Session) -> None:
    """Show which configuration files are searched, the strongest first, and which database is used."""
    from taskwatch.config import database_path

    database = shown(database_path(session.config, session.environ))
    files: list[FileShape] = [{"path": path, "found": found} for path, found in session.config.files]
    if session.json:
        output.emit({"database": database, "files": files})
        return
    rows = [(file["path"], "read" if file["found"] else "not there") for file in files]
    there = "://" in database or os.path.exists(database)
    output.table([*rows, (database, "database" if there else "database, not there yet")], ["path", ""])


@command(
    "check",
    examples=["taskwatch config check", "taskwatch config check /etc/taskwatch/config.toml"],
    shape="taskwatch.cli.config.verbs:CheckedShape",
)
@click.argument("file", required=False, type=click.Path())
@pass_session
def check(session: Session, file: str | None) -> None:
    """Check FILE, or the files, variables and flags in force; exit 78 and name the line if one is wrong."""
    files, settings = _read(file) if file else _read_all(session)
    if session.json:
        output.emit({"files": files, "settings": settings})
    else:
        output.text(f"{', '.join(files) or 'no file'}: {settings} settings, no fault")


def _read(file: str) -> tuple[list[str], int]:
    from taskwatch.config import load

    path = os.path.abspath(file)
    return _judge(load(flags={}, environ={"HOME": os.environ.get("HOME", "")}, cwd="/", config_path=path))


def _read_all(session: Session) -> tuple[list[str], int]:
    return _judge(session.config)


def _judge(config: "Config") -> tuple[list[str], int]:
    """The files and how many settings they make; InvalidConfig if a rule or a channel cannot be set up."""
    from taskwatch.config.channels import channels
    from taskwatch.config.plugins import enabled_plugins, plugin_folder
    from taskwatch.config.rules import rules
    from taskwatch.plugin import Services
    from taskwatch.plugin.loading import load
    from taskwatch.plugin.setup import open_channels

    changed = [setting for setting in config.settings() if setting.origin != "default"]
    wished, _ = channels(config), rules(config)
    open_channels(wished, load(enabled_plugins(config), plugin_folder(config, os.environ)), Services(""))
    own = [channel for channel in wished if channel.origin != "default"]
    return [path for path, found in config.files if found], len(changed) + len(own)


def _without_password(setting: "Setting") -> "Setting":
    return setting._replace(value=shown(setting.value)) if isinstance(setting.value, str) else setting


def _spell(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
