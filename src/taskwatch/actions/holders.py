"""Who has a task: claim and release, assign and unassign."""

from collections.abc import Callable
from typing import TypedDict, TypeVar

from taskwatch.actions import lookup
from taskwatch.actions.change import Change, check, expect, once
from taskwatch.actions.tasks import tell
from taskwatch.actions.transitions import save
from taskwatch.errors import Conflict, Forbidden, InvalidInput
from taskwatch.model import event
from taskwatch.model import task as model
from taskwatch.model.assignment import Assignment
from taskwatch.store import Store, Tx

_Done = TypeVar("_Done")


class Held(TypedDict):
    """A task that was claimed or released; `claimed_by` is null when nobody has it."""

    id: int
    code: str
    status: str
    claimed_by: int | None


class Assigned(TypedDict):
    """A task and everybody it is assigned to now, as `user:5` or `role:dispatcher`."""

    id: int
    code: str
    assignments: list[str]


def claim(store: Store, refs: list[str], change: Change) -> list[Held]:
    """Take tasks: from now on the user in `change.by` has them.

    Raises:
        Conflict: somebody else has one, or it has ended.
        Forbidden: it is assigned, and neither to this user nor to a role of theirs.
        InvalidInput: no user was named.
    """
    return _for_each(store, "claim", refs, change, _claim)


def release(store: Store, refs: list[str], change: Change) -> list[Held]:
    """Give tasks back.

    Raises:
        Conflict: nobody has one, or somebody else.
    """
    return _for_each(store, "release", refs, change, _release)


def assign(store: Store, refs: list[str], who: list[Assignment], change: Change) -> list[Assigned]:
    """Assign tasks to users and roles; who has them already stays."""

    def apply(tx: Tx, task: model.Task, change: Change) -> Assigned:
        check_assign(tx, task, change)
        for entry in who:
            _assign(tx, task, entry, change)
        return _assigned(tx, task)

    return _for_each(store, f"assign {who}", refs, change, apply)


def unassign(store: Store, refs: list[str], who: list[Assignment], change: Change) -> list[Assigned]:
    """Take tasks from users and roles.

    Raises:
        Conflict: a task is not assigned to one of them.
    """

    def apply(tx: Tx, task: model.Task, change: Change) -> Assigned:
        expect(tx, task, change)
        for entry in who:
            _unassign(tx, task, entry, change)
        return _assigned(tx, task)

    return _for_each(store, f"unassign {who}", refs, change, apply)


def check_claim(tx: Tx, task: model.Task, change: Change) -> None:
    """Make sure that a task can be claimed; raises as `claim` does."""
    expect(tx, task, change)
    if change.by is None:
        raise InvalidInput("who claims it?", hint="give --by USER, or set user in the configuration")
    _check_open(task)
    if task.claimed_by not in {None, change.by}:
        raise Conflict(f"{task.code} is claimed by user {task.claimed_by}", hint="ask them to release it")
    _check_assigned(tx, task, change.by)


def check_release(tx: Tx, task: model.Task, change: Change) -> None:
    """Make sure that a task can be given back; raises as `release` does."""
    expect(tx, task, change)
    _check_open(task)
    if task.claimed_by is None:
        raise Conflict(f"nobody has claimed {task.code}", hint="see: taskwatch task show")
    if not _may_release(tx, task, change):
        raise Conflict(f"{task.code} is claimed by user {task.claimed_by}", hint="only they or an admin can")


def check_assign(tx: Tx, task: model.Task, change: Change) -> None:
    """Make sure that a task can be assigned; raises as `assign` does."""
    expect(tx, task, change)
    _check_open(task)


def _for_each(
    store: Store, deed: str, refs: list[str], change: Change, apply: Callable[[Tx, model.Task, Change], _Done]
) -> list[_Done]:
    with store.write(dry_run=change.dry_run) as tx:
        change = check(tx, change)

        def apply_all() -> list[_Done]:
            return [apply(tx, task, change) for task in lookup.tasks(tx, refs)]

        done: list[_Done] = once(tx, change, [deed, refs], apply_all)
        return done


def _claim(tx: Tx, task: model.Task, change: Change) -> Held:
    check_claim(tx, task, change)
    if task.claimed_by is None:
        task = _hand(tx, task, change.by, change)
        tell(tx, event.TASK_CLAIMED, task, change, claimed_by=change.by)
    return {"id": task.id, "code": task.code, "status": task.status, "claimed_by": task.claimed_by}


def _release(tx: Tx, task: model.Task, change: Change) -> Held:
    check_release(tx, task, change)
    holder = task.claimed_by
    task = _hand(tx, task, None, change)
    tell(tx, event.TASK_RELEASED, task, change, released_by=holder)
    return {"id": task.id, "code": task.code, "status": task.status, "claimed_by": None}


def _may_release(tx: Tx, task: model.Task, change: Change) -> bool:
    """The holder may, and an admin; nobody in particular only where no identity is asked for."""
    if change.by == task.claimed_by or (change.identity is not None and change.identity.admin):
        return True
    if change.by is None:
        return change.identity is None
    return bool(lookup.user(tx, change.by).admin)


def _hand(tx: Tx, task: model.Task, holder: int | None, change: Change) -> model.Task:
    after = task._replace(claimed_by=holder, version=task.version + 1)
    save(tx, task, after, change.moment, change.reason)
    return after


def _check_open(task: model.Task) -> None:
    if task.status not in model.OPEN:
        raise Conflict(f"{task.code} is {task.status}", hint="only an open task can change hands")


def _check_assigned(tx: Tx, task: model.Task, user_id: int) -> None:
    assigned = lookup.assignments(tx, task.id)
    roles = {row[0] for row in tx.all(tuple, "people.roles_of", id=user_id)}
    allowed = not assigned or any(a.user_id == user_id or a.role_name in roles for a in assigned)
    if not allowed and not lookup.user(tx, user_id).admin:
        whom = ", ".join(str(entry) for entry in assigned)
        raise Forbidden(
            f"{task.code} is assigned to {whom}", hint=f"taskwatch task assign {task.code} user:{user_id}"
        )


def _assign(tx: Tx, task: model.Task, entry: Assignment, change: Change) -> None:
    if entry.user_id is not None:
        lookup.user(tx, entry.user_id)
    if tx.run("tasks.assign", task_id=task.id, **entry._asdict()):
        tell(tx, event.TASK_ASSIGNED, task, change, assignment=entry._asdict())


def _unassign(tx: Tx, task: model.Task, entry: Assignment, change: Change) -> None:
    tell(tx, event.TASK_UNASSIGNED, task, change, assignment=entry._asdict())
    if not tx.run("tasks.unassign", task_id=task.id, **entry._asdict()):
        raise Conflict(f"{task.code} is not assigned to {entry}", hint="see: taskwatch task show")


def _assigned(tx: Tx, task: model.Task) -> Assigned:
    assigned = [str(entry) for entry in lookup.assignments(tx, task.id)]
    return {"id": task.id, "code": task.code, "assignments": assigned}
