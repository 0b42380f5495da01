"""Text that has to fit into a box: pictures break no lines, so they are broken here by a guessed width."""

from typing import Final
from unicodedata import combining, east_asian_width

_NARROW: Final = frozenset("fijlrt.,:;'|!()[] I1")
_BROAD: Final = frozenset("mwMWÆŒ@%—…")
_ELLIPSIS: Final = "…"


def caption(text: str, width: float, lines: int = 2) -> list[str]:
    """The text in at most so many lines, each at most `width` wide in letters of usual width."""
    broken: list[str] = []
    rest = " ".join(text.split())
    while rest and len(broken) < lines - 1:
        line = _fitting(rest, width)
        if len(line) < len(rest):
            line = line[: line.rfind(" ")] if " " in line.strip() and rest[len(line)] != " " else line
        broken.append(line.strip())
        rest = rest[len(line) :].strip()
    return [*broken, _shortened(rest, width)] if rest else broken


def breadth(text: str) -> float:
    """How wide a text is, in letters of usual width; a guess that rather says too much."""
    return sum(map(_breadth, text))


def _breadth(letter: str) -> float:
    if combining(letter):
        return 0
    if east_asian_width(letter) in "WF":
        return 1.9
    if letter in _NARROW:
        return 0.6
    return 1.5 if letter in _BROAD else 1.2 if letter.isupper() else 1


def _fitting(text: str, width: float) -> str:
    """As much of its beginning as fits; one letter always does."""
    used = 0.0
    for place, letter in enumerate(text):
        used += _breadth(letter)
        if used > width and place:
            return text[:place]
    return text


def _shortened(text: str, width: float) -> str:
    fitting = _fitting(text, width)
    return text if fitting == text else _fitting(text, width - _breadth(_ELLIPSIS)).rstrip() + _ELLIPSIS
