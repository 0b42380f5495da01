"""A workflow as a picture: where the boxes stand and how the arrows run, in pixels. No markup, no state."""

from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Final, NamedTuple

from taskwatch.model import layout
from taskwatch.model.graph import predecessors
from taskwatch.model.heights import heights
from taskwatch.model.lanes import Laned, Stop, lay, without_implied

BOX_WIDTH: Final = 220
BOX_HEIGHT: Final = 72
GAP: Final = 24
LANE_GAP: Final = 12
MARGIN: Final = 16
TIP: Final = 8
MOST_ARROWS: Final = 800
_NARROWEST, _WIDEST = 64, 144


class Box(NamedTuple):
    """A task: the upper left corner of its box."""

    task: int
    x: int
    y: int


class Arrow(NamedTuple):
    """`target` comes after `source`; `path` is the `d` of an SVG path that ends at the box of the target."""

    source: int
    target: int
    path: str


class Picture(NamedTuple):
    """A drawn workflow. `implied`: how many arrows are left out because they follow from others."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    implied: int


def draw(after: Mapping[int, Collection[int]]) -> Picture:
    """The picture of a graph of tasks; the boxes from left to right, in each column from top to bottom.

    Arrows never run behind a box. Where there are so many that they would hide the work, those that follow
    from others are left out.

    Raises:
        ValueError: The tasks wait for each other in a circle.
    """
    edges = predecessors(after)
    kept = edges if _count(edges) <= MOST_ARROWS else without_implied(edges)
    laned = lay(kept)
    return _compose(laned, kept, layout.columns(laned.after), _count(edges) - _count(kept))


def _compose(laned: Laned, after: dict[int, list[int]], columns: list[list[Stop]], implied: int) -> Picture:
    lefts = _lefts(columns, laned)
    middles = heights(columns, laned.after, _apart, _pull)
    boxes = tuple(
        Box(stop, left, MARGIN + middles[stop])
        for left, column in zip(lefts, columns, strict=False)
        for stop in column
        if isinstance(stop, int)
    )
    lowest = max(middles.values(), default=0) + BOX_HEIGHT
    arrows = tuple(
        Arrow(before, task, _path(laned.way(before, task), laned.column[before], lefts, middles))
        for task, befores in after.items()
        for before in befores
    )
    return Picture(lefts[-1], lowest + 2 * MARGIN, boxes, arrows, implied)


def _lefts(columns: list[list[Stop]], laned: Laned) -> list[int]:
    """The left border of each column, and behind them the width of the whole.

    The more lines there are between two columns, the further apart they stand.
    """
    lefts = [MARGIN]
    for column in columns[1:]:
        lines = sum(len(laned.after[stop]) for stop in column)
        lefts.append(lefts[-1] + BOX_WIDTH + min(_NARROWEST + 3 * lines, _WIDEST))
    return [*lefts, lefts[-1] + BOX_WIDTH + MARGIN]


def _apart(upper: Stop, lower: Stop) -> int:
    return (_size(upper) + _size(lower)) // 2 + (GAP if _is_task(upper) and _is_task(lower) else LANE_GAP)


def _size(stop: Stop) -> int:
    return BOX_HEIGHT if _is_task(stop) else 0


def _pull(one: Stop, other: Stop) -> float:
    """A long line is straight along its lanes; tasks stand near tasks rather than near the ends of lanes."""
    if _is_task(one) and _is_task(other):
        return 4
    return 1 if _is_task(one) or _is_task(other) else 8


def _is_task(stop: Stop) -> bool:
    return isinstance(stop, int)


def _path(way: list[Stop], column: int, lefts: list[int], middles: dict[Stop, int]) -> str:
    """Straight along boxes and lanes, a bend between two columns."""
    y = MARGIN + BOX_HEIGHT // 2
    steps = [f"M{lefts[column] + BOX_WIDTH} {y + middles[way[0]]}"]
    for number, (stop, following) in enumerate(pairwise(way), start=column):
        begin, end = lefts[number] + BOX_WIDTH, lefts[number + 1]
        is_last = number - column == len(way) - 2
        steps.append(_bend(begin, y + middles[stop], end - (TIP if is_last else 0), y + middles[following]))
        if not is_last:
            steps.append(f"H{end + BOX_WIDTH}")
    return "".join(steps)


def _bend(x: int, y: int, to_x: int, to_y: int) -> str:
    middle = (x + to_x) // 2
    return f"H{to_x}" if y == to_y else f"C{middle} {y} {middle} {to_y} {to_x} {to_y}"


def _count(after: dict[int, list[int]]) -> int:
    return sum(map(len, after.values()))
