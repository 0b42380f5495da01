"""The door for plugins: all that an author imports.

from taskwatch.plugin import Channel, Message, Option, hookimpl, ok, retry
"""

from taskwatch.clock import now
from taskwatch.model.times import rfc3339
from taskwatch.plugin.channel import API, Channel, Option, Services
from taskwatch.plugin.hooks import hookimpl
from taskwatch.plugin.message import Message, Recipient
from taskwatch.plugin.outcome import (
    Outcome,
    gone,
    misconfigured,
    ok,
    permanent,
    rate_limited,
    retry,
    unknown,
)
from taskwatch.plugin.text import cut, one_line

__all__ = [
    "API",
    "Channel",
    "Message",
    "Option",
    "Outcome",
    "Recipient",
    "Services",
    "cut",
    "gone",
    "hookimpl",
    "misconfigured",
    "now",
    "ok",
    "one_line",
    "permanent",
    "rate_limited",
    "retry",
    "rfc3339",
    "unknown",
]
