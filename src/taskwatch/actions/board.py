"""The SLA board: how many tasks are on time, which run out of time, which are late, and who has them."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from taskwatch.actions import standing
from taskwatch.actions.listing import NO_LIMIT, show_tasks
from taskwatch.actions.shown import TaskShape
from taskwatch.actions.standing import StatisticsShape
from taskwatch.model import sla
from taskwatch.model.ack import Ack, covering
from taskwatch.model.names import MAX_INTEGER
from taskwatch.model.task import Task
from taskwatch.store import Store, Tx


class Focus(NamedTuple):
    """Whose tasks the board is about; what is None does not restrict.

    `user_id`: claimed by, assigned to, or assigned to a role of. `types`: only of workflows of these types.
    """

    workflow_type: str | None = None
    role_name: str | None = None
    user_id: int | None = None
    types: frozenset[str] | None = None


class Row(NamedTuple):
    """A task on the board, as it is kept and as it is shown; `ack` is what holds its alerts back now."""

    record: Task
    task: TaskShape
    ack: Ack | None = None


class Board(NamedTuple):
    """Everything at one instant. The lists have the most urgent first and may be cut, the numbers are whole.

    `changes_at` is when (ms) it will differ even if nothing happens; None for never.
    """

    statistics: StatisticsShape
    at_risk: list[Row]
    late: list[Row]
    changes_at: int | None


def board(store: Store, focus: Focus, now: int, *, limit: int | None = None) -> Board:
    """The board at `now` (ms), with at most `limit` rows in a list."""
    with store.read() as tx:
        counted, risky, late = _look(tx, focus, now, NO_LIMIT if limit is None else limit)
        acks = standing.running_acks(tx, now)
        step = tx.value("board.next_step", now=now)
        rows = [Row(task, shown) for task, shown in zip(
            [*risky, *late], show_tasks(tx, [*risky, *late], now), strict=True
        )]  # fmt: skip
    held = [row._replace(ack=_covering(row, acks.get(row.record.id), now)) for row in rows[len(risky) :]]
    instants = [step, *map(_next_risk, risky), *(_next_level(task, now) for task in late)]
    instants += [row.ack.until for row in held if row.ack]
    coming = [at for at in instants if at is not None and at > now]
    numbers = standing.show_statistics(counted)
    return Board(numbers, rows[: len(risky)], held, min(coming, default=None))


def _look(tx: Tx, focus: Focus, now: int, limit: int) -> tuple[sla.Statistics, list[Task], list[Task]]:
    wanted = _values(focus)
    late_until = now - sla.SECOND
    bounds = {"due_after": late_until, "due_until": MAX_INTEGER}, {"due_after": 0, "due_until": late_until}
    risky, late = (tx.all(Task, "board.urgent", now=now, limit=limit, **each, **wanted) for each in bounds)
    return _count(tx, focus, now), risky, late


def _count(tx: Tx, focus: Focus, now: int) -> sla.Statistics:
    if focus == Focus():
        return standing.count(tx, now, now)
    running, risky, exceeded, *rest = tx.all(tuple, "board.counts", now=now, **_values(focus))[0]
    return sla.Statistics(running - risky, risky - exceeded, exceeded, *rest)


def _values(focus: Focus) -> dict[str, Any]:
    return {**focus._asdict(), "types": None if focus.types is None else _spaced(focus.types)}


def _spaced(words: Iterable[str]) -> str:
    return f" {' '.join(sorted(words))} "


def _covering(row: Row, ack: Ack | None, now: int) -> Ack | None:
    known = [ack] if ack else []
    return covering(known, cycle=row.record.cycle, level=row.task["alert_level"], now=now)


def _next_risk(task: Task) -> int | None:
    """When a task at risk comes to be at critical risk."""
    timeout = task.timeout_minutes or 0
    elapsed = sla.at_risk_after(timeout, sla.CRITICAL_PERCENT)
    return None if task.due_at is None else task.due_at - (timeout * 60 - elapsed) * sla.SECOND


def _next_level(task: Task, now: int) -> int | None:
    """When a late task rises to the next alert level."""
    late_by = (now - (task.due_at or now)) // sla.SECOND
    level = sla.level_of(late_by)
    return None if level is sla.CRITICAL else (task.due_at or now) + level.end * sla.SECOND
