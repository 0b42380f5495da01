"""The `[channel.NAME]` tables: which ways to reach people there are, and what each is told of its own.

    [channel.mail]
    type = "mail"
    host = "smtp.example.org"
    password = "file:/etc/taskwatch/smtp-password"

Only the shape is judged here: what a type wants of its options is known where channels are opened.
"""

import os
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from taskwatch import tomlfile
from taskwatch.config.check import require_table
from taskwatch.config.secret import resolve
from taskwatch.config.settings import Config
from taskwatch.config.tables import documents
from taskwatch.errors import InvalidConfig
from taskwatch.model.names import WORD, shown

ALWAYS = ("database", "broadcast")


class ChannelConfig(NamedTuple):
    """A channel as it is wished for: `options` are unjudged, secrets among them still references.

    `origin` is `/path/config.toml:3` or `default`, `lines` the same for each option, `file` the file alone.
    """

    name: str
    type: str
    options: dict[str, Any]
    origin: str
    lines: Mapping[str, str] = {}
    file: str = ""

    def where(self, option: str) -> str:
        """The line of an option, to begin a message with; that of the table if it is not there."""
        return self.lines.get(option, self.origin)

    def secret(self, option: str) -> str:
        """The secret that an option refers to; InvalidConfig if it cannot be had."""
        return resolve(self.options[option], f"channel.{self.name}.{option}", self.file, os.environ)


def channels(config: Config) -> list[ChannelConfig]:
    """Every channel, those that are always there first; a stronger file replaces a whole table.

    Raises:
        InvalidConfig: a table has no type, or a name that no channel can have.
    """
    found = {name: ChannelConfig(name, name, {}, "default") for name in ALWAYS}
    for document in documents(config):
        found.update((channel.name, channel) for channel in channels_in(document))
    return list(found.values())


def channels_in(document: tomlfile.Document) -> Iterator[ChannelConfig]:
    """The channels of one file; InvalidConfig at the first that is wrong."""
    origin = tomlfile.where(document, ("channel",))
    for name, value in require_table(document.data.get("channel", {}), "channel", origin).items():
        yield _channel(document, name, value)


def _channel(document: tomlfile.Document, name: str, value: Any) -> ChannelConfig:
    origin = tomlfile.where(document, ("channel", name))
    if not WORD.fullmatch(name):
        message = f"{origin}: a channel cannot be called {shown(name)}"
        raise InvalidConfig(message, hint="use letters, digits, _ and -", origin=origin)
    options = dict(require_table(value, f"channel.{name}", origin))
    lines = {option: tomlfile.where(document, ("channel", name, option)) for option in options}
    kind = _type(name, options.pop("type", None), lines.get("type", origin))
    return ChannelConfig(name, kind, options, origin, lines, document.path)


def _type(name: str, value: Any, origin: str) -> str:
    if isinstance(value, str) and WORD.fullmatch(value):
        return value
    if value is None and name in ALWAYS:
        return name
    hint = f'write: type = "mail"; what there is shows: taskwatch plugins list, below [channel.{name}]'
    key = f"channel.{name}.type"
    raise InvalidConfig(f"{origin}: {key} must be the type of a channel", hint=hint, key=key, origin=origin)
