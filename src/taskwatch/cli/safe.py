"""Neutralise hostile text: nothing a user typed may steer a terminal."""

import functools
import re

# C0 and C1 controls with ESC, NUL and DEL; bidi controls; line and paragraph separators; lone surrogates.
_UNSAFE = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def safe(text: str, *, multiline: bool = False) -> str:
    r"""The text with every control, bidi and surrogate code point as a visible escape such as `\x1b`.

    With `multiline`, line feeds and tabs stay.
    """
    return _unsafe(kept="\n\t" if multiline else "").sub(_escape, text)


def safe_json(text: str) -> str:
    r"""JSON text that means the same, with everything unsafe in its strings as `\u202e`; layout stays."""
    return _unsafe(kept="\n").sub(lambda match: f"\\u{ord(match[0]):04x}", text)


@functools.cache
def _unsafe(kept: str) -> re.Pattern[str]:
    return re.compile(f"(?![{kept}])[{_UNSAFE}]" if kept else f"[{_UNSAFE}]")


def _escape(match: re.Match[str]) -> str:
    point = ord(match[0])
    return _SHORT.get(match[0]) or (f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}")
