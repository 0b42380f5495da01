"""Write the package of a new plugin: a channel that works, and the tests that every channel must pass."""

import os
from string import Template
from typing import TypedDict

from taskwatch import __version__
from taskwatch.errors import Conflict, InvalidInput
from taskwatch.model.names import shown
from taskwatch.plugin.judging import NAME
from taskwatch.plugin.loading import BUILT_IN

_FILES = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "module.py": "src/taskwatch_{module}/__init__.py",
    "py.typed": "src/taskwatch_{module}/py.typed",
    "test_module.py": "tests/test_{module}.py",
}


class WrittenShape(TypedDict):
    """What was written: the folder of the package, and its files."""

    name: str
    folder: str
    files: list[str]


def write(name: str, parent: str) -> WrittenShape:
    """Write the package `taskwatch-NAME` into a new folder of that name below `parent`.

    Raises:
        InvalidInput: the name cannot be that of a channel, or is one of ours.
        Conflict: the folder is there already.
    """
    if not NAME.fullmatch(name) or name in BUILT_IN:
        hint = "use lower-case letters, digits, - and _, and no name of a built-in channel"
        raise InvalidInput(f"a plugin cannot be called {shown(name)}", hint=hint)
    folder = os.path.join(os.path.abspath(os.path.expanduser(parent)), f"taskwatch-{name}")
    module = name.replace("-", "_")
    _make(folder)
    files = [os.path.join(folder, path.format(module=module)) for path in _FILES.values()]
    for source, path in zip(_FILES, files, strict=True):
        _write(path, _fill(source, name, module))
    return {"name": name, "folder": folder, "files": files}


def _make(folder: str) -> None:
    try:
        os.makedirs(folder)
    except FileExistsError:
        raise Conflict(f"{folder} is there already", hint="choose another name or folder") from None
    except OSError as error:
        raise InvalidInput(
            f"{folder} cannot be made: {error.strerror}", hint="choose another folder"
        ) from None


def _fill(source: str, name: str, module: str) -> str:
    words = module.strip("_").split("_")
    values = {
        "name": name,
        "module": module,
        "channel": "".join(map(str.capitalize, words)) or "Mine",
        "version": __version__,
    }
    folder = os.path.join(os.path.dirname(os.path.dirname(__file__)), "plugin", "skeleton")
    with open(os.path.join(folder, f"{source}.in"), encoding="utf-8") as file:
        return Template(file.read()).substitute(values)


def _write(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "x", encoding="utf-8") as file:
        file.write(text)
