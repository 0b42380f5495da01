"""The `[[notify.rule]]` tables: who is told of what, and on which channels.

    [[notify.rule]]
    kinds = ["task.sla.exceeded"]
    levels = ["high", "critical"]
    to = ["assigned", "admins", "role:lead"]
    channels = ["database", "mail"]

They are asked in order, and all that fit count. Rules of one's own replace the usual ones, and those of a
stronger file replace them all.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from taskwatch import tomlfile
from taskwatch.config.check import require_table, unknown
from taskwatch.config.settings import Config
from taskwatch.config.tables import documents
from taskwatch.errors import InvalidConfig
from taskwatch.model import names, sla
from taskwatch.model.routing import ADMINS, ASSIGNED, DEFAULT_RULES, KINDS, ROLES, Rule

_WORDS = (ASSIGNED, ROLES, ADMINS)
_LEVELS = tuple(level.name for level in sla.LEVELS)
_USER = re.compile(r"user:[1-9][0-9]{0,17}")
_OF_PLUGIN = re.compile(r"[a-z][a-z0-9_-]*:[^\s:][^\s]{0,99}")


class _Key(NamedTuple):
    """A list of a rule: whether an item fits, and what may be in it."""

    fits: Callable[[str], bool]
    wants: str


def _is_selector(text: str) -> bool:
    kind, _, name = text.partition(":")
    if kind == "role":
        return bool(names.WORD.fullmatch(name))
    if kind == "user":
        return bool(_USER.fullmatch(text))
    return text in _WORDS or bool(_OF_PLUGIN.fullmatch(text))


def _is_word(text: str) -> bool:
    return bool(names.WORD.fullmatch(text))


_LISTS = {
    "to": _Key(_is_selector, "assigned, roles, admins, user:5, role:NAME or a selector of a plugin"),
    "channels": _Key(_is_word, "names of channels"),
    "kinds": _Key(KINDS.__contains__, " or ".join(KINDS)),
    "workflow_types": _Key(lambda text: bool(names.TYPE_CODE.fullmatch(text)), "codes of workflow types"),
    "levels": _Key(_LEVELS.__contains__, " or ".join(_LEVELS)),
    "roles": _Key(_is_word, "names of roles"),
}
_SWITCHES = ("mandatory", "stop")
_REQUIRED = ("to", "channels")
_ALL = ("name", *_LISTS, *_SWITCHES)


def rules(config: Config) -> tuple[Rule, ...]:
    """The rules in force.

    Raises:
        InvalidConfig: one of them is wrong; the message names its line.
    """
    found: tuple[Rule, ...] = DEFAULT_RULES
    for document in documents(config):
        found = rules_in(document) or found
    return found


def rules_in(document: tomlfile.Document) -> tuple[Rule, ...]:
    """The rules of one file, none if it has none; InvalidConfig at the first that is wrong."""
    section = document.data.get("notify", {})
    tables = section.get("rule", []) if isinstance(section, dict) else []
    if not isinstance(tables, list):
        raise _wrong(document, (), "must be a list of tables", "write [[notify.rule]], with two brackets")
    return tuple(_rule(document, place, table) for place, table in enumerate(tables))


def _rule(document: tomlfile.Document, place: int, value: Any) -> Rule:
    table = require_table(value, "notify.rule", tomlfile.where(document, ("notify", "rule", place)))
    if odd := next((key for key in table if key not in _ALL), None):
        where = tomlfile.where(document, ("notify", "rule", place, odd))
        raise unknown(f"notify.rule.{odd}", where, [f"notify.rule.{known}" for known in _ALL])
    for key in _REQUIRED:
        if not table.get(key):
            raise _wrong(document, (place,), f"needs {key}", f"write {key} = [...]: {_LISTS[key].wants}")
    given: dict[str, Any] = {"name": _name(document, place, table.get("name", f"{place + 1}"))}
    given |= {key: _list(document, place, key, table[key]) for key in _LISTS if key in table}
    given |= {key: _switch(document, place, key, table[key]) for key in _SWITCHES if key in table}
    return Rule(**given)


def _list(document: tomlfile.Document, place: int, key: str, value: Any) -> tuple[str, ...]:
    wants = _LISTS[key].wants
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _wrong(document, (place, key), "must be a list of texts", f"write {key} = [...]: {wants}")
    for item in value:
        if not _LISTS[key].fits(item):
            raise _wrong(document, (place, key), f"cannot have {names.shown(item)}", f"choose from {wants}")
    return tuple(value)


def _switch(document: tomlfile.Document, place: int, key: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise _wrong(document, (place, key), "must be true or false", f"write {key} = true")


def _name(document: tomlfile.Document, place: int, value: Any) -> str:
    if isinstance(value, str) and value.strip() and len(value) <= 64 and not names.CONTROL.search(value):
        return value.strip()
    raise _wrong(document, (place, "name"), "must be a short text", "leave it out to have its number")


def _wrong(document: tomlfile.Document, path: tuple[int | str, ...], fault: str, hint: str) -> InvalidConfig:
    origin = tomlfile.where(document, ("notify", "rule", *path))
    key = ".".join(("notify.rule", *(str(part) for part in path if isinstance(part, str))))
    return InvalidConfig(f"{origin}: {key} {fault}", hint=hint, key=key, origin=origin)
