"""The report over finished cycles. What is still going on is not in it."""

from datetime import tzinfo
from typing import TypedDict

from taskwatch.errors import InvalidInput
from taskwatch.model.report import GROUPINGS, Finished, Line, summarise
from taskwatch.model.times import rfc3339
from taskwatch.store import Store


class LineShape(TypedDict):
    """A group of finished cycles. Rates are per cent, null where nothing can be met or missed.

    The percentiles are over completed cycles that were started, by nearest rank. `mtta_seconds` and
    `mttr_seconds` are the mean times from the first alert of a cycle to its first ack and to its end.
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
    alerted: int
    acknowledged: int
    mtta_seconds: int | None
    mttr_seconds: int | None


class ReportShape(TypedDict):
    """Cycles that ended from `since` (null: ever) to before `until`; `total` is the line of them all."""

    by: str
    since: str | None
    until: str
    groups: list[LineShape]
    total: LineShape


def report(store: Store, by: str, zone: tzinfo, *, since: int | None, until: int) -> ReportShape:
    """Count the cycles that ended in `[since, until)` (ms), by one of `GROUPINGS`; days are the zone's.

    Raises:
        InvalidInput: there is no such grouping, or `since` lies after `until`.
    """
    if by not in GROUPINGS:
        raise InvalidInput(f"a report cannot be by {by}", hint=f"use {', '.join(GROUPINGS)}")
    if since is not None and since > until:
        raise InvalidInput(f"{rfc3339(since)} is after {rfc3339(until)}", hint="give an earlier --since")
    with store.read() as tx:
        rows = tx.stream(Finished, "sla.finished", since=since or 0, until=until)
        lines, total = summarise(rows, by, zone)
    return {
        "by": by,
        "since": None if since is None else rfc3339(since),
        "until": rfc3339(until),
        "groups": [_show(line) for line in lines],
        "total": _show(total),
    }


def _show(line: Line) -> LineShape:
    shape: LineShape = {
        "group": line.group,
        "cycles": line.cycles,
        "met": line.met,
        "missed": line.missed,
        "untracked": line.untracked,
        "skipped": line.skipped,
        "cancelled": line.cancelled,
        "failed": line.failed,
        "rate": line.rate,
        "p50_seconds": line.p50_seconds,
        "p90_seconds": line.p90_seconds,
        "p95_seconds": line.p95_seconds,
        "reopen_rate": line.reopen_rate,
        "alerted": line.alerted,
        "acknowledged": line.acknowledged,
        "mtta_seconds": line.mtta_seconds,
        "mttr_seconds": line.mttr_seconds,
    }
    return shape
