"""Who is on time, at risk or late at an instant: the statistics, and the tasks behind their numbers.

At the clock's now or later, the instants kept with each task are asked; for an earlier instant, the ledger.
"""

from typing import Any, NamedTuple, TypedDict

from taskwatch.model import ledger, sla
from taskwatch.model.ack import Ack, covering, stands
from taskwatch.model.task import IN_PROGRESS, ON_HOLD, Task, schedule
from taskwatch.model.times import rfc3339
from taskwatch.store import Store, Tx


class StatisticsShape(TypedDict):
    """In-progress tasks that have a timeout, by standing; rates in per cent with two decimals."""

    total_in_progress: int
    on_time: int
    at_risk: int
    exceeded: int
    compliance_rate: float
    untracked: int
    on_hold: int
    breach_free_rate: float


class AtRiskShape(TypedDict):
    """A task that is running out of time; what remains is negative when it has run out."""

    task_id: int
    task_code: str
    task_name: str
    workflow_type: str | None
    remaining_minutes: int
    timeout_minutes: int
    risk_level: str
    remaining_seconds: int
    remaining_percent: float
    due_at: str
    started_at: str
    taskable_type: str | None
    taskable_id: int | str | None
    claimed_by: int | None


class ViolationShape(TypedDict):
    """A task that has exceeded its timeout; `alerts` is how many were sent so far.

    `acknowledged_until` is null unless an ack or a snooze stops them now; `acknowledged_by` is whose.
    """

    task_id: int
    task_code: str
    exceeded_by: int
    exceeded_by_minutes: int
    exceeded_by_seconds: int
    alert_level: str
    due_at: str
    started_at: str
    alerts: int
    claimed_by: int | None
    acknowledged_by: int | None
    acknowledged_until: str | None


class CheckShape(TypedDict):
    """What a monitoring check says: the state in a word and as the exit code, the first line, the numbers."""

    state: str
    exit_code: int
    summary: str
    worst: str | None
    statistics: StatisticsShape


class Survey(NamedTuple):
    """Everything that one look at the record tells."""

    statistics: StatisticsShape
    violations: list[ViolationShape]


def stats(store: Store, now: int, clock_now: int) -> StatisticsShape:
    """The statistics at `now`; `clock_now` is what the clock says (both ms)."""
    with store.read() as tx:
        return show_statistics(count(tx, now, clock_now))


def at_risk(
    store: Store,
    now: int,
    clock_now: int,
    *,
    threshold: int = sla.AT_RISK_PERCENT,
    include_exceeded: bool = False,
    types: frozenset[str] | None = None,
) -> list[AtRiskShape]:
    """Tasks with less than `threshold` per cent of their time left, the most urgent first.

    With the threshold as it is, there are as many as the statistics count at risk at the same `now`,
    unless only workflows of some `types` are asked for.
    """
    with store.read() as tx:
        found = _running_out(tx, now, clock_now, threshold, 0 if include_exceeded else now - sla.SECOND)
    return [_show_at_risk(task, now) for task in found if _is_of(task, types)]


def violations(
    store: Store, now: int, clock_now: int, *, types: frozenset[str] | None = None
) -> list[ViolationShape]:
    """Tasks that have exceeded their timeout, the latest first; only of workflows of these `types`."""
    with store.read() as tx:
        return _violations(tx, now, clock_now, types)


def survey(store: Store, now: int, clock_now: int) -> Survey:
    """The statistics and the violations in one snapshot."""
    with store.read() as tx:
        return Survey(show_statistics(count(tx, now, clock_now)), _violations(tx, now, clock_now))


def count(tx: Tx, now: int, clock_now: int) -> sla.Statistics:
    """How many tasks stand where."""
    if now < clock_now:
        return _count_past(tx, now)
    running, risky, exceeded, untracked, on_hold = tx.all(tuple, "sla.counts", now=now)[0]
    return sla.Statistics(running - risky, risky - exceeded, exceeded, untracked, on_hold)


def clocks_at(tx: Tx, now: int, task_id: int | None = None) -> list[Task]:
    """Tasks as they were at an earlier instant, if their clock ran or was paused then; one or all."""
    return [_rewind(row) for row in tx.all(tuple, "sla.clocks_at", now=now, task_id=task_id)]


def show_statistics(counted: sla.Statistics) -> StatisticsShape:
    """The statistics as they are answered."""
    return {
        "total_in_progress": counted.total,
        "on_time": counted.on_time,
        "at_risk": counted.at_risk,
        "exceeded": counted.exceeded,
        "compliance_rate": counted.compliance_rate,
        "untracked": counted.untracked,
        "on_hold": counted.on_hold,
        "breach_free_rate": counted.breach_free_rate,
    }


def _count_past(tx: Tx, now: int) -> sla.Statistics:
    running = [task for task in clocks_at(tx, now) if task.status == IN_PROGRESS]
    judged = [found for task in running if (found := task.standing(now))]
    exceeded, risky = sum(found.exceeded for found in judged), sum(found.at_risk for found in judged)
    return sla.Statistics(
        on_time=len(judged) - exceeded - risky,
        at_risk=risky,
        exceeded=exceeded,
        untracked=len(running) - len(judged),
        on_hold=tx.value("sla.held_at", now=now),
    )


def _running_out(tx: Tx, now: int, clock_now: int, threshold: int, due_after: int) -> list[Task]:
    if now < clock_now:
        return [
            task
            for task in _running_past(tx, now)
            if (task.due_at or 0) > due_after and _share_left_is_below(task, now, threshold)
        ]
    if threshold == sla.AT_RISK_PERCENT:
        return tx.all(Task, "sla.at_risk", now=now, due_after=due_after)
    return tx.all(Task, "sla.below_share", now=now, due_after=due_after, percent=threshold)


def _share_left_is_below(task: Task, now: int, threshold: int) -> bool:
    elapsed = task.elapsed_ms(now) // sla.SECOND
    return elapsed >= sla.at_risk_after(task.timeout_minutes or 0, threshold)


def _is_of(task: Task, types: frozenset[str] | None) -> bool:
    return types is None or task.workflow_type in types


def _violations(
    tx: Tx, now: int, clock_now: int, types: frozenset[str] | None = None
) -> list[ViolationShape]:
    due = now - sla.SECOND
    if now < clock_now:
        found = [task for task in _running_past(tx, now) if (task.due_at or 0) <= due]
    else:
        found = tx.all(Task, "sla.due_before", due=due)
    acks = running_acks(tx, now)
    return [_show_violation(task, now, acks.get(task.id)) for task in found if _is_of(task, types)]


def running_acks(tx: Tx, now: int) -> dict[int, Ack]:
    """The newest acknowledgement that stands, by task."""
    found = tx.all(Ack, "acknowledgements.running", now=now)
    return {ack.task_id: ack for ack in sorted(found) if stands(ack, now)}


def _running_past(tx: Tx, now: int) -> list[Task]:
    tracked = [task for task in clocks_at(tx, now) if task.due_at is not None]
    return sorted(tracked, key=lambda task: (task.due_at, task.id))


def _rewind(row: tuple[Any, ...]) -> Task:
    """A task's present record, set back to what the ledger knows of an earlier instant."""
    split = len(Task._fields)
    task = Task._make(row[:split])
    cycle, since, state, banked_ms, timeout_minutes, started_at, alerts, alert_mark = row[split:]
    running = state == ledger.RUNNING
    return schedule(
        task._replace(
            status=IN_PROGRESS if running else ON_HOLD,
            cycle=cycle,
            timeout_minutes=timeout_minutes,
            claimed_by=task.claimed_by if cycle == task.cycle else None,
            started_at=started_at,
            ended_at=None,
            banked_ms=banked_ms,
            running_since=since if running else None,
            alerts=alerts,
            alert_mark=alert_mark,
        )
    )


def _judged(task: Task, now: int) -> sla.Standing:
    return sla.judge(task.elapsed_ms(now) // sla.SECOND, task.timeout_minutes or 0)


def _show_at_risk(task: Task, now: int) -> AtRiskShape:
    standing = _judged(task, now)
    return {
        "task_id": task.id,
        "task_code": task.code,
        "task_name": task.name,
        "workflow_type": task.workflow_type,
        "remaining_minutes": standing.remaining_minutes,
        "timeout_minutes": standing.timeout_minutes,
        "risk_level": standing.risk_level,
        "remaining_seconds": standing.remaining_seconds,
        "remaining_percent": standing.remaining_percent,
        "due_at": rfc3339(task.due_at or now),
        "started_at": rfc3339(task.started_at or now),
        "taskable_type": task.taskable_type,
        "taskable_id": task.taskable_id,
        "claimed_by": task.claimed_by,
    }


def _show_violation(task: Task, now: int, ack: Ack | None) -> ViolationShape:
    standing = _judged(task, now)
    known = [ack] if ack else []
    ack = covering(known, cycle=task.cycle, level=standing.alert_level, now=now)
    return {
        "task_id": task.id,
        "task_code": task.code,
        "exceeded_by": standing.exceeded_by_minutes,
        "exceeded_by_minutes": standing.exceeded_by_minutes,
        "exceeded_by_seconds": standing.exceeded_by_seconds,
        "alert_level": standing.alert_level or "low",
        "due_at": rfc3339(task.due_at or now),
        "started_at": rfc3339(task.started_at or now),
        "alerts": task.alerts,
        "claimed_by": task.claimed_by,
        "acknowledged_by": ack.user_id if ack else None,
        "acknowledged_until": rfc3339(ack.until) if ack else None,
    }
