"""Planning: events become messages for people, each once, whoever plans and however often.

A batch is one write transaction with the place in the log it came to. Nothing is sent here: a delivery waits
for its time, and what needs no sending (the inbox, and what open pages are told) is done with the row.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from taskwatch.actions import deciding, inbox, links, summaries
from taskwatch.actions.audience import Reader
from taskwatch.actions.deciding import NO_CHANNEL, NOT_ALERTED, Happening, Judge, Verdict
from taskwatch.actions.planner import Planner, asked
from taskwatch.actions.posting import Post
from taskwatch.actions.words import Letter, Words
from taskwatch.model import event
from taskwatch.model.calm import SILENT, Matter
from taskwatch.model.notice import RESOLVED, notice, notice_id
from taskwatch.model.routing import Wish, kinds_of
from taskwatch.model.task import Task
from taskwatch.store import EVERYTHING, Store, Tx

# A batch ends early when it has made so many messages, so that nobody waits long for the writer.
ENOUGH = 500
# How far the place may lag behind events that are nobody's business before it is brought on.
LAG = 1_000

_SOURCES = {RESOLVED: (event.STATUS_CHANGED, event.SLA_RETRACTED)}
# What `why` alone tells: it says something about the rules, and nothing about this message.
_UNRECORDED = frozenset({NO_CHANNEL, NOT_ALERTED})


class Planned(NamedTuple):
    """What a batch did: events told of, messages made, deliveries that wait, those held back, summaries made.

    `more`: there is more to plan at once. `degraded` says which templates had to be done without.
    """

    events: int = 0
    notifications: int = 0
    deliveries: int = 0
    suppressed: int = 0
    summaries: int = 0
    more: bool = False
    degraded: tuple[str, ...] = ()


def begin(store: Store) -> None:
    """Stand at the end of the log where nobody planned yet: what happens from now on is told."""
    with store.read() as tx:
        if _place(tx) is not None:
            return
    with store.write() as tx:
        if _place(tx) is None:
            tx.run("planning.set_cursor", value=f"{tx.value('events.epoch')}-{tx.value('events.last')}")


def plan(store: Store, now: int, planner: Planner, limit: int = 50) -> Planned:
    """Plan the next `limit` events at most, and the summaries that are due at `now` (ms).

    The first call ever stands at the end of the log: what was before is told to nobody. Plugins and templates
    of others do their part before anything is locked.
    """
    until = store.horizon()
    with store.read() as tx:
        if not _is_any_due(tx, now, planner, until):
            return Planned()
    links.link_secret(store)
    known = asked(planner, now)
    words = Words(known, now)
    with store.read() as tx:
        drafted = _Batch(tx, now, known, words, until=until).prepare(limit)
    words.make()
    with store.write(concurrent=True) as tx:
        if not tx.alone:
            tx.all(tuple, "planning.hold")
        return _Batch(tx, now, known, words, until=until, drafted=drafted).run(limit)


def plan_within(tx: Tx, now: int, planner: Planner, limit: int = 50) -> Planned:
    """The same in an open transaction, and all of it there."""
    return _Batch(tx, now, planner, Words(planner, now)).run(limit)


def next_summary(store: Store) -> int | None:
    """When the next summary is due (ms); None if nothing waits for one."""
    with store.read() as tx:
        earliest: int | None = tx.value("planning.next_summary")
    return earliest


class _Row(NamedTuple):
    seq: int
    kind: str
    at: int
    task_id: int
    payload: str


class _Draft(NamedTuple):
    """A message of an event for one reader, with the channels wished for."""

    letter: Letter
    reader: Reader
    wishes: list[Wish]
    about: Matter


# By the seq of their event.
_Drafted = dict[int, list[_Draft]]


class _Batch:
    """One batch in one transaction, and what it has come to."""

    def __init__(
        self,
        tx: Tx,
        now: int,
        planner: Planner,
        words: Words,
        *,
        until: int = EVERYTHING,
        drafted: _Drafted | None = None,
    ) -> None:
        self._tx = tx
        self._now = now
        self._until = until
        self._planner = planner
        self._sending = frozenset(planner.channels) - SILENT
        self._judge = Judge(tx, planner, now)
        self._words = words
        self._drafted = drafted or {}
        self._post = Post(tx, words, now)
        self._epoch: str = tx.value("events.epoch")
        self._counted: Counter[str] = Counter()
        self._told: dict[int, list[int]] = {}

    def prepare(self, limit: int) -> _Drafted:
        """Draft what is about to be planned, and note it to be put into words; nothing is written."""
        drafted: _Drafted = {}
        for row in self._rows(limit):
            drafted[row.seq] = list(self._draft(row))
            for draft in drafted[row.seq]:
                is_sent = any(wish.channel in self._sending for wish in draft.wishes)
                self._words.note(self._tx, draft.letter, draft.reader, is_sent=is_sent)
            if sum(map(len, drafted.values())) >= ENOUGH:
                break
        return drafted

    def run(self, limit: int) -> Planned:
        """Plan, and bring the place in the log on."""
        rows = self._rows(limit)
        done = self._plan_all(rows)
        more = bool(rows) and (done < len(rows) or len(rows) == limit)
        inbox.announce(self._tx, event.NOTIFICATION_CREATED, self._told, self._now)
        self._move(rows[done - 1].seq if more else self._end())
        made = summaries.make(self._tx, self._judge, self._post, self._planner, self._now)
        counted = self._counted
        return Planned(
            done,
            counted["messages"],
            counted["pending"] + made,
            counted["suppressed"],
            made,
            more,
            tuple(self._words.degraded),
        )

    def _plan_all(self, rows: list[_Row]) -> int:
        """How many it came to before it was enough."""
        for done, row in enumerate(rows, 1):
            self._plan(row)
            if self._counted["messages"] >= ENOUGH:
                return done
        return len(rows)

    def _rows(self, limit: int) -> list[_Row]:
        place = _place(self._tx)
        return [] if place is None else _following(self._tx, self._planner, place, self._until, limit)

    def _plan(self, row: _Row) -> None:
        # What was alerted for may be alerted for in this very batch: nothing drafted is nothing known.
        for draft in self._drafted.get(row.seq) or self._draft(row):
            if verdicts := self._decide(draft):
                self._tell(draft.letter, draft.reader, verdicts)

    def _draft(self, row: _Row) -> Iterator[_Draft]:
        task = self._tx.one(Task, "tasks.by_id", id=row.task_id)
        if task is None:
            return
        what = deciding.happening(f"{self._epoch}-{row.seq}", row.kind, row.at, task, row.payload)
        about = self._judge.matter(what)
        if what.kind == RESOLVED and not self._judge.was_alerted(about):
            return
        letter = _letter(what, about, self._planner)
        for reader, wishes in self._judge.readers(self._judge.route(what).wishes):
            yield _Draft(_addressed(letter, reader.user.id), reader, wishes, about)

    def _decide(self, draft: _Draft) -> list[Verdict]:
        reader, about = draft.reader, draft.about
        verdicts = (each for wish in draft.wishes for each in self._judge.decide(reader, wish, about))
        return [verdict for verdict in verdicts if verdict.decision.reason not in _UNRECORDED]

    def _tell(self, letter: Letter, reader: Reader, verdicts: list[Verdict]) -> None:
        going = {verdict.wish.channel for verdict in verdicts if verdict.decision.state == "pending"}
        number = self._post.write(letter, reader, going)
        if number is None:
            return
        self._counted["messages"] += 1
        if going & SILENT:
            self._told.setdefault(reader.user.id, []).append(number)
        for verdict in verdicts:
            self._counted[self._post.deliver(letter, number, verdict)] += 1
            if letter.kind == event.SLA_EXCEEDED and verdict.wish.channel in going - SILENT:
                self._supersede(letter, number, verdict)

    def _supersede(self, letter: Letter, notification_id: int, verdict: Verdict) -> None:
        self._tx.run(
            "planning.supersede",
            task_id=letter.task_id,
            user_id=verdict.wish.user_id,
            channel=verdict.wish.channel,
            address=verdict.address,
            notification_id=notification_id,
            now=self._now,
        )

    def _end(self) -> int:
        """The end of the log as far as it is complete; another planner may have come further meanwhile."""
        last: int = self._tx.value("events.last")
        return max(min(last, self._until), _place(self._tx) or 0)

    def _move(self, seq: int) -> None:
        self._tx.run("planning.set_cursor", value=f"{self._epoch}-{seq}")


def _is_any_due(tx: Tx, now: int, planner: Planner, until: int) -> bool:
    place, summary = _place(tx), tx.value("planning.next_summary")
    if place is None or (summary is not None and summary <= now):
        return True
    lag = min(tx.value("events.last"), until) - place
    return lag > LAG or bool(_following(tx, planner, place, until, 1))


def _following(tx: Tx, planner: Planner, place: int, until: int, limit: int) -> list[_Row]:
    kinds = sorted({source for kind in kinds_of(planner.rules) for source in _SOURCES.get(kind, (kind,))})
    names = f" {' '.join(kinds)} "
    return tx.all(_Row, "planning.following", after=place, until=until, kinds=names, limit=limit)


def _place(tx: Tx) -> int | None:
    """The seq of the last event that was planned; None where nobody planned yet, or in another log."""
    epoch, _, seq = str(tx.value("planning.cursor") or "").rpartition("-")
    return int(seq) if epoch and epoch == tx.value("events.epoch") else None


def _letter(what: Happening, about: Matter, planner: Planner) -> Letter:
    """The message about an event, addressed to nobody yet."""
    return Letter(
        key=what.id,
        kind=what.kind,
        reason=about.reason,
        level=about.level,
        data=notice(what.kind, what.data, user_id="", event_id=what.id, public_url=planner.public_url),
        event=what.payload,
        occurred_at=what.at,
        event_seq=what.seq,
        task_id=what.task.id,
        workflow_id=what.task.workflow_id,
        cycle=about.cycle,
    )


def _addressed(letter: Letter, user_id: int) -> Letter:
    own = {"id": notice_id(letter.key, str(user_id))}
    return letter._replace(key=f"{letter.key}:{user_id}", data=letter.data | own)
