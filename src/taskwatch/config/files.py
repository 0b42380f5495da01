"""Read one configuration file; loaded only where there is one, as parsing TOML costs start-up time."""

from collections.abc import Iterator
from typing import Any

from taskwatch import tomlfile
from taskwatch.config.check import Setting, accept, require_table, unknown
from taskwatch.config.keys import KEYS
from taskwatch.config.places import beside
from taskwatch.errors import InvalidConfig, InvalidFile

_SECTIONS = {name.rpartition(".")[0] for name in KEYS} - {""}
_READ_ELSEWHERE = {"channel", "notify.rule"}  # tables of any number, see `config.channels` and `config.rules`


def settings_in(path: str) -> Iterator[Setting]:
    """Every setting of a file, checked; InvalidConfig with file and line at the first that is wrong."""
    document = read(path)
    yield from _settings(document, document.data, ())


def read(path: str) -> tomlfile.Document:
    """The document in a configuration file; InvalidConfig if it cannot be read."""
    try:
        return tomlfile.read(path)
    except InvalidFile as error:
        raise InvalidConfig(error.message, hint=error.hint, **error.details) from None


def _settings(
    document: tomlfile.Document, table: dict[str, Any], around: tuple[str, ...]
) -> Iterator[Setting]:
    for part, value in table.items():
        path = (*around, part)
        name, origin = _spell(path), tomlfile.where(document, path)
        if name in _READ_ELSEWHERE:
            continue
        if name in _SECTIONS:
            yield from _settings(document, require_table(value, name, origin), path)
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


def _spell(path: tuple[str, ...]) -> str:
    """The dotted name; a part with a dot of its own is quoted, so that it never equals two parts."""
    return ".".join(f'"{part}"' if "." in part else part for part in path)
