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


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and value.replace("-", "").replace("_", "").isalnum() and value.isascii()


def _are_words(value: Any) -> bool:
    return isinstance(value, str) and all(_is_word(word.strip()) for word in value.split(",") if word.strip())


def _is_digits(value: Any) -> bool:
    return isinstance(value, str) and value.isdecimal() and value.isascii()


def _parsed(wants: str, parser: str, *, empty: bool = True) -> Kind:
    """Text that a function of `config.net` understands, loaded only for a value that somebody set."""

    def fits(value: Any) -> bool:
        if not isinstance(value, str) or not value.strip():
            return empty and value == ""
        from taskwatch.config import net

        return bool(getattr(net, parser)(value))

    return Kind(wants, fits)


_COLOR = _choice("auto", "always", "never")
_DIGITS = Kind("a number in quotes", _is_digits)
_HOST = _parsed("a host name or address", "parse_host", empty=False)
_HOSTS = _parsed("host names or addresses with commas between them", "parse_hosts")
_NETWORKS = _parsed("addresses or networks with commas between them", "parse_networks")
_ORIGINS = _parsed("origins with commas between them", "parse_origins")
_PATH = Kind("one line of text", _is_line, is_path=True)
_SWITCH = Kind("true or false", lambda value: isinstance(value, bool))
_URL = _parsed("an http:// or https:// address", "parse_url")
_WORD = Kind("letters, digits, - and _", _is_word)
_WORDS = Kind("names with commas between them", _are_words)
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
    Key("retention.attempts_days", 30, _number(0, _CENTURY_DAYS), "Days to keep the log of tries to deliver"),
    Key("retention.deliveries_days", 90, _number(0, _CENTURY_DAYS), "Days to keep deliveries that ended"),
    Key("retention.inbox_days", 90, _number(0, _CENTURY_DAYS), "Days to keep messages that were read"),
    Key("server.host", "127.0.0.1", _HOST, "The address that the daemon listens on", flag="--host"),
    Key("server.port", 8000, _number(0, 65_535), "The port; 0 is any that is free", flag="--port"),
    Key("server.workers", 1, _number(1, 64), "How many processes share the port", flag="--workers"),
    Key("server.public_url", "", _URL, "Where browsers reach the daemon; empty is its own address"),
    Key("server.allowed_hosts", "", _HOSTS, "Names it answers to beside its own address"),
    Key("server.allowed_origins", "", _ORIGINS, "Web pages of other origins that may use it"),
    Key("server.trusted_proxies", "", _NETWORKS, "Proxies whose X-Forwarded headers are believed"),
    Key(
        "server.url", "", _URL, "The daemon that commands follow; empty reads the database",
        "TASKWATCH_SERVER", "--server",
    ),
    Key(
        "server.token_file", "", _PATH, "File with the token for that daemon",
        "TASKWATCH_TOKEN_FILE", "--token-file",
    ),
    Key("server.log_format", "text", _choice("text", "json"), "How the daemon logs"),
    Key("pusher.app_id", "1", _DIGITS, "Id of the application in the HTTP API of the Pusher protocol"),
    Key("pusher.key", "taskwatch", _WORD, "Key of the application, which every client knows"),
    Key("pusher.secret_file", "", _PATH, "File with its secret; empty is a secret kept in the database"),
    Key("pusher.client_events", False, _SWITCH, "Whether clients may send events to each other"),
    Key("pusher.subscription_counts", False, _SWITCH, "Whether clients are told how many follow a channel"),
    Key("notify.daily_cap", 0, _number(0, 10_000), "Messages a day to a person on a channel; 0 is any"),
    Key("notify.group_minutes", 0, _number(0, 1_440), "Minutes to gather what is no news in one message"),
    Key("notify.templates", "", _PATH, "Folder of your own message templates; empty is none"),
    Key("plugins.enabled", "", _WORDS, "Plugins to load, by name; nothing else is", "TASKWATCH_PLUGINS"),
    Key("plugins.folder", "", _PATH, "Folder of single-file plugins; empty is none"),
)  # fmt: skip

KEYS = {key.name: key for key in _TABLE}
