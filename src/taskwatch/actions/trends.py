"""How it went of late: finished cycles by day and by type, as the report counts them."""

from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from taskwatch.actions.board import Focus
from taskwatch.model.report import Finished, Line, summarise
from taskwatch.store import Store

DAYS = 14


class Trends(NamedTuple):
    """The days without a gap, `group` is the date, and the types; `total` is the line of them all."""

    days: list[Line]
    types: list[Line]
    total: Line


def trends(store: Store, focus: Focus, now: int, zone: tzinfo, *, days: int = DAYS) -> Trends:
    """What ended in so many days of the zone, today included; whom a cycle counts for is as in the report."""
    today = datetime.fromtimestamp(now // 1000, zone).date()
    dates = [(today - timedelta(days=back)).isoformat() for back in reversed(range(days))]
    since = int(datetime.fromisoformat(dates[0]).replace(tzinfo=zone).timestamp() * 1000)
    with store.read() as tx:
        name = tx.value("people.name", id=focus.user_id) if focus.user_id is not None else None
        rows = tx.stream(Finished, "sla.finished", since=since, until=now + 1)
        kept = [row for row in rows if _is_in(row, focus, name)]
    known, total = summarise(kept, "day", zone)
    by_day = {line.group: line for line in known}
    blank = summarise([], "day", zone)[1]
    return Trends(
        [by_day.get(date, blank._replace(group=date)) for date in dates],
        summarise(kept, "workflow", zone)[0],
        total,
    )


def _is_in(row: Finished, focus: Focus, name: str | None) -> bool:
    return (
        (focus.types is None or row.workflow in focus.types)
        and focus.workflow_type in {None, row.workflow}
        and focus.role_name in {None, row.role}
        and (focus.user_id is None or row.assignee == (name or f"user:{focus.user_id}"))
    )
