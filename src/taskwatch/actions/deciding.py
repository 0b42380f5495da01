"""Who is told of an event, and what becomes of each message: planning writes it down, `why` shows it."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from taskwatch.actions import acknowledgements, lookup
from taskwatch.actions.audience import Audience, Reader
from taskwatch.actions.planner import Planner
from taskwatch.model import event, mute, sla
from taskwatch.model.calm import SILENT, Decision, Limits, Load, Matter, day_bounds, judge, limit
from taskwatch.model.notice import RESOLVED
from taskwatch.model.routing import Routed, Step, Subject, Wish, route
from taskwatch.model.task import Task
from taskwatch.store import Tx

NO_CHANNEL, NOT_ALERTED = "no_channel", "not_alerted"

_RANK = {level.name: place for place, level in enumerate(sla.LEVELS)}


class Happening(NamedTuple):
    """An event to tell of. `id` is its cursor, `payload` its JSON text; `kind` is that of its messages."""

    id: str
    seq: int | None
    kind: str
    at: int
    task: Task
    payload: str
    data: dict[str, Any]


class Verdict(NamedTuple):
    """What becomes of a message for one person at one address; None is nowhere."""

    wish: Wish
    address: str | None
    decision: Decision


def kind_of(source: str) -> str:
    """The kind of the messages about a kind of events: the end of a late task is told as resolved."""
    return source if source in (event.BECAME_READY, event.SLA_EXCEEDED) else RESOLVED


class Judge:
    """Decides in one transaction, as of `now` (ms)."""

    def __init__(self, tx: Tx, planner: Planner, now: int) -> None:
        self._tx = tx
        self._planner = planner
        self._now = now
        self.audience = Audience(tx, planner, now)

    def route(self, what: Happening) -> Routed:
        """Everybody whom the rules want to be told."""
        assigned = lookup.assignments(self._tx, what.task.id)
        subject = Subject(
            what.kind,
            what.task.workflow_type,
            what.data.get("alert_level"),
            tuple(each.user_id for each in assigned if each.user_id is not None),
            tuple(each.role_name for each in assigned if each.role_name is not None),
        )
        return route(self._planner.rules, subject, self.audience.people)

    def readers(self, wishes: Iterable[Wish]) -> Iterator[tuple[Reader, list[Wish]]]:
        """The wishes by whom they are for; those for users that do not exist are left out."""
        found: dict[int, list[Wish]] = {}
        for wish in wishes:
            found.setdefault(wish.user_id, []).append(wish)
        for user_id, theirs in found.items():
            if reader := self.audience.reader(user_id):
                yield reader, theirs

    def matter(self, what: Happening) -> Matter:
        """What is known of the event that bears on every message of it."""
        task, is_alert = what.task, what.kind == event.SLA_EXCEEDED
        return Matter(
            what.kind,
            self._reason(what),
            what.data.get("alert_level"),
            what.at,
            what.data.get("cycle", task.cycle),
            mute.Subject(task.id, task.workflow_id, task.workflow_type),
            acknowledgements.standing(self._tx, task.id, self._now) if is_alert else (),
            self.audience.mutes,
        )

    def decide(self, reader: Reader, wish: Wish, about: Matter) -> list[Verdict]:
        """What becomes of a message on one channel, for each address of the person there."""
        if wish.channel not in self._planner.channels:
            sentence = f"there is no channel {wish.channel} in the configuration"
            return [_suppressed(wish, NO_CHANNEL, sentence)]
        if about.kind == RESOLVED and not self.was_alerted(about, reader.user.id, wish.channel):
            sentence = f"no alert was sent on {wish.channel}, so there is nothing to take back"
            return [_suppressed(wish, NOT_ALERTED, sentence)]
        return [
            Verdict(wish, address, self._judge(reader, wish, address, about))
            for address in self.audience.addresses(reader, wish.channel)
        ]

    def was_alerted(self, about: Matter, user_id: int | None = None, channel: str | None = None) -> bool:
        """Whether an alert of the task's cycle was sent, to anybody or to one user on one channel."""
        place = {"task_id": about.subject.task_id, "cycle": about.cycle}
        return bool(self._tx.value("planning.was_alerted", **place, user_id=user_id, channel=channel))

    def load(self, reader: Reader, channel: str, address: str | None, at: int) -> Load:
        """What a person has at an address of a channel, on their day of that instant (ms)."""
        begin, end = day_bounds(at, reader.person.zone)
        place = {"user_id": reader.user.id, "channel": channel}
        return Load(
            self._tx.value("planning.count_of_day", **place, begin=begin, end=end),
            end,
            self._tx.value("planning.group_end", **place, address=address, now=self._now),
        )

    def _judge(self, reader: Reader, wish: Wish, address: str | None, about: Matter) -> Decision:
        decision, limits = judge(wish, address, reader.person, about, self._now), self._planner.limits
        if limits == Limits() or decision.state != "pending" or wish.channel in SILENT:
            return decision
        due = self._now if decision.until is None else decision.until
        return limit(decision, about, limits, self.load(reader, wish.channel, address, due), self._now)

    def _reason(self, what: Happening) -> str:
        if what.kind == RESOLVED:
            return "resolved"
        ordinal = what.data.get("ordinal", 1)
        if ordinal == 1:
            return "first"
        place = {"task_id": what.task.id, "cycle": what.data["cycle"]}
        before = self._tx.value("planning.level_of", **place, ordinal=ordinal - 1)
        return "level_raised" if _RANK[what.data["alert_level"]] > _RANK.get(before, -1) else "repeat"


def happening(event_id: str, kind: str, at: int, task: Task, payload: str) -> Happening:
    """The event of a row of the log; its id is `epoch-seq`."""
    seq = int(event_id.rpartition("-")[2])
    return Happening(event_id, seq, kind_of(kind), at, task, payload, json.loads(payload))


def _suppressed(wish: Wish, reason: str, sentence: str) -> Verdict:
    return Verdict(wish, None, Decision("suppressed", reason, None, (Step("channel", False, sentence),)))
