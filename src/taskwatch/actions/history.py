"""Importing a process log: each row becomes a finished task with one finished cycle. It never alerts.

One case is one workflow, completed, of the subject type `Case`; the activities are its type's templates.
Who did the work stays the text it is in the log: the cycle's `resource`, since a log knows no users.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple, TypedDict

from taskwatch.actions import journal
from taskwatch.actions.change import Change, check
from taskwatch.actions.growing import SUBJECT, GrowingType
from taskwatch.errors import InvalidFile, InvalidInput
from taskwatch.model import definition, event, history, ledger, names, sla, task
from taskwatch.model.times import rfc3339
from taskwatch.store import Store, Tx

BATCH = 2000
SHOWN_BAD = 20


class ActivityShape(TypedDict):
    """What was imported of one activity; `missed`: how many took longer than the timeout."""

    name: str
    tasks: int
    missed: int


class BadRowShape(TypedDict):
    """A row that was left out."""

    row: int
    message: str


class ImportShape(TypedDict):
    """What an import did. rows = imported + known (here before) + ignored + bad; `bad_rows`: the first 20."""

    workflow_type: str
    version: int | None
    rows: int
    imported: int
    known: int
    ignored: int
    bad: int
    bad_rows: list[BadRowShape]
    cases: int
    activities: list[ActivityShape]


class Target(NamedTuple):
    """What the rows become: tasks of this workflow type, with this timeout."""

    type: str
    timeout_minutes: int | None = None
    skip_bad: bool = False


def import_log(store: Store, log: history.Log, target: Target, change: Change) -> ImportShape:
    """Import all rows of a log, or none; rows imported before are left as they are.

    Raises:
        InvalidFile: the header, or without `skip_bad` a row, cannot be read.
        Conflict: the workflow type is there and was not made by an import.
        InvalidInput: the type's code is not possible.
    """
    with store.write(dry_run=change.dry_run) as tx:
        book = _Book(tx, target, check(tx, change))
        rows = book.sieve(log)
        while batch := list(islice(rows, BATCH)):
            book.enter(batch)
        book.close()
        return book.report(log)


class _Case(NamedTuple):
    id: int
    start: int
    end: int


class _Book:
    """One import under way: the types, cases and rows it has seen, and the batch being written."""

    def __init__(self, tx: Tx, target: Target, change: Change) -> None:
        self.tx = tx
        self.target = target
        self.change = change
        self.type = GrowingType(tx, target.type, target.timeout_minutes, change)
        self.bad: list[history.Bad] = []
        self.bad_count = self.known = 0
        self.cases: dict[str, _Case] = {}
        self.touched: set[str] = set()
        self.times: Counter[tuple[str, str]] = Counter()
        self.seen: Counter[bytes] = Counter()
        self.done: Counter[str] = Counter()
        self.missed: Counter[str] = Counter()
        self.last_task: int = tx.value("history.last_id", table="tasks")
        self.last_workflow: int = tx.value("history.last_id", table="workflows")

    def sieve(self, log: history.Log) -> Iterator[history.Row]:
        """The good rows; a bad one ends the import, or is noted."""
        for row in log:
            bad = row if isinstance(row, history.Bad) else self._find_fault(row)
            if bad is not None:
                self._note(bad)
            elif isinstance(row, history.Row):
                yield row

    def enter(self, rows: list[history.Row]) -> None:
        """Write what of these rows is new."""
        sources = [self._source(row) for row in rows]
        found = self.tx.all(tuple, "history.known", sources=json.dumps(sources))
        known = {source for (source,) in found}
        self.known += len(known)
        fresh = [(row, source) for row, source in zip(rows, sources, strict=True) if source not in known]
        first = self.last_task + 1
        self._open_cases([row for row, _ in fresh])
        tasks = [self._task(row) for row, _ in fresh]
        self._write(tasks, [row.resource for row, _ in fresh])
        self.tx.many("history.remember", ((source, first + place) for place, (_, source) in enumerate(fresh)))

    def close(self) -> None:
        """Write what only the last row tells: how long each case took, and which activities there are."""
        self.type.close()
        ends = (self.cases[case] for case in self.touched)
        self.tx.many("history.settle_case", ((self.type.id, case.start, case.end, case.id) for case in ends))

    def report(self, log: history.Log) -> ImportShape:
        """What was done."""
        return {
            "workflow_type": self.target.type,
            "version": self.type.version,
            "rows": log.rows,
            "imported": self.done.total(),
            "known": self.known,
            "ignored": log.ignored,
            "bad": self.bad_count,
            "bad_rows": [{"row": bad.line, "message": bad.message} for bad in self.bad],
            "cases": len(self.touched),
            "activities": [
                {"name": name, "tasks": self.done[name], "missed": self.missed[name]}
                for name in sorted(self.done)
            ],
        }

    def _find_fault(self, row: history.Row) -> history.Bad | None:
        try:
            self._check(row)
        except InvalidFile:
            raise
        except InvalidInput as error:
            return history.Bad(row.line, error.message)
        return None

    def _check(self, row: history.Row) -> None:
        template = self.type.template(row.activity)
        if row.case not in self.cases:
            names.subject_id(row.case)
            definition.task_code(template.code, self.target.type, row.case)
        if row.resource is not None and (
            len(row.resource) > names.MAX_NAME or not row.resource.isprintable()
        ):
            names.display_name(row.resource, "a resource")

    def _note(self, bad: history.Bad) -> None:
        if not self.target.skip_bad:
            raise InvalidFile(
                f"row {bad.line}: {bad.message}", hint="mend it, or leave such rows out with --skip-bad"
            )
        self.bad_count += 1
        if len(self.bad) < SHOWN_BAD:
            self.bad.append(bad)

    def _source(self, row: history.Row) -> str:
        """A name of the row that is the same in every import; of equal rows the n-th."""
        facts = (self.target.type, row.case, row.activity, str(row.start), str(row.end), row.resource or "")
        digest = hashlib.blake2b("\0".join(facts).encode(), digest_size=16)
        self.seen[digest.digest()] += 1
        return f"{digest.hexdigest()}-{self.seen[digest.digest()]}"

    def _open_cases(self, rows: list[history.Row]) -> None:
        begun = []
        for row in rows:
            self.type.use(row.activity)
            case = self.cases.get(row.case) or self._find_case(row.case)
            if case is None:
                self.last_workflow += 1
                case = _Case(self.last_workflow, row.start, row.end)
                begun.append((case.id, self.type.id, self.target.type, row.case, row.start, row.end))
            self.cases[row.case] = _Case(case.id, min(case.start, row.start), max(case.end, row.end))
            self.touched.add(row.case)
        self.tx.many("history.begin_case", begun)

    def _find_case(self, case: str) -> _Case | None:
        if self.type.is_new:
            return None
        found = self.tx.one(_Case, "history.case", type=self.target.type, subject_id=case)
        if found is not None:
            for template, count in self.tx.all(tuple, "history.repetitions", workflow_id=found.id):
                self.times[case, template] = count
        return found

    def _task(self, row: history.Row) -> task.Task:
        template = self.type.template(row.activity)
        self.last_task += 1
        self.times[row.case, template.code] += 1
        number = self.times[row.case, template.code]
        code = f"{template.code}_{self.target.type.upper()}{row.case}" + (f"-{number}" if number > 1 else "")
        workflow = (self.cases[row.case].id, self.target.type, SUBJECT, row.case)
        new = task.new(
            code, template.name, "task", self.target.timeout_minutes, row.start, workflow, template.code
        )
        return new._replace(
            id=self.last_task, status=task.COMPLETED, changed_at=row.end, ready_at=row.start,
            started_at=row.start, ended_at=row.end, banked_ms=row.end - row.start,
        )  # fmt: skip

    def _write(self, tasks: list[task.Task], resources: list[str | None]) -> None:
        pairs = list(zip(tasks, resources, strict=True))
        self.tx.many("tasks.insert_known", (each._asdict() for each in tasks))
        self.tx.many("tasks.mark", (mark._asdict() for each in tasks for mark in _marks(each)))
        self.tx.many("history.finish_cycle", [self._cycle(each, resource) for each, resource in pairs])
        self.tx.many("events.record", (journal.row(self._event(*pair)) for pair in pairs))

    def _cycle(self, done: task.Task, resource: str | None) -> tuple[Any, ...]:
        minutes = done.timeout_minutes
        late = minutes is not None and done.banked_ms // 1000 > minutes * 60
        self.done[done.name] += 1
        self.missed[done.name] += late
        return (
            done.id, sla.verdict(task.COMPLETED, late, minutes), done.ready_at, done.started_at,
            done.ended_at, done.banked_ms, minutes, resource,
        )  # fmt: skip

    def _event(self, done: task.Task, resource: str | None) -> event.Event:
        born = event.task_born(event.TASK_IMPORTED, done, (), by=self.change.by, at=self.change.now)
        facts = {
            "started_at": rfc3339(done.started_at or 0),
            "completed_at": rfc3339(done.ended_at or 0),
            "resource": resource,
        }
        return born._replace(payload={**born.payload, **facts})


def _marks(done: task.Task) -> Iterable[ledger.Mark]:
    """The clock ran from start to end."""
    minutes = done.timeout_minutes
    return (
        ledger.Mark(done.id, 1, done.started_at or 0, ledger.RUNNING, 0, minutes, None),
        ledger.Mark(done.id, 1, done.ended_at or 0, ledger.STOPPED, done.banked_ms, minutes, None),
    )
