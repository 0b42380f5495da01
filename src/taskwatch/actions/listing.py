"""Looking at tasks: many by filters, one with its history."""

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple, TypedDict, TypeVar

from taskwatch.actions import lookup, shown
from taskwatch.actions.shown import TaskDetail, TaskShape
from taskwatch.errors import InvalidInput
from taskwatch.model import names, sla
from taskwatch.model import task as model
from taskwatch.store import Store, Tx

__all__ = ["Filters", "StatusShape", "TaskDetail", "TaskShape", "list_tasks", "show_task", "status_of"]

NO_LIMIT = 2**62
_Row = TypeVar("_Row", bound=tuple[Any, ...])


class StatusShape(TypedDict):
    """Where a task stands."""

    id: int
    code: str
    status: str


class Filters(NamedTuple):
    """Which tasks to list; what is empty or None does not restrict.

    `user_id`: claimed by, assigned to, or assigned to a role of. `workflow`: an id or `bc.114`.
    `risk`: one of `sla.RISK_LEVELS`, which only tasks in progress or on hold have.
    `types`: only of workflows of these types. `text`: part of the code or name. `limit`: how many at most,
    the oldest first. `after_id`: only tasks with a greater id.
    """

    statuses: tuple[str, ...] = ()
    user_id: int | None = None
    role_name: str | None = None
    workflow: str | None = None
    workflow_type: str | None = None
    risk: str | None = None
    text: str | None = None
    limit: int | None = None
    types: frozenset[str] | None = None
    after_id: int = 0


def list_tasks(store: Store, filters: Filters, now: int) -> list[TaskShape]:
    """The tasks that pass every filter, as they are at `now` (ms), by id.

    Raises:
        InvalidInput: there is no such status or risk level.
        NotFound: there is no such user, workflow or workflow type.
    """
    _check(filters)
    with store.read() as tx:
        found = tx.all(model.Task, "tasks.listed", **_values(tx, filters))
        if filters.risk is not None:
            found = [task for task in found if _risk(task, now) == filters.risk][: filters.limit]
        return show_tasks(tx, found, now)


def show_task(store: Store, ref: str, now: int) -> TaskDetail:
    """A task, by id or code, with its dependents, finished cycles and events.

    Raises:
        NotFound: there is none.
    """
    with store.read() as tx:
        task = lookup.task(tx, ref)
        happened = tx.all(shown.Happened, "events.of_task", task_id=task.id)
        return {
            **show_tasks(tx, [task], now)[0],
            "dependents": [later.code for later in tx.all(model.Task, "tasks.dependents", id=task.id)],
            "cycles": [shown.show_cycle(row) for row in tx.all(shown.Cycle, "tasks.cycles", task_id=task.id)],
            "history": [shown.show_event(row) for row in happened],
        }


def status_of(store: Store, ref: str) -> StatusShape:
    """Where a task stands now.

    Raises:
        NotFound: there is none.
    """
    with store.read() as tx:
        task = lookup.task(tx, ref)
        return {"id": task.id, "code": task.code, "status": task.status}


def type_of(store: Store, ref: str) -> str | None:
    """The type of the workflow that a task is part of; None for a task outside of any.

    Raises:
        NotFound: there is no such task.
    """
    with store.read() as tx:
        return lookup.task(tx, ref).workflow_type


def _check(filters: Filters) -> None:
    for status in filters.statuses:
        _check_known(status, model.STATUSES, "status")
    if filters.risk is not None:
        _check_known(filters.risk, sla.RISK_LEVELS, "risk level")


def _check_known(word: str, known: tuple[str, ...], what: str) -> None:
    if word not in known:
        hint = names.suggestion(word, list(known)) or f"one of {', '.join(known)}"
        raise InvalidInput(f"there is no {what} {names.shown(word)}", hint=hint)


def _values(tx: Tx, filters: Filters) -> dict[str, Any]:
    """What the question `tasks.listed` asks for."""
    if filters.user_id is not None:
        lookup.user(tx, filters.user_id)
    if filters.workflow_type is not None:
        lookup.workflow_type(tx, filters.workflow_type)
    return {
        "statuses": _spaced(_statuses(filters)),
        "workflow_id": None if filters.workflow is None else lookup.workflow(tx, filters.workflow).id,
        "workflow_type": filters.workflow_type,
        "text": filters.text or None,
        "user_id": filters.user_id,
        "role_name": filters.role_name,
        "types": None if filters.types is None else _spaced(sorted(filters.types)),
        "after_id": filters.after_id,
        "limit": NO_LIMIT if filters.limit is None or filters.risk is not None else filters.limit,
    }


def _statuses(filters: Filters) -> tuple[str, ...]:
    """The statuses asked for: with a risk level only those that can have one."""
    if filters.risk is None:
        return filters.statuses or model.STATUSES
    return tuple(status for status in shown.BEGUN if not filters.statuses or status in filters.statuses)


def _spaced(words: Iterable[str]) -> str:
    return f" {' '.join(words)} "


def _risk(task: model.Task, now: int) -> str | None:
    standing = shown.standing(task, now)
    return standing and standing.risk_level


def show_tasks(tx: Tx, tasks: list[model.Task], now: int) -> list[TaskShape]:
    """Tasks that were found, as they are at `now` (ms), in the same order."""
    ids = json.dumps([task.id for task in tasks])
    after = _by_task(tx.all(shown.Dependency, "tasks.dependencies_of", ids=ids))
    assigned = _by_task(tx.all(shown.Assigned, "tasks.assignments_of", ids=ids))
    return [shown.show(task, after[task.id], assigned[task.id], now) for task in tasks]


def _by_task(rows: list[_Row]) -> dict[int, list[_Row]]:
    groups: dict[int, list[_Row]] = defaultdict(list)
    for row in rows:
        groups[row[0]].append(row)
    return groups
