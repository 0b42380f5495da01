"""Why somebody is told of a task or not: rule by rule and check by check, and what was recorded before."""

from collections.abc import Iterable
from typing import NamedTuple, TypedDict

from taskwatch.actions import lookup
from taskwatch.actions.deciding import Happening, Judge, Verdict
from taskwatch.actions.planner import Planner
from taskwatch.model import event, sla
from taskwatch.model.routing import Step, kinds_of
from taskwatch.model.task import Task
from taskwatch.model.times import rfc3339
from taskwatch.store import Store

MOST = 50


class StepShape(TypedDict):
    """A step of a decision: what was looked at, whether the message went on after it, and why."""

    about: str
    passed: bool
    sentence: str


class ChannelShape(TypedDict):
    """What would become of a message on one channel, and by what steps.

    `state` is pending or suppressed, `reason` a code such as quiet_hours; `until` is when a deferred message
    goes out, or the summary with it. `ways` are the selectors that lead to the person.
    """

    channel: str
    address: str | None
    rule: str
    ways: list[str]
    state: str
    reason: str | None
    until: str | None
    sentence: str
    steps: list[StepShape]


class DecisionShape(TypedDict):
    """What would become of an event of a kind, if it happened now. No channels: no rule leads there."""

    kind: str
    level: str | None
    reason: str
    rules: list[StepShape]
    channels: list[ChannelShape]


class RecordShape(TypedDict):
    """A delivery that was planned; `because` is its reason, `attempts` how often it was tried."""

    at: str
    kind: str
    reason: str
    level: str | None
    channel: str
    address: str
    state: str
    because: str | None
    rule: str | None
    due_at: str
    ended_at: str | None
    attempts: int
    detail: str | None


class ToldShape(RecordShape):
    """A delivery that was planned, and for whom."""

    user_id: int


class WhyShape(TypedDict):
    """What a person would be told of a task at `now`, and what they were told, the newest first."""

    task_id: int
    task_code: str
    task_name: str
    user_id: int
    user_name: str
    now: str
    decisions: list[DecisionShape]
    deliveries: list[RecordShape]


class _Record(NamedTuple):
    kind: str
    reason: str
    level: str | None
    at: int
    channel: str
    address: str
    state: str
    because: str | None
    rule: str | None
    due_at: int
    ended_at: int | None
    attempts: int
    detail: str | None


def why(store: Store, ref: str, user_id: int, now: int, planner: Planner) -> WhyShape:
    """Account for what a user is told of a task: decided as if it happened at `now` (ms), and as recorded.

    Raises:
        NotFound: there is no such task, or no such user.
    """
    with store.read() as tx:
        task, user = lookup.task(tx, ref), lookup.user(tx, user_id)
        judge = Judge(tx, planner, now)
        decisions = [_decide(judge, _imagine(task, kind, now), user.id) for kind in _kinds(planner)]
        records = tx.all(_Record, "planning.of_task", task_id=task.id, user_id=user.id, limit=MOST)
    return {
        "task_id": task.id,
        "task_code": task.code,
        "task_name": task.name,
        "user_id": user.id,
        "user_name": user.name,
        "now": rfc3339(now),
        "decisions": decisions,
        "deliveries": [_show_record(record) for record in records],
    }


def told(store: Store, ref: str, limit: int = MOST) -> list[ToldShape]:
    """What anybody was told of a task, the newest first.

    Raises:
        NotFound: there is no such task.
    """
    with store.read() as tx:
        task = lookup.task(tx, ref)
        rows = tx.all(tuple, "planning.told_of_task", task_id=task.id, limit=limit)
    return [{"user_id": user_id, **_show_record(_Record(*row))} for user_id, *row in rows]


def _kinds(planner: Planner) -> list[str]:
    return sorted(kinds_of(planner.rules))


def _imagine(task: Task, kind: str, now: int) -> Happening:
    """The next event of a kind, as if it happened now."""
    standing = task.standing(now)
    level = (standing and standing.alert_level) or sla.LEVELS[0].name
    alert = {"alert_level": level, "ordinal": task.alerts + 1, "cycle": task.cycle}
    return Happening("", None, kind, now, task, "", alert if kind == event.SLA_EXCEEDED else {})


def _decide(judge: Judge, what: Happening, user_id: int) -> DecisionShape:
    routed, about = judge.route(what), judge.matter(what)
    mine = [wish for wish in routed.wishes if wish.user_id == user_id]
    verdicts = [
        verdict
        for reader, wishes in judge.readers(mine)
        for wish in wishes
        for verdict in judge.decide(reader, wish, about)
    ]
    return {
        "kind": what.kind,
        "level": about.level,
        "reason": about.reason,
        "rules": _show_steps(routed.steps),
        "channels": [_show_verdict(verdict) for verdict in verdicts],
    }


def _show_verdict(verdict: Verdict) -> ChannelShape:
    decision, wish = verdict.decision, verdict.wish
    return {
        "channel": wish.channel,
        "address": verdict.address or None,
        "rule": wish.rule,
        "ways": list(wish.ways),
        "state": decision.state,
        "reason": decision.reason,
        "until": rfc3339(decision.until) if decision.until is not None else None,
        "sentence": _sentence(verdict),
        "steps": _show_steps(decision.steps),
    }


def _sentence(verdict: Verdict) -> str:
    """`no mail because: does not want task.sla.exceeded on mail`."""
    decision, channel = verdict.decision, verdict.wish.channel
    if decision.reason is None:
        return f"{channel} at once"
    because = decision.steps[-1].sentence
    if decision.until is None:
        return f"no {channel} because: {because}"
    return f"{channel} {'later' if decision.state == 'pending' else 'in a summary'} because: {because}"


def _show_steps(steps: Iterable[Step]) -> list[StepShape]:
    return [{"about": step.about, "passed": step.passed, "sentence": step.sentence} for step in steps]


def _show_record(record: _Record) -> RecordShape:
    return {
        "at": rfc3339(record.at),
        "kind": record.kind,
        "reason": record.reason,
        "level": record.level,
        "channel": record.channel,
        "address": record.address,
        "state": record.state,
        "because": record.because,
        "rule": record.rule,
        "due_at": rfc3339(record.due_at),
        "ended_at": rfc3339(record.ended_at) if record.ended_at is not None else None,
        "attempts": record.attempts,
        "detail": record.detail,
    }
