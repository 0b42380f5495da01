"""Where files lie: the XDG directories, and what systemd says instead."""

import os
from collections.abc import Mapping

from taskwatch.errors import InvalidConfig

SYSTEM_FILE = "/etc/taskwatch/config.toml"

Environ = Mapping[str, str]


def config_files(environ: Environ, cwd: str, config_path: str | None) -> list[tuple[str, bool]]:
    """The files to search, the strongest first, and whether each is there.

    A file given by `--config` or TASKWATCH_CONFIG replaces the search and must be there, else InvalidConfig.
    """
    chosen = config_path or environ.get("TASKWATCH_CONFIG")
    if chosen:
        path = os.path.join(cwd, expand(chosen, environ))
        if not os.path.exists(path):
            origin = "--config" if config_path else "TASKWATCH_CONFIG"
            message = f"There is no configuration file {path}"
            raise InvalidConfig(message, hint=f"correct or remove {origin}", path=path)
        return [(path, True)]
    user_file = os.path.join(_base(environ, "XDG_CONFIG_HOME", ".config"), "taskwatch", "config.toml")
    paths = os.path.join(cwd, "taskwatch.toml"), user_file, SYSTEM_FILE
    return [(path, os.path.exists(path)) for path in paths]


def database_file(environ: Environ) -> str:
    """The usual place of the database: systemd's state directory, else the user's data directory."""
    state = environ.get("STATE_DIRECTORY", "").partition(":")[0]
    folder = state or os.path.join(_base(environ, "XDG_DATA_HOME", ".local/share"), "taskwatch")
    return os.path.join(folder, "taskwatch.db")


def expand(path: str, environ: Environ) -> str:
    """The path with a leading `~` replaced by the home directory."""
    if path == "~" or path.startswith("~/"):
        return _home(environ) + path[1:]
    return os.path.expanduser(path)


def beside(file: str, path: str) -> str:
    """A path said in a file: a relative one starts in the directory of that file; URLs stay as they are."""
    if not path or path.startswith("~") or "://" in path:
        return path
    return os.path.join(os.path.dirname(file), path)


def _base(environ: Environ, name: str, fallback: str) -> str:
    """An XDG directory; a relative one is void, as the XDG specification says."""
    folder = environ.get(name, "")
    return folder if os.path.isabs(folder) else os.path.join(_home(environ), fallback)


def _home(environ: Environ) -> str:
    return environ.get("HOME") or os.path.expanduser("~")
