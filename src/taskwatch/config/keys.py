"""Every key there is: a new one is one line of the table here and one entry of config.example.toml."""

from collections.abc import Callable
from typing import Any, NamedTuple

Value = str | int | bool

_LARGEST_ID = 2**63 - 1
_CENTURY_DAYS = 36_525


class Kind(NamedTuple):
    """What a value must be, in words and as a test; the test may raise InvalidInput with a better hint."""

    wants: str
    fits: Callable[[Any], bool]
    is_path: bool = False


class Key(NamedTuple):
    """A key: its dotted name, default, kind and meaning, then its own variable and flag if it has any."""

    name: str
    default: Value
    kind: Kind
    about: str
    variable: str = ""
    flag: str = ""

    @property
    def environ(self) -> str:
        """The variable that sets it: its own, else the nested one."""
        return self.variable or self.nested_environ

    @property
    def nested_environ(self) -> str:
        """The variable that follows from the name, such as `TASKWATCH_SLA__ALERT_ON_RISE`."""
        return f"TASKWATCH_{self.name.upper().replace('.', '__')}"


def _number(low: int, high: int) -> Kind:
    return Kind(f"{low}..{high}", lambda value: type(value) is int and low <= value <= high)


def _choice(*words: str) -> Kind:
    return Kind(f"{', '.join(words[:-1])} or {words[-1]}", lambda value: value in words)


def _is_line(value: Any) -> bool:
    return isinstance(value, str) and not any(letter < " " or letter == "\x7f" for letter in value)


def _is_zone(value: Any) -> bool:
    if value == "":
        return True
    from taskwatch.model.times import parse_zone

    return isinstance(value, str) and bool(parse_zone(value))


_COLOR = _choice("auto", "always", "never")
_PATH = Kind("one line of text", _is_line, is_path=True)
_SWITCH = Kind("true or false", lambda value: isinstance(value, bool))
_ZONE = Kind("a time zone such as Europe/Paris", _is_zone)

_TABLE = (
    Key("database", "", _PATH, "Path or postgresql:// URL; empty is the usual place", "TASKWATCH_DB", "--db"),
    Key("user", 0, _number(0, _LARGEST_ID), "Id of the user who acts; 0 is nobody", "TASKWATCH_USER", "--by"),
    Key("timezone", "", _ZONE, "The zone of local times; empty is that of the system", "TASKWATCH_TIMEZONE"),
    Key("output.color", "auto", _COLOR, "When to use colour", "TASKWATCH_COLOR", "--color"),
    Key("output.format", "text", _choice("text", "json"), "How to answer", "TASKWATCH_OUTPUT"),
    Key("output.hints", True, _SWITCH, "Whether an error names the next step", "TASKWATCH_HINTS"),
    Key("output.time", "relative", _choice("relative", "iso"), "How to show instants", "TASKWATCH_TIME"),
    Key("sla.alert_on_rise", False, _SWITCH, "Alert at once when the level rises, before the next slot"),
    Key("retention.events_days", 0, _number(0, _CENTURY_DAYS), "Days to keep events; 0 is for ever"),
    Key("retention.idempotency_hours", 24, _number(24, 24 * _CENTURY_DAYS), "Hours to keep idempotency keys"),
)  # fmt: skip

KEYS = {key.name: key for key in _TABLE}
