"""Finished cycles in numbers: how many were met, how long they took, how often they came back."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, tzinfo
from typing import NamedTuple

from taskwatch.model import sla

PERCENTILES = (50, 90, 95)


class Finished(NamedTuple):
    """A finished cycle and what it can be grouped by. Instants are ms: its end, first alert and first ack."""

    cycle: int
    outcome: str
    verdict: str
    ended_at: int
    elapsed_ms: int
    implicit_start: int
    activity: str
    type: str
    workflow: str | None
    assignee: str | None
    role: str | None
    alerted_at: int | None = None
    acked_at: int | None = None


class Line(NamedTuple):
    """A group of cycles; rates in per cent, durations in seconds, None where there is nothing to tell.

    `mtta_seconds` is the mean time from the first alert of a cycle to its first ack, `mttr_seconds` that to
    its end.
    """

    group: str | None
    cycles: int
    met: int
    missed: int
    untracked: int
    skipped: int
    cancelled: int
    failed: int
    rate: float | None
    p50_seconds: int | None
    p90_seconds: int | None
    p95_seconds: int | None
    reopen_rate: float | None
    alerted: int = 0
    acknowledged: int = 0
    mtta_seconds: int | None = None
    mttr_seconds: int | None = None


class _Group:
    """What is counted while the rows pass by."""

    def __init__(self) -> None:
        self.verdicts: Counter[str] = Counter()
        self.repeated = 0
        self.durations: list[int] = []
        self.until_ack: list[int] = []
        self.until_end: list[int] = []

    def add(self, row: Finished) -> None:
        self.verdicts[row.verdict] += 1
        self.repeated += row.cycle > 1
        if row.outcome == "completed" and not row.implicit_start:
            self.durations.append(row.elapsed_ms // sla.SECOND)
        if row.alerted_at is not None:
            self.until_end.append(row.ended_at - row.alerted_at)
            if row.acked_at is not None:
                self.until_ack.append(max(0, row.acked_at - row.alerted_at))


GROUPINGS = ("activity", "type", "workflow", "assignee", "role", "day")


def summarise(rows: Iterable[Finished], by: str, zone: tzinfo) -> tuple[list[Line], Line]:
    """A line per group in order, the cycles without one last; and the line of them all. `by`: a grouping."""
    key, total = _key(by, zone), _Group()
    groups: dict[str | None, _Group] = {}
    for row in rows:
        groups.setdefault(key(row), _Group()).add(row)
        total.add(row)
    ordered = sorted(groups.items(), key=lambda item: (item[0] is None, item[0] or ""))
    return [_line(name, group) for name, group in ordered], _line(None, total)


def nearest_rank(ordered: Sequence[int], percent: int) -> int | None:
    """The smallest value that at least so many per cent of the values do not exceed."""
    return ordered[-(-percent * len(ordered) // 100) - 1] if ordered else None


def _mean_seconds(spans: Sequence[int]) -> int | None:
    """The mean of spans in ms, in whole seconds rounded half up."""
    return (2 * sum(spans) + len(spans) * sla.SECOND) // (2 * len(spans) * sla.SECOND) if spans else None


def _key(by: str, zone: tzinfo) -> Callable[[Finished], str | None]:
    if by == "day":
        return lambda row: datetime.fromtimestamp(row.ended_at // sla.SECOND, zone).date().isoformat()
    fields: dict[str, Callable[[Finished], str | None]] = {
        "activity": lambda row: row.activity,
        "type": lambda row: row.type,
        "workflow": lambda row: row.workflow,
        "assignee": lambda row: row.assignee,
        "role": lambda row: row.role,
    }
    return fields[by]


def _line(name: str | None, group: _Group) -> Line:
    count, ordered = group.verdicts, sorted(group.durations)
    cycles, judged = count.total(), count["met"] + count["missed"]
    p50, p90, p95 = (nearest_rank(ordered, percent) for percent in PERCENTILES)
    return Line(
        name, cycles, count["met"], count["missed"],
        count["untracked"], count["skipped"], count["cancelled"], count["failed"],
        rate=sla.percent(count["met"], judged) if judged else None,
        p50_seconds=p50, p90_seconds=p90, p95_seconds=p95,
        reopen_rate=sla.percent(group.repeated, cycles) if cycles else None,
        alerted=len(group.until_end), acknowledged=len(group.until_ack),
        mtta_seconds=_mean_seconds(group.until_ack), mttr_seconds=_mean_seconds(group.until_end),
    )  # fmt: skip
