"""Finding what a person named: a task by id or code, a workflow by id or `bc.114`, a user by id."""

import json
from collections.abc import Iterator
from typing import NamedTuple

from taskwatch.errors import InvalidInput, NotFound
from taskwatch.model import names
from taskwatch.model.assignment import Assignment
from taskwatch.model.task import Task
from taskwatch.store import Tx


class Workflow(NamedTuple):
    """One run of a type for one subject. Instants are ms UTC."""

    id: int
    type_id: int
    type: str
    taskable_type: str
    subject_id: str
    status: str
    started_at: int
    ended_at: int | None

    @property
    def identity(self) -> tuple[int, str, str, str]:
        """(id, type, subject type, subject id), as tasks and events refer to it."""
        return self.id, self.type, self.taskable_type, self.subject_id

    def __str__(self) -> str:
        return f"{self.type} {self.taskable_type} {self.subject_id}"


class User(NamedTuple):
    """A person. `admin` is 0 or 1."""

    id: int
    name: str
    email: str | None
    timezone: str | None
    admin: int
    created_at: int


class WorkflowTypeRow(NamedTuple):
    """A version of a workflow type; `definition` is its canonical JSON."""

    id: int
    code: str
    version: int
    definition: str
    defined_at: int


def task(tx: Tx, ref: str) -> Task:
    """A task by its id or its code; of several runs the newest.

    Raises:
        NotFound: there is none; the hint names a similar code.
    """
    if ref.isascii() and ref.isdecimal() and len(ref) < 17:
        found = tx.one(Task, "tasks.by_id", id=int(ref))
    else:
        found = tx.one(Task, "tasks.by_code", code=ref)
    if found is None:
        raise NotFound(f"there is no task {names.shown(ref)}", hint=_similar(tx, ref), task=ref)
    return found


def tasks(tx: Tx, refs: list[str]) -> Iterator[Task]:
    """Several tasks, each once, in the order they were named.

    Each is loaded when its turn comes, since what is done to one may change the next.

    Raises:
        InvalidInput: none was named.
        NotFound: one of them does not exist.
    """
    if not refs:
        raise InvalidInput("no task was named", hint="give ids or codes, or - to read them from stdin")
    met: set[int] = set()
    for ref in refs:
        found = task(tx, ref)
        if found.id not in met:
            met.add(found.id)
            yield found


def hold(tx: Tx, refs: list[str]) -> None:
    """Let nobody else move these tasks, nor what follows from them, until the transaction ends.

    Raises:
        NotFound: one of them does not exist.
    """
    if tx.alone:
        return
    ids = json.dumps([task(tx, ref).id for ref in refs])
    tx.all(tuple, "tasks.hold", ids=ids)
    tx.all(tuple, "tasks.hold_rows", ids=ids)


def workflow(tx: Tx, ref: str) -> Workflow:
    """A workflow by its id, `bc.114` or `bc.Order.114`: the active run, else the newest.

    Raises:
        NotFound: there is none.
        InvalidInput: two subjects share the id; the hint names them.
    """
    if ref.isascii() and ref.isdecimal() and len(ref) < 17:
        found = tx.one(Workflow, "workflows.by_id", id=int(ref))
        candidates = [found] if found else []
    else:
        candidates = _runs(tx, ref)
    if not candidates:
        raise NotFound(f"there is no workflow {names.shown(ref)}", hint="see: taskwatch workflow list")
    subjects = sorted({run.taskable_type for run in candidates})
    if len(subjects) > 1:
        choices = " or ".join(f"{candidates[0].type}.{s}.{candidates[0].subject_id}" for s in subjects)
        raise InvalidInput(f"{names.shown(ref)} is not unique", hint=f"say {choices}")
    return candidates[0]


def subject_run(tx: Tx, type_code: str, taskable_type: str, subject: str) -> Workflow:
    """The active run of a subject, else its newest.

    Raises:
        NotFound: it was never started.
    """
    runs = tx.all(
        Workflow, "workflows.by_subject", type=type_code, taskable_type=taskable_type, subject_id=subject
    )
    if not runs:
        raise NotFound(
            f"there is no workflow {type_code} of {taskable_type} {subject}",
            hint=f"start it: taskwatch workflow start {type_code} {taskable_type} {subject}",
        )
    return runs[0]


def workflow_type(tx: Tx, code: str, version: int | None = None) -> WorkflowTypeRow:
    """A workflow type: its newest version, or the one named.

    Raises:
        NotFound: there is none; the hint names a similar one.
    """
    if version is None:
        found = tx.one(WorkflowTypeRow, "workflows.type_latest", code=code)
    else:
        found = tx.one(WorkflowTypeRow, "workflows.type_version", code=code, version=version)
    if found is None:
        known = [row[0] for row in tx.all(tuple, "workflows.type_codes")]
        hint = names.suggestion(code, known) or "define it: taskwatch workflow define FILE"
        raise NotFound(f"there is no workflow type {names.shown(code)}", hint=hint)
    return found


def user(tx: Tx, user_id: int) -> User:
    """A user by id.

    Raises:
        NotFound: there is none.
    """
    found = tx.one(User, "people.user", id=user_id)
    if found is None:
        raise NotFound(f"there is no user {user_id}", hint="see: taskwatch user list")
    return found


def assignments(tx: Tx, task_id: int) -> list[Assignment]:
    """Who a task is assigned to, in the order it was assigned."""
    return tx.all(Assignment, "tasks.assignments", task_id=task_id)


def _runs(tx: Tx, ref: str) -> list[Workflow]:
    """`bc.114`, or `bc.Order.114` when no subject has the id `Order.114`."""
    kind, _, rest = ref.partition(".")
    runs = tx.all(Workflow, "workflows.by_subject", type=kind, taskable_type=None, subject_id=rest)
    if runs or "." not in rest:
        return runs
    taskable_type, _, subject = rest.partition(".")
    return tx.all(
        Workflow, "workflows.by_subject", type=kind, taskable_type=taskable_type, subject_id=subject
    )


def _similar(tx: Tx, ref: str) -> str:
    codes = [row[0] for row in tx.all(tuple, "tasks.similar_codes", prefix=ref[:3])]
    return names.suggestion(ref, codes) or "see: taskwatch task list"
