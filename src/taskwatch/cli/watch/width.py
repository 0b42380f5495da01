"""How many columns a text takes on a terminal, and texts made to take so many."""

import unicodedata

_NO_COLUMNS = ("Mn", "Me", "Cf")
# Two that are `Cf` or `Mn` by category, and yet may take or give a column: rather too many than too few.
_COUNTED = ("\u00ad", "\ufe0f")


def width(text: str) -> int:
    """Columns of a text without control characters."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def clip(text: str, columns: int) -> str:
    """The text if it fits, else its beginning with `…` at the end; `columns` is 0 or more."""
    if width(text) <= columns:
        return text
    left, kept = columns - 1, 0
    for letter in text:
        left -= _columns(letter)
        if left < 0:
            break
        kept += 1
    return text[:kept] + "…" if columns > 0 else ""


def fit(text: str, columns: int) -> str:
    """The text in exactly so many columns."""
    clipped = clip(text, columns)
    return clipped + " " * (columns - width(clipped))


def _columns(letter: str) -> int:
    if letter in _COUNTED:
        return 1
    if unicodedata.category(letter) in _NO_COLUMNS:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
