"""Removing a user: their open tasks get an heir, or are let go; what they did stays in the record."""

from typing import TypedDict

from taskwatch.actions import lookup
from taskwatch.actions.change import Change
from taskwatch.actions.lookup import User
from taskwatch.actions.roles import revoke_within, roles_of, tell_house, within
from taskwatch.actions.tasks import tell
from taskwatch.actions.transitions import save
from taskwatch.errors import Conflict, InvalidInput
from taskwatch.model import assignment, event
from taskwatch.model.assignment import Assignment
from taskwatch.model.task import Task
from taskwatch.store import Store, Tx


class Removed(TypedDict):
    """A user who was removed, and the codes of the open tasks that changed hands."""

    id: int
    name: str
    open_tasks: list[str]


def remove(
    store: Store, user_id: int, change: Change, *, heir: Assignment | None = None, unassign: bool = False
) -> Removed:
    """Remove a user; what they did stays in the record.

    Args:
        store: where.
        user_id: whom.
        change: the circumstances.
        heir: who gets their open tasks.
        unassign: let their open tasks go without an heir.

    Raises:
        Conflict: open tasks are assigned to them or claimed by them, and nobody is to get them.
        NotFound: there is no such user or heir.
    """

    def work(tx: Tx, change: Change) -> Removed:
        user = lookup.user(tx, user_id)
        waiting = tx.all(Task, "people.open_assignments", id=user_id)
        if waiting and heir is None and not unassign:
            raise _still_needed(user, waiting)
        _check_heir(tx, user_id, heir)
        for task in waiting:
            _hand_over(tx, task, user_id, heir, change)
        _remove(tx, user, change)
        return {"id": user.id, "name": user.name, "open_tasks": [task.code for task in waiting]}

    return within(store, ["user remove", user_id, heir, unassign], change, work)


def _check_heir(tx: Tx, user_id: int, heir: Assignment | None) -> None:
    if heir is None or heir.user_id is None:
        return
    if heir.user_id == user_id:
        raise InvalidInput("a user cannot get their own tasks on leaving", hint="name somebody else")
    lookup.user(tx, heir.user_id)


def _still_needed(user: User, waiting: list[Task]) -> Conflict:
    codes = [task.code for task in waiting]
    listed = ", ".join(codes[:5]) + (f" and {len(codes) - 5} more" if len(codes) > 5 else "")
    return Conflict(
        f"open tasks wait for user {user.id}: {listed}",
        hint="hand them over with --reassign user:ID or role:NAME, or let them go with --force-unassign",
        open_tasks=codes,
    )


def _hand_over(tx: Tx, task: Task, user_id: int, heir: Assignment | None, change: Change) -> None:
    leaver = assignment.user(user_id)
    if task.claimed_by == user_id:
        after = task._replace(claimed_by=None, version=task.version + 1)
        save(tx, task, after, change.moment, change.reason)
        tell(tx, event.TASK_RELEASED, after, change, released_by=user_id)
    if leaver in lookup.assignments(tx, task.id):
        tell(tx, event.TASK_UNASSIGNED, task, change, assignment=leaver._asdict())
        tx.run("tasks.unassign", task_id=task.id, **leaver._asdict())
    if heir is not None and tx.run("tasks.assign", task_id=task.id, **heir._asdict()):
        tell(tx, event.TASK_ASSIGNED, task, change, assignment=heir._asdict())


def _remove(tx: Tx, user: User, change: Change) -> None:
    for role in roles_of(tx, user.id):
        revoke_within(tx, role, user.id, change)
    tx.run("people.forget_assignments", id=user.id)
    tx.run("people.remove", id=user.id)
    tell_house(tx, event.USER_REMOVED, change, {"user_id": user.id, "name": user.name})
