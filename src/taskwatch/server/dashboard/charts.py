"""Numbers as the geometry of small charts, in units of their viewBox; templates draw them as SVG."""

from collections.abc import Sequence
from typing import NamedTuple

from taskwatch.model.report import Line

WIDTH, HEIGHT = 420, 96
GAP = 0.28  # of a column


class Column(NamedTuple):
    """A day: what was met stands below what was missed, together the full height; empty without either."""

    day: str
    met: int
    missed: int
    rate: float | None
    x: float
    width: float
    met_y: float
    met_height: float
    missed_height: float


class Reach(NamedTuple):
    """The durations of a type on one scale from 0 to 100: half are up to `p50`, nearly all up to `p95`."""

    name: str | None
    cycles: int
    p50_seconds: int
    p90_seconds: int
    p95_seconds: int
    p50: float
    p90: float
    p95: float


def columns(days: Sequence[Line]) -> list[Column]:
    """Compliance day by day."""
    step = WIDTH / max(len(days), 1)
    return [_column(line, place * step + step * GAP / 2, step * (1 - GAP)) for place, line in enumerate(days)]


def reaches(types: Sequence[Line]) -> list[Reach]:
    """Durations by type, those without any left out."""
    timed = [line for line in types if line.p95_seconds is not None]
    longest = max((line.p95_seconds or 0 for line in timed), default=0) or 1
    return [_reach(line, longest) for line in timed]


def shares(parts: Sequence[int], width: float = 100.0) -> list[tuple[float, float]]:
    """Where each part of a whole begins and how wide it is, on one line."""
    total, begun, found = sum(parts) or 1, 0.0, []
    for part in parts:
        wide = part * width / total
        found.append((_round(begun), _round(wide)))
        begun += wide
    return found


def _column(line: Line, x: float, width: float) -> Column:
    judged = line.met + line.missed
    missed = HEIGHT * line.missed / judged if judged else 0.0
    met = HEIGHT - missed if judged else 0.0
    return Column(
        line.group or "", line.met, line.missed, line.rate,
        x=_round(x), width=_round(width), met_y=_round(HEIGHT - met),
        met_height=_round(met), missed_height=_round(missed),
    )  # fmt: skip


def _reach(line: Line, longest: int) -> Reach:
    p50, p90, p95 = line.p50_seconds or 0, line.p90_seconds or 0, line.p95_seconds or 0
    places = (_round(100 * seconds / longest) for seconds in (p50, p90, p95))
    return Reach(line.group, line.met + line.missed + line.untracked, p50, p90, p95, *places)


def _round(number: float) -> float:
    return round(number, 2)
