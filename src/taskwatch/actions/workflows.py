"""Workflow types and their runs: define, start, cancel."""

import json
from typing import TypedDict

from taskwatch.actions import lookup
from taskwatch.actions.change import Change, check, check_sight, once
from taskwatch.actions.journal import record
from taskwatch.actions.tasks import create
from taskwatch.actions.transitions import end_workflow, make_ready, transition_within
from taskwatch.errors import Conflict, InvalidInput
from taskwatch.model import definition, event, names
from taskwatch.model import task as model
from taskwatch.store import Store, Tx


class Defined(TypedDict):
    """What defining a type did: `created` is false when the newest version said the same already."""

    code: str
    version: int
    created: bool


class Started(TypedDict):
    """A workflow that was started, with the codes of its tasks."""

    id: int
    type: str
    version: int
    taskable_type: str
    taskable_id: int | str | None
    status: str
    tasks: list[str]
    became_ready: list[str]


class Cancelled(TypedDict):
    """A workflow that was cancelled, with the codes of the tasks that went with it."""

    id: int
    type: str
    taskable_type: str
    taskable_id: int | str | None
    status: str
    cancelled: list[str]


def define(store: Store, wanted: definition.WorkflowType, change: Change) -> Defined:
    """Keep a definition as the type's next version; nothing happens when it is the newest already.

    Running workflows keep the version they began with.
    """
    return define_all(store, [wanted], change)[0]


def define_all(store: Store, wanted: list[definition.WorkflowType], change: Change) -> list[Defined]:
    """Keep several definitions, all of them or none."""
    with store.write(dry_run=change.dry_run) as tx:
        change = check(tx, change)
        deed = ["workflow define", *map(canonical, wanted)]
        defined: list[Defined] = once(
            tx, change, deed, lambda: [_define(tx, each, change) for each in wanted]
        )
        return defined


def start(store: Store, type_code: str, taskable_type: str, subject: str, change: Change) -> Started:
    """Start a workflow: all its tasks at once, those without dependencies ready.

    Raises:
        Conflict: this subject has an active run.
        NotFound: there is no such type.
        InvalidInput: the subject's type or id is not possible.
    """
    with store.write(dry_run=change.dry_run) as tx:
        change = check(tx, change)
        deed = ["workflow start", type_code, taskable_type, subject]
        started: Started = once(
            tx, change, deed, lambda: _start(tx, type_code, taskable_type, subject, change)
        )
        return started


def cancel(store: Store, ref: str, change: Change) -> Cancelled:
    """Cancel an active workflow and every task of it that is not completed or skipped.

    Raises:
        Conflict: it has ended already.
        NotFound: there is no such workflow.
    """
    with store.write(dry_run=change.dry_run) as tx:
        change = check(tx, change)
        cancelled: Cancelled = once(tx, change, ["workflow cancel", ref], lambda: _cancel(tx, ref, change))
        return cancelled


def canonical(wanted: definition.WorkflowType) -> str:
    """A definition as the text by which versions are told apart."""
    return json.dumps(definition.to_json(wanted), ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def read_definition(row: lookup.WorkflowTypeRow) -> definition.WorkflowType:
    """A kept definition."""
    return definition.from_json(json.loads(row.definition))


def insert(  # noqa: PLR0917 - a workflow is born with all its properties
    tx: Tx, type_id: int, kind: str, taskable_type: str, subject: str, at: int
) -> lookup.Workflow:
    """A new active workflow, without tasks yet."""
    values = {"type_id": type_id, "type": kind, "taskable_type": taskable_type, "subject_id": subject}
    workflow_id = tx.value("workflows.start", **values, status="active", started_at=at, ended_at=None)
    return lookup.Workflow(workflow_id, **values, status="active", started_at=at, ended_at=None)  # type: ignore[arg-type]


def _define(tx: Tx, wanted: definition.WorkflowType, change: Change) -> Defined:
    text = canonical(wanted)
    newest = tx.one(lookup.WorkflowTypeRow, "workflows.type_latest", code=wanted.code)
    if newest is not None and newest.definition == text:
        return {"code": wanted.code, "version": newest.version, "created": False}
    version = newest.version + 1 if newest else 1
    tx.value("workflows.define", code=wanted.code, version=version, definition=text, defined_at=change.moment)
    facts = {"code": wanted.code, "version": version, "name": wanted.name}
    record(
        tx,
        event.house_changed(event.TYPE_DEFINED, event.TYPES_TOPIC, by=change.by, at=change.moment, **facts),
    )
    return {"code": wanted.code, "version": version, "created": True}


def _start(tx: Tx, type_code: str, taskable_type: str, subject: str, change: Change) -> Started:
    check_sight(type_code, change)
    row = lookup.workflow_type(tx, type_code)
    wanted = read_definition(row)
    _check_subject(tx, wanted, taskable_type, subject)
    workflow = insert(tx, row.id, row.code, taskable_type, subject, change.moment)
    record(
        tx,
        event.workflow_changed(
            event.WORKFLOW_STARTED, workflow.identity, by=change.by, at=change.moment, version=row.version
        ),
    )
    tasks = _create_all(tx, wanted, workflow, change)
    roots = [tasks[template.code] for template in wanted.templates if not template.after]
    for root in roots:
        make_ready(tx, root, change)
    return {
        "id": workflow.id,
        "type": workflow.type,
        "version": row.version,
        "taskable_type": workflow.taskable_type,
        "taskable_id": names.wire_id(workflow.subject_id),
        "status": workflow.status,
        "tasks": [task.code for task in tasks.values()],
        "became_ready": [task.code for task in roots],
    }


def _cancel(tx: Tx, ref: str, change: Change) -> Cancelled:
    workflow = lookup.workflow(tx, ref)
    check_sight(workflow.type, change)
    if workflow.status != "active":
        raise Conflict(f"{workflow} is {workflow.status}", hint="only an active workflow can be cancelled")
    open_tasks = tx.all(model.Task, "tasks.open_of_workflow", workflow_id=workflow.id)
    end_workflow(tx, workflow, "cancelled", change)
    if open_tasks:
        transition_within(tx, "cancel", [str(task.id) for task in open_tasks], change._replace(key=None))
    return {
        "id": workflow.id,
        "type": workflow.type,
        "taskable_type": workflow.taskable_type,
        "taskable_id": names.wire_id(workflow.subject_id),
        "status": "cancelled",
        "cancelled": [task.code for task in open_tasks],
    }


def _create_all(
    tx: Tx, wanted: definition.WorkflowType, workflow: lookup.Workflow, change: Change
) -> dict[str, model.Task]:
    tasks: dict[str, model.Task] = {}
    for template in wanted.templates:
        code = definition.task_code(template.code, wanted.code, workflow.subject_id)
        new = model.new(
            code,
            template.name,
            template.type,
            template.timeout_minutes,
            change.moment,
            workflow.identity,
            template.code,
        )
        tasks[template.code] = create(tx, new, list(template.assignments), change)
    for template in wanted.templates:
        for before in template.after:
            tx.run("tasks.link", task_id=tasks[template.code].id, after_id=tasks[before].id)
    return tasks


def _check_subject(tx: Tx, wanted: definition.WorkflowType, taskable_type: str, subject: str) -> None:
    names.word(taskable_type)
    names.subject_id(subject)
    if wanted.subject_type is not None and taskable_type != wanted.subject_type:
        raise InvalidInput(
            f"{wanted.code} is about {wanted.subject_type}, not {taskable_type}",
            hint=f"taskwatch workflow start {wanted.code} {wanted.subject_type} {subject}",
        )
    active = tx.one(
        lookup.Workflow,
        "workflows.active",
        type=wanted.code,
        taskable_type=taskable_type,
        subject_id=subject,
    )
    if active is not None:
        raise Conflict(
            f"{active} is active already, as workflow {active.id}",
            hint=f"see it: taskwatch workflow show {active.type}.{active.subject_id}",
            workflow_id=active.id,
        )
