"""Judge a value for a key: a setting if it fits, else an error that names where it was said."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from taskwatch.config.keys import Key, Value
from taskwatch.errors import InvalidConfig, InvalidInput

_SWITCHES = dict.fromkeys(("true", "yes", "on", "1"), True) | dict.fromkeys(
    ("false", "no", "off", "0"), False
)
_LONGEST_TEXT = 60
_LARGEST_NUMBER = 10**30


class Setting(NamedTuple):
    """A value and its origin: `default`, `flag --db`, `environment TASKWATCH_DB` or `/path/file.toml:3`."""

    name: str
    value: Value
    origin: str


def accept(key: Key, value: Any, origin: str) -> Setting:
    """The setting, or InvalidConfig that says where, which key, what it wants and what it got."""
    hint = f"{key.about} (default {_show(key.default)})"
    try:
        fits = key.kind.fits(value)
    except InvalidInput as error:
        fits, hint = False, error.hint or hint
    if not fits:
        message = f"{origin}: {key.name} must be {key.kind.wants}, got {_show(value)}"
        raise InvalidConfig(message, hint=hint, key=key.name, origin=origin)
    return Setting(key.name, value, origin)


def convert(key: Key, text: str) -> Value:
    """What a text from a flag or variable stands for; the text itself if that is nothing for this key."""
    if isinstance(key.default, bool):
        return _SWITCHES.get(text.strip().lower(), text)
    if isinstance(key.default, int):
        try:
            return int(text)
        except ValueError:
            return text
    return text


def unknown(
    name: str, origin: str, known: Iterable[str], *, noun: str = "key", spell: Callable[[str], str] = str
) -> InvalidConfig:
    """The error for a name that is none of the known ones; its hint spells the nearest of them, else all."""
    from difflib import get_close_matches

    names = {candidate: candidate for candidate in known}
    lasts = {_last(candidate): candidate for candidate in names}
    near = [names[match] for match in get_close_matches(name, names, 1)]
    near += [lasts[match] for match in get_close_matches(_last(name), lasts, 1)]
    hint = f"did you mean {spell(near[0])}?" if near else f"choose from {', '.join(map(spell, names))}"
    return InvalidConfig(f"{origin}: there is no {noun} {_cut(name)}", hint=hint, key=name, origin=origin)


def require_table(value: Any, name: str, origin: str) -> dict[str, Any]:
    """The value if it is a table; else InvalidConfig, with how to write one."""
    if isinstance(value, dict):
        return value
    hint = f"write [{name}] on a line of its own, and its keys below"
    raise InvalidConfig(f"{origin}: {name} must be a table", hint=hint, key=name, origin=origin)


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _show(value: Any) -> str:
    """A value as TOML spells it, but never long."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    if isinstance(value, int) and abs(value) > _LARGEST_NUMBER:
        return "a very large number"
    return f'"{_cut(value)}"' if isinstance(value, str) else str(value)


def _cut(text: str) -> str:
    if "://" in text and "@" in text:  # there may be a password in it
        return f"{text.partition('://')[0]}://…"
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"
