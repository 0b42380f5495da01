"""What a task comes after and what comes after it, each with its state."""

from collections.abc import Iterable
from typing import TypedDict

from taskwatch.actions import lookup
from taskwatch.model.task import Task
from taskwatch.store import Store


class NeighbourShape(TypedDict):
    """A task beside another one."""

    id: int
    code: str
    name: str
    status: str


class NeighboursShape(TypedDict):
    """What has to be done before a task, and what waits for it."""

    before: list[NeighbourShape]
    after: list[NeighbourShape]


def neighbours(store: Store, ref: str) -> NeighboursShape:
    """The tasks next to a task.

    Raises:
        NotFound: there is no such task.
    """
    with store.read() as tx:
        task = lookup.task(tx, ref)
        return {
            "before": _show(tx.all(Task, "tasks.dependencies", id=task.id)),
            "after": _show(tx.all(Task, "tasks.dependents", id=task.id)),
        }


def _show(tasks: Iterable[Task]) -> list[NeighbourShape]:
    return [{"id": each.id, "code": each.code, "name": each.name, "status": each.status} for each in tasks]
