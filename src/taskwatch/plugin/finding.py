"""Where a plugin is: the entry point of an installed package, or a file in the folder for them."""

import os
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from taskwatch.plugin.hooks import GROUP
from taskwatch.plugin.judging import Unfit


class Found(NamedTuple):
    """A plugin that can be loaded: its package and version, or its file; `load` imports it."""

    package: str | None
    version: str | None
    place: str
    load: Callable[[], Any]
    folder: str = ""


def find(name: str, folder: str) -> Found:
    """The plugin of that name; Unfit if there is none, or if somebody else could have written its file."""
    from importlib.metadata import entry_points

    for entry in entry_points(group=GROUP, name=name):
        dist = entry.dist
        return Found(dist.name if dist else None, dist.version if dist else None, entry.value, entry.load)
    path = os.path.join(folder, f"{name}.py")
    if folder and os.path.isfile(path):
        _judge_owner(folder)
        _judge_owner(path)
        return Found(None, None, path, lambda: _import_file(name, path), folder)
    raise Unfit("it is not installed: pip install taskwatch-" + name)


def installed() -> list[str]:
    """The names of all plugins that are installed, in use or not."""
    from importlib.metadata import entry_points

    return sorted({entry.name for entry in entry_points(group=GROUP)})


def in_folder(folder: str) -> list[str]:
    """The names of the plugins that are files in a folder; nothing is imported."""
    if not folder or not os.path.isdir(folder):
        return []
    names = [name.removesuffix(".py") for name in os.listdir(folder) if name.endswith(".py")]
    return sorted(name for name in names if not name.startswith("_"))


def _judge_owner(path: str) -> None:
    status = os.stat(path)
    if status.st_mode & 0o022:
        raise Unfit(f"{path} can be written by other users: run chmod go-w {path}")
    if status.st_uid not in (0, os.getuid()):
        raise Unfit(f"{path} belongs to another user")


def _import_file(name: str, path: str) -> Any:
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location(f"taskwatch_plugin_{name}", path)
    if spec is None or spec.loader is None:
        raise Unfit(f"{path} is not a Python file")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
