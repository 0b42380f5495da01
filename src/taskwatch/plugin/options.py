"""What a channel is told: its options judged against what its class declares, secrets fetched at last."""

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from taskwatch.errors import InvalidConfig, InvalidInput
from taskwatch.model.names import shown, suggestion
from taskwatch.plugin.channel import Channel, Option

if TYPE_CHECKING:
    from taskwatch.config.channels import ChannelConfig

COMMON = (
    Option("timeout", "seconds", "How long a try may take; the channel's own time unless said"),
    Option("concurrency", "number", "How many messages are sent at the same time", default=4),
)
_MOST_AT_ONCE = 64
_LONGEST_TRY = 300.0
_HINTS = {
    "text": "a text in quotes",
    "number": "a number",
    "switch": "true or false",
    "secret": 'a reference to a secret: "file:PATH", "env:NAME" or "cred:NAME"',
    "url": "an http:// or https:// address without a password",
    "seconds": 'seconds above 0, or a duration such as "10s"',
    "list": "a list of texts",
}


class Settings(NamedTuple):
    """Judged options: `values` for the channel, its secrets alone, seconds for a try, sends at a time."""

    values: dict[str, Any]
    secrets: tuple[str, ...]
    timeout: float
    concurrency: int


def settings(config: "ChannelConfig", channel: type[Channel]) -> Settings:
    """The options of a `[channel.NAME]` table as the channel's class wants them.

    Raises:
        InvalidConfig: one is unknown, missing or of another type, or a secret cannot be had.
    """
    declared = {option.name: option for option in (*COMMON, *channel.options)}
    _refuse_unknown(config, declared)
    values = {name: _value(config, option) for name, option in declared.items()}
    secrets = tuple(
        values[name] for name, option in declared.items() if option.type == "secret" and values[name]
    )
    timeout, concurrency = values.pop("timeout"), values.pop("concurrency")
    return Settings(values, secrets, float(timeout or channel.seconds), int(concurrency))


def _refuse_unknown(config: "ChannelConfig", declared: dict[str, Option]) -> None:
    for name in config.options:
        if name not in declared:
            hint = suggestion(name, list(declared)) or f"choose from {', '.join(declared)}"
            message = f"{config.where(name)}: a channel of type {config.type} has no option {shown(name)}"
            raise InvalidConfig(message, hint=hint, key=f"channel.{config.name}.{name}")


def _value(config: "ChannelConfig", option: Option) -> Any:
    if option.name not in config.options:
        if option.required:
            raise _refusal(config, option, "is missing")
        return option.default
    given = config.options[option.name]
    value = _READERS[option.type](given)
    if value is None or not _is_within(option, value):
        got = "another text" if option.type in ("secret", "url") else shown(given)
        raise _refusal(config, option, f"must be {_HINTS[option.type]}, got {got}")
    return config.secret(option.name) if option.type == "secret" else value


def _refusal(config: "ChannelConfig", option: Option, what: str) -> InvalidConfig:
    key = f"channel.{config.name}.{option.name}"
    return InvalidConfig(f"{config.where(option.name)}: {key} {what}", hint=option.about, key=key)


def _is_within(option: Option, value: Any) -> bool:
    """Limits of the options that every channel has."""
    if option is COMMON[0]:
        return bool(value <= _LONGEST_TRY)
    return option is not COMMON[1] or (isinstance(value, int) and 1 <= value <= _MOST_AT_ONCE)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and "\x00" not in value else None


def _number(value: Any) -> int | float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _switch(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _reference(value: Any) -> str | None:
    kind, _, place = value.partition(":") if isinstance(value, str) else ("", "", "")
    return value if kind in ("file", "env", "cred") and place else None


def _url(value: Any) -> str | None:
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or " " in value:
        return None
    try:
        parts = urlsplit(value)
        fits = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
        fits = fits and parts.port != 0
    except ValueError:
        return None
    return value if fits else None


def _seconds(value: Any) -> float | None:
    if isinstance(value, str):
        from taskwatch.model.times import parse_duration

        try:
            value = parse_duration(value)
        except InvalidInput:
            return None
    number = _number(value)
    return float(number) if number is not None and 0 < number < float("inf") else None


def _list(value: Any) -> list[str] | None:
    return value if isinstance(value, list) and all(_text(item) is not None for item in value) else None


_READERS = {
    "text": _text,
    "number": _number,
    "switch": _switch,
    "secret": _reference,
    "url": _url,
    "seconds": _seconds,
    "list": _list,
}
