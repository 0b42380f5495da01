"""Read one configuration file; loaded only where there is one, as parsing TOML costs start-up time."""

from collections.abc import Iterator
from typing import Any

from taskwatch import tomlfile
from taskwatch.config.check import Setting, accept, unknown
from taskwatch.config.keys import KEYS
from taskwatch.config.places import beside
from taskwatch.errors import InvalidConfig, InvalidFile

_SECTIONS = {name.rpartition(".")[0] for name in KEYS} - {""}


def settings_in(path: str) -> Iterator[Setting]:
    """Every setting of a file, checked; InvalidConfig with file and line at the first that is wrong."""
    try:
        document = tomlfile.read(path)
    except InvalidFile as error:
        raise InvalidConfig(error.message, hint=error.hint, **error.details) from None
    yield from _settings(document, document.data, ())


def _settings(
    document: tomlfile.Document, table: dict[str, Any], around: tuple[str, ...]
) -> Iterator[Setting]:
    for part, value in table.items():
        path = (*around, part)
        name, origin = _spell(path), tomlfile.where(document, path)
        if name in _SECTIONS:
            yield from _settings(document, _section(name, value, origin), path)
        elif name in KEYS:
            yield _setting(name, value, origin, document.path)
        elif isinstance(value, dict):
            raise unknown(name, origin, sorted(_SECTIONS), noun="section")
        else:
            raise unknown(name, origin, KEYS)


def _setting(name: str, value: Any, origin: str, file: str) -> Setting:
    key = KEYS[name]
    setting = accept(key, value, origin)
    return setting._replace(value=beside(file, value)) if key.kind.is_path else setting


def _section(name: str, value: Any, origin: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    hint = f"write [{name}] on a line of its own, and its keys below"
    raise InvalidConfig(f"{origin}: {name} must be a table", hint=hint, key=name, origin=origin)


def _spell(path: tuple[str, ...]) -> str:
    """The dotted name; a part with a dot of its own is quoted, so that it never equals two parts."""
    return ".".join(f'"{part}"' if "." in part else part for part in path)
