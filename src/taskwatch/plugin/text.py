"""Text from users on its way to people: nothing in it steers what shows it."""

import re

# White space, C0 and C1 controls, bidi controls, line separators, lone surrogates, byte order marks.
_NOISE = re.compile("[\\s\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]+")
_CUT = "…"


def one_line(text: str, longest: int | None = None) -> str:
    """The text on one line without controls; what is longer than `longest` characters is cut, and marked."""
    line = _NOISE.sub(" ", text).strip()
    return line if longest is None else cut(line, longest)


def cut(text: str, longest: int) -> str:
    """At most `longest` characters; a mark at the end tells that there was more."""
    return text if len(text) <= longest else text[: max(longest - 1, 0)].rstrip() + _CUT
