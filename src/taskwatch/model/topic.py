"""Topics: the names of live streams, and patterns over them such as `workflow.bc.*`.

A pattern is a name whose end is left open by one star; the star may stand for anything, dots too.
"""

import re

from taskwatch.errors import InvalidInput
from taskwatch.model import names

_NAME = re.compile(r"[A-Za-z0-9_=@,;.-]{1,200}")
_PATTERN = re.compile(r"[A-Za-z0-9_=@,;.-]{0,200}\*")


def parse(text: str) -> str:
    """A topic or pattern as it was written.

    Raises:
        InvalidInput: it is neither.
    """
    if _NAME.fullmatch(text) or _PATTERN.fullmatch(text):
        return text
    raise InvalidInput(
        f"a topic cannot be {names.shown(text)}", hint="write workflow.bc.114, or workflow.bc.* for all of bc"
    )


def is_pattern(text: str) -> bool:
    """Whether a star leaves its end open."""
    return text.endswith("*")


def matches(pattern: str, topic: str) -> bool:
    """Whether a topic is the one named, or begins as the pattern does."""
    return topic.startswith(pattern[:-1]) if is_pattern(pattern) else topic == pattern
