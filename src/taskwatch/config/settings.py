"""Join the settings: flag > environment > project file > user file > system file > default.

The project file is `taskwatch.toml` in the current directory: whoever can write there decides what you see.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from taskwatch.config.check import Setting, accept, convert, unknown
from taskwatch.config.keys import KEYS, Value
from taskwatch.config.places import config_files, database_file, expand

_PREFIX = "TASKWATCH_"
_BY_VARIABLE = {key.environ: key for key in KEYS.values()}
_VARIABLES = {key.nested_environ: key.environ for key in KEYS.values()}
_BY_FLAG = {key.flag: key for key in KEYS.values() if key.flag}


class Config:
    """The settings in force; `files` are the paths searched, strongest first, and whether each was there."""

    def __init__(self, settings: Mapping[str, Setting], files: list[tuple[str, bool]]) -> None:
        self._settings = settings
        self.files = files

    def __getitem__(self, name: str) -> Value:
        """The value of a dotted name; KeyError if there is no such key."""
        return self._settings[name].value

    def flag(self, name: str) -> bool:
        """The value of a key that is true or false; TypeError for any other key."""
        value = self[name]
        if isinstance(value, bool):
            return value
        raise TypeError(f"{name} is not true or false")

    def text(self, name: str) -> str:
        """The value of a key that is text; TypeError for any other key."""
        value = self[name]
        if isinstance(value, str):
            return value
        raise TypeError(f"{name} is not text")

    def number(self, name: str) -> int:
        """The value of a key that is a whole number; TypeError for any other key."""
        value = self[name]
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise TypeError(f"{name} is not a number")

    def settings(self) -> list[Setting]:
        """Every key with its value and origin, in the order of the table."""
        return list(self._settings.values())


class Sources(NamedTuple):
    """Where settings come from beside the environment, kept in order to read them again later."""

    flags: Mapping[str, str]
    cwd: str
    config_path: str | None = None

    def load(self, environ: Mapping[str, str]) -> Config:
        """The configuration as it is now; InvalidConfig if it is wrong."""
        return load(flags=self.flags, environ=environ, cwd=self.cwd, config_path=self.config_path)


def load(
    *, flags: Mapping[str, str], environ: Mapping[str, str], cwd: str, config_path: str | None = None
) -> Config:
    """The configuration; `flags` maps a dotted name (of `-o NAME=TEXT`) or a flag such as `--db` to its text.

    An empty variable counts as not set. InvalidConfig names the source of the first value that is wrong,
    even if a stronger source overrides it.
    """
    files = config_files(environ, cwd, config_path)
    settings = {name: Setting(name, key.default, "default") for name, key in KEYS.items()}
    for layer in (_from_files(files), _from_environ(environ), _from_flags(flags)):
        settings.update((setting.name, setting) for setting in layer)
    return Config(settings, files)


def database_path(config: Config, environ: Mapping[str, str]) -> str:
    """The path of the database file, or its `postgresql://` URL."""
    database = config.text("database")
    if "://" in database:
        return database
    return expand(database, environ) if database else database_file(environ)


def acting_user(config: Config) -> int | None:
    """The id of the user who acts unless a command says otherwise; None is nobody."""
    return config.number("user") or None


def _from_files(files: list[tuple[str, bool]]) -> Iterator[Setting]:
    for path, found in reversed(files):
        if found:
            from taskwatch.config.files import settings_in

            yield from settings_in(path)


def _from_environ(environ: Mapping[str, str]) -> Iterator[Setting]:
    """Names with a double underscore are ours alone, so an unknown one is an error and not passed over."""
    for name in environ:
        if not name.startswith(_PREFIX) or not environ[name]:
            continue
        if key := _BY_VARIABLE.get(name):
            yield accept(key, convert(key, environ[name]), f"environment {name}")
        elif "__" in name:
            raise unknown(name, "environment", _VARIABLES, noun="variable", spell=_VARIABLES.__getitem__)


def _from_flags(flags: Mapping[str, str]) -> Iterator[Setting]:
    for name, text in flags.items():
        key = KEYS.get(name) or _BY_FLAG.get(name)
        origin = f"flag {name if name.startswith('--') else '-o'}"
        if key is None:
            raise unknown(name, origin, KEYS)
        yield accept(key, convert(key, text), origin)
