"""What templates say: instants, durations and words, from an instant in ms or its RFC 3339 text."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from taskwatch.model.times import rfc3339, spell

Instant = int | str


def moment(value: Instant) -> int:
    """An instant as ms UTC."""
    if isinstance(value, int):
        return value
    return round(datetime.fromisoformat(value).timestamp() * 1000)


def span(seconds: int) -> str:
    """A duration, such as `1h 05m`."""
    return spell(seconds)


def clock(seconds: int) -> str:
    """A duration that counts down or up: with its seconds below an hour. The browser says the same."""
    if seconds < 0:
        return f"-{clock(-seconds)}"
    minutes = seconds // 60
    return f"{minutes}m {seconds % 60:02d}s" if 0 < minutes < 60 else spell(seconds)


def when(value: Instant | None) -> Markup:
    """An instant, which the browser shows in its own zone."""
    if value is None:
        return Markup()
    at = moment(value)
    text = datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return Markup('<time datetime="{}" data-when>{}</time>').format(rfc3339(at), text)


@pass_context
def ago(context: Context, value: Instant | None) -> Markup:
    """How long ago something was; it goes on counting in the browser."""
    if value is None:
        return Markup()
    at = moment(value)
    text = f"{spell(max(0, context['now'] - at) // 1000)} ago"
    return Markup('<time datetime="{}" data-ago="{}">{}</time>').format(rfc3339(at), at, text)


@pass_context
def left(context: Context, value: Instant) -> Markup:
    """How long it is until something is due; it counts down in the browser."""
    at = moment(value)
    return Markup('<span data-due="{}">{}</span>').format(at, clock((at - context["now"]) // 1000))


@pass_context
def over(context: Context, value: Instant) -> Markup:
    """For how long something has been late; it counts up in the browser."""
    at = moment(value)
    return Markup('<span data-over-since="{}">{}</span>').format(at, clock((context["now"] - at) // 1000))


def words(name: str) -> str:
    """`in_progress` or `task.became.ready` as words."""
    return name.replace("_", " ").replace(".", " ")


def percent(value: float | None) -> str:
    """A rate with at most one decimal, `100%` only when nothing is missing."""
    if value is None:
        return "-"
    shown = min(value, 99.9) if value < 100 else value
    return f"{shown:.1f}".removesuffix(".0") + "%"


FILTERS: dict[str, Callable[..., Any]] = {
    "ago": ago,
    "clock": clock,
    "left": left,
    "moment": moment,
    "over": over,
    "percent": percent,
    "span": span,
    "when": when,
    "words": words,
}
