"""Fit the words of a message to a channel: cut where it is too long, and marked if a test."""

import re

from taskwatch.plugin.channel import Channel
from taskwatch.plugin.message import Message
from taskwatch.plugin.text import cut, one_line

TEST = "[TEST] "

_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_HIDDEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def fit(message: Message, channel: type[Channel]) -> Message:
    """The message as a channel can take it. What is cut ends in `…`; a test says so in its title."""
    mark = TEST if message.is_test and not message.title.startswith(TEST) else ""
    title = one_line(mark + message.title, int(channel.max_title))
    return message._replace(title=title, text=cut(clean(message.text), int(channel.max_text)))


def clean(text: str) -> str:
    """A text whose only control characters are line breaks and tabs, and which turns no direction around."""
    return _HIDDEN.sub("", _BREAKS.sub("\n", text))
