"""Tasks one by one: add, give another timeout, link and unlink."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypedDict

from taskwatch.actions import lookup
from taskwatch.actions.change import Change, check, expect, once
from taskwatch.actions.journal import record
from taskwatch.actions.shown import TaskDetail
from taskwatch.actions.transitions import make_ready, save, withdraw
from taskwatch.errors import Conflict, InvalidInput
from taskwatch.model import assignment, event, graph, names
from taskwatch.model import task as model
from taskwatch.model.assignment import Assignment
from taskwatch.model.times import parse_timeout
from taskwatch.store import Store, Tx


class NewTask(NamedTuple):
    """A task to add. `after` names tasks by id or code, `workflow` a workflow by id or `bc.114`."""

    code: str
    name: str | None = None
    type: str = "task"
    timeout_minutes: int | None = None
    after: tuple[str, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    workflow: str | None = None


class Added(TypedDict):
    """A task that was added; it is pending while something stands before it."""

    id: int
    code: str
    status: str


class Retimed(TypedDict):
    """A task whose timeout was changed, in whole minutes; null is none."""

    id: int
    code: str
    old_timeout_minutes: int | None
    timeout_minutes: int | None


class Linked(TypedDict):
    """A dependency that was made or taken away: the task, the code it comes after, the task's status now."""

    id: int
    code: str
    after: str
    status: str


# What `task show --json` prints beyond a task's wishes: allowed in input, and without effect.
SHOWN_ONLY = frozenset(TaskDetail.__required_keys__) - frozenset(NewTask._fields)


def from_json(value: object) -> NewTask:
    """Read a task to add from an object with the field names that a shown task has.

    Raises:
        InvalidInput: an unknown field or a wrong value.
    """
    if not isinstance(value, dict):
        raise InvalidInput("a task must be an object", hint='{"code": "PACK", "timeout_minutes": 30}')
    for key in value:
        if key not in NewTask._fields and key not in SHOWN_ONLY:
            hint = names.suggestion(str(key), list(NewTask._fields))
            raise InvalidInput(f"a task has no field {names.shown(key)}", hint=hint)
    if "code" not in value:
        raise InvalidInput("a task needs a code", hint='{"code": "PACK"}')
    timeout = value.get("timeout_minutes")
    workflow = value.get("workflow", value.get("workflow_id"))
    name, kind = value.get("name"), value.get("type")
    return NewTask(
        code=names.task_code(value["code"]),
        name=None if name is None else names.display_name(name),
        type="task" if kind is None else names.word(kind),
        timeout_minutes=None if timeout is None else parse_timeout(timeout),
        after=tuple(str(ref) for ref in _list(value, "after")),
        assignments=tuple(assignment.from_json(entry) for entry in _list(value, "assignments")),
        workflow=None if workflow is None else str(workflow),
    )


def add(store: Store, wanted: list[NewTask], change: Change) -> list[Added]:
    """Add tasks, all of them or none. A task may come after one added before it in the same call.

    Raises:
        Conflict: a code is taken.
        NotFound: a dependency, workflow or user does not exist.
    """
    with store.write(dry_run=change.dry_run) as tx:
        change = check(tx, change)
        added: list[Added] = once(
            tx, change, ["task add", wanted], lambda: [_add(tx, new, change) for new in wanted]
        )
        return added


def set_timeout(store: Store, refs: list[str], timeout_minutes: int | None, change: Change) -> list[Retimed]:
    """Give tasks another timeout, or none; time already counted stays counted, history stays as it was.

    Raises:
        Conflict: a task has ended.
    """
    with store.write(dry_run=change.dry_run) as tx:
        change = check(tx, change)
        deed = ["set-timeout", refs, timeout_minutes]
        changed: list[Retimed] = once(
            tx,
            change,
            deed,
            lambda: [_set_timeout(tx, task, timeout_minutes, change) for task in lookup.tasks(tx, refs)],
        )
        return changed


def link(store: Store, ref: str, after_refs: list[str], change: Change) -> list[Linked]:
    """Let a task come after others; what it comes after already stays.

    Raises:
        Conflict: it would close a cycle (the error prints the path), or the task has begun.
    """
    with store.write(dry_run=change.dry_run) as tx:
        change = check(tx, change)
        return _for_each(tx, _link, ref, after_refs, change)


def unlink(store: Store, ref: str, after_refs: list[str], change: Change) -> list[Linked]:
    """Let a task no longer come after others; it becomes ready when nothing else stands before it.

    Raises:
        Conflict: it did not come after one of them.
    """
    with store.write(dry_run=change.dry_run) as tx:
        change = check(tx, change)
        return _for_each(tx, _unlink, ref, after_refs, change)


def create(tx: Tx, new: model.Task, assigned: list[Assignment], change: Change) -> model.Task:
    """Keep a new task, pending, with its assignments and the event that it was born."""
    task = new._replace(id=tx.value("tasks.insert", **new._asdict()))
    for entry in assigned:
        if entry.user_id is not None:
            lookup.user(tx, entry.user_id)
        tx.run("tasks.assign", task_id=task.id, **entry._asdict())
    record(tx, event.task_born(event.TASK_CREATED, task, assigned, by=change.by, at=change.moment))
    return task


def _for_each(
    tx: Tx,
    apply: Callable[[Tx, model.Task, model.Task, Change], Linked],
    ref: str,
    after_refs: list[str],
    change: Change,
) -> list[Linked]:
    def apply_all() -> list[Linked]:
        expect(tx, lookup.task(tx, ref), change)
        befores = list(lookup.tasks(tx, after_refs))
        return [apply(tx, lookup.task(tx, ref), before, change) for before in befores]

    done: list[Linked] = once(tx, change, [apply.__name__, ref, after_refs], apply_all)
    return done


def _add(tx: Tx, wanted: NewTask, change: Change) -> Added:
    code = names.task_code(wanted.code)
    name = names.display_name(wanted.name if wanted.name is not None else code)
    existing = tx.one(model.Task, "tasks.by_code", code=code)
    if existing is not None:
        raise Conflict(f"there is a task {code} already", hint="choose another code", task_id=existing.id)
    workflow = _active(tx, wanted.workflow) if wanted.workflow is not None else None
    before = list(lookup.tasks(tx, list(wanted.after))) if wanted.after else []
    identity = workflow and workflow.identity
    new = model.new(code, name, names.word(wanted.type), wanted.timeout_minutes, change.moment, identity)
    task = create(tx, new, list(wanted.assignments), change)
    for earlier in before:
        tx.run("tasks.link", task_id=task.id, after_id=earlier.id)
    if all(earlier.status in model.SATISFYING for earlier in before):
        task = make_ready(tx, task, change)
    return {"id": task.id, "code": task.code, "status": task.status}


def _active(tx: Tx, ref: str) -> lookup.Workflow:
    workflow = lookup.workflow(tx, ref)
    if workflow.status != "active":
        raise Conflict(f"{workflow} is {workflow.status}", hint="tasks can be added to an active workflow")
    return workflow


def _set_timeout(tx: Tx, task: model.Task, timeout_minutes: int | None, change: Change) -> Retimed:
    expect(tx, task, change)
    if task.status not in model.OPEN:
        raise Conflict(f"{task.code} is {task.status}", hint="a finished cycle keeps the timeout it had")
    if timeout_minutes != task.timeout_minutes:
        _retime(tx, task, timeout_minutes, change._replace(at=None))
    return {
        "id": task.id,
        "code": task.code,
        "old_timeout_minutes": task.timeout_minutes,
        "timeout_minutes": timeout_minutes,
    }


def _retime(tx: Tx, task: model.Task, timeout_minutes: int | None, change: Change) -> None:
    """A timeout changes from now on: what was due or alerted before stays as it was."""
    after = model.retime(task, timeout_minutes, on_rise=change.on_rise)
    save(tx, task, after, max(change.now, task.changed_at), change.reason)
    facts = {"old_timeout_minutes": task.timeout_minutes, "timeout_minutes": timeout_minutes}
    tell(tx, event.TIMEOUT_CHANGED, after, change, **facts, reason=change.reason)
    if task.alerts and _late(task, change.now) and not _late(after, change.now):
        tell(tx, event.SLA_RETRACTED, after, change, timeout_minutes=timeout_minutes)


def _late(task: model.Task, now: int) -> bool:
    standing = task.standing(now)
    return standing is not None and standing.exceeded


def _link(tx: Tx, task: model.Task, before: model.Task, change: Change) -> Linked:
    if task.status not in {model.PENDING, model.READY}:
        raise Conflict(
            f"{task.code} is {task.status}", hint="only a task that has not begun can wait for another"
        )
    path = graph.closes_cycle(lambda id_: _dependents(tx, id_), before.id, task.id)
    if path is not None:
        codes = [lookup.task(tx, str(id_)).code for id_ in path]
        raise Conflict(
            f"that would close a cycle: {graph.spell_path(codes)}",
            hint="unlink one of them first",
            path=codes,
        )
    if tx.run("tasks.link", task_id=task.id, after_id=before.id):
        tell(tx, event.TASK_LINKED, task, change, after_task_id=before.id, after_task_code=before.code)
        if task.status == model.READY and before.status not in model.SATISFYING:
            task = withdraw(tx, task, change)
    return {"id": task.id, "code": task.code, "after": before.code, "status": task.status}


def _unlink(tx: Tx, task: model.Task, before: model.Task, change: Change) -> Linked:
    if not tx.run("tasks.unlink", task_id=task.id, after_id=before.id):
        raise Conflict(f"{task.code} does not come after {before.code}", hint="see: taskwatch task show")
    tell(tx, event.TASK_UNLINKED, task, change, after_task_id=before.id, after_task_code=before.code)
    if task.status == model.PENDING and not tx.all(model.Task, "tasks.blockers", id=task.id):
        task = make_ready(tx, task, change)
    return {"id": task.id, "code": task.code, "after": before.code, "status": task.status}


def tell(tx: Tx, kind: str, task: model.Task, change: Change, **facts: Any) -> None:
    """Record a change of a task that is not a change of its status."""
    assigned = lookup.assignments(tx, task.id)
    record(tx, event.task_changed(kind, task, assigned, by=change.by, at=change.moment, **facts))


def _dependents(tx: Tx, task_id: int) -> list[int]:
    return [row[0] for row in tx.all(tuple, "tasks.dependent_ids", id=task_id)]


def _list(value: dict[str, Any], key: str) -> list[Any]:
    entries = value.get(key) or []
    if not isinstance(entries, list):
        raise InvalidInput(f"{key} must be a list, got {names.shown(entries)}")
    return entries
