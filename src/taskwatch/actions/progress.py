"""How far workflows are: the runs in a list, and one run as a graph with places to draw it."""

from typing import Any, NamedTuple, TypedDict

from taskwatch.actions import definitions, listing, lookup
from taskwatch.actions.definitions import Definition
from taskwatch.actions.lookup import Workflow
from taskwatch.actions.shown import TaskShape
from taskwatch.errors import InvalidInput
from taskwatch.model import layout, names
from taskwatch.model.drawing import Node
from taskwatch.model.task import SATISFYING, STATUSES, Task
from taskwatch.model.times import rfc3339
from taskwatch.store import Store, Tx

WORKFLOW_STATUSES = ("active", "completed", "cancelled")


class RunFilters(NamedTuple):
    """Which runs to list; what is None or False does not restrict.

    `text`: part of the subject's id. `late`: only with a task that is late right now. `types`: only of these.
    """

    type: str | None = None
    status: str | None = None
    text: str | None = None
    late: bool = False
    types: frozenset[str] | None = None


class Run(TypedDict):
    """A workflow in a list. `done` tasks are completed or skipped; `exceeded` ones are late right now."""

    id: int
    type: str
    taskable_type: str
    taskable_id: int | str | None
    status: str
    started_at: str
    ended_at: str | None
    progress_percentage: int
    tasks: int
    done: int
    exceeded: int
    failed: int


class Position(TypedDict):
    """Where a box stands, in pixels."""

    x: int
    y: int


class ProgressNode(TypedDict):
    """A task as a graph component takes it; its id is the task's, as a text."""

    id: str
    type: str
    position: Position
    data: TaskShape


class ProgressEdge(TypedDict):
    """`target` comes after `source`."""

    id: str
    source: str
    target: str


class Progress(TypedDict):
    """One workflow: `counts` has every status a task can have."""

    id: int
    type: str
    version: int
    taskable_type: str
    taskable_id: int | str | None
    status: str
    started_at: str
    ended_at: str | None
    progress_percentage: int
    total: int
    counts: dict[str, int]
    nodes: list[ProgressNode]
    edges: list[ProgressEdge]


class Shown(TypedDict):
    """What a reference names: a workflow or a type. The other one is null."""

    progress: Progress | None
    definition: Definition | None


def runs(
    store: Store,
    now: int,
    *,
    type_code: str | None = None,
    status: str | None = None,
    limit: int = 50,
    types: frozenset[str] | None = None,
    before_id: int | None = None,
) -> list[Run]:
    """The newest workflows first, only of these `types` and older than `before_id`. `now` is in ms.

    Raises:
        NotFound: there is no such type.
        InvalidInput: there is no such status.
    """
    check_status(status)
    with store.read() as tx:
        if type_code is not None:
            lookup.workflow_type(tx, type_code)
        return runs_within(tx, now, limit, RunFilters(type_code, status, types=types), before_id=before_id)


def check_status(status: str | None) -> None:
    """Make sure that workflows can have a status; None is none asked for.

    Raises:
        InvalidInput: they cannot.
    """
    if status is not None and status not in WORKFLOW_STATUSES:
        hint = names.suggestion(status, list(WORKFLOW_STATUSES))
        raise InvalidInput(f"no workflow can be {names.shown(status)}", hint=hint)


def runs_within(
    tx: Tx, now: int, limit: int, filters: RunFilters, *, before_id: int | None = None
) -> list[Run]:
    """The newest runs that pass every filter, inside a transaction that is open already."""
    values = filter_values(filters, now)
    rows = tx.all(_Listed, "workflows.listed", **values, before_id=before_id, limit=limit)
    return [_run(row) for row in rows]


def filter_values(filters: RunFilters, now: int) -> dict[str, Any]:
    """What the questions `workflows.listed` and `workflows.count_listed` ask for."""
    types = None if filters.types is None else f" {' '.join(sorted(filters.types))} "
    return {**filters._asdict(), "types": types, "now": now}


def progress(store: Store, ref: str, now: int) -> Progress:
    """A workflow by its id or `bc.114`, judged at `now` in ms.

    Raises:
        NotFound: there is none.
        InvalidInput: two subjects share the id.
    """
    with store.read() as tx:
        return progress_within(tx, lookup.workflow(tx, ref), now)


def shown(store: Store, ref: str, now: int, *, version: int | None = None) -> Shown:
    """The type that is called so, in its newest version or the one named; else the workflow.

    Raises:
        NotFound: there is neither, or no such version.
        InvalidInput: two subjects share the id, or a version of a workflow was asked for.
    """
    if not names.TYPE_CODE.fullmatch(ref):
        if version is not None:
            raise InvalidInput(
                f"{names.shown(ref)} is no type and has no versions", hint="leave out --version"
            )
        return {"progress": progress(store, ref, now), "definition": None}
    return {"progress": None, "definition": definitions.definition(store, ref, version)}


def subject_progress(store: Store, type_code: str, taskable_type: str, subject: str, now: int) -> Progress:
    """The active run of a subject, else its newest, judged at `now` in ms.

    Raises:
        NotFound: it was never started.
    """
    with store.read() as tx:
        return progress_within(tx, lookup.subject_run(tx, type_code, taskable_type, subject), now)


def progress_within(tx: Tx, workflow: Workflow, now: int) -> Progress:
    """The same inside a transaction that is open already."""
    tasks = tx.all(Task, "tasks.of_workflow", workflow_id=workflow.id)
    drawn = _nodes(tx, workflow, tasks)
    counts = {status: sum(task.status == status for task in tasks) for status in STATUSES}
    return {
        "id": workflow.id,
        "type": workflow.type,
        "version": tx.value("workflows.version_of", id=workflow.id),
        "taskable_type": workflow.taskable_type,
        "taskable_id": names.wire_id(workflow.subject_id),
        "status": workflow.status,
        "started_at": rfc3339(workflow.started_at),
        "ended_at": _stamp(workflow.ended_at),
        "progress_percentage": _percentage(sum(counts[status] for status in SATISFYING), len(tasks)),
        "total": len(tasks),
        "counts": counts,
        "nodes": _progress_nodes(tx, tasks, drawn, now),
        "edges": _progress_edges(drawn),
    }


def type_of(store: Store, ref: str) -> str:
    """The type of a workflow.

    Raises:
        NotFound: there is none.
        InvalidInput: two subjects share the id.
    """
    with store.read() as tx:
        return lookup.workflow(tx, ref).type


def nodes(store: Store, ref: str) -> list[Node]:
    """The tasks of a workflow as `model.drawing` takes them.

    Raises:
        NotFound: there is no such workflow.
        InvalidInput: two subjects share the id.
    """
    with store.read() as tx:
        workflow = lookup.workflow(tx, ref)
        return _nodes(tx, workflow, tx.all(Task, "tasks.of_workflow", workflow_id=workflow.id))


class _Listed(NamedTuple):
    id: int
    type_id: int
    type: str
    taskable_type: str
    subject_id: str
    status: str
    started_at: int
    ended_at: int | None
    tasks: int
    done: int
    exceeded: int
    failed: int


def _run(row: _Listed) -> Run:
    return {
        "id": row.id,
        "type": row.type,
        "taskable_type": row.taskable_type,
        "taskable_id": names.wire_id(row.subject_id),
        "status": row.status,
        "started_at": rfc3339(row.started_at),
        "ended_at": _stamp(row.ended_at),
        "progress_percentage": _percentage(row.done, row.tasks),
        "tasks": row.tasks,
        "done": row.done,
        "exceeded": row.exceeded,
        "failed": row.failed,
    }


def _nodes(tx: Tx, workflow: Workflow, tasks: list[Task]) -> list[Node]:
    """Edges that lead out of the workflow are left out: a picture shows one workflow."""
    after: dict[int, list[int]] = {task.id: [] for task in tasks}
    for task_id, before_id in tx.all(tuple, "workflows.edges", workflow_id=workflow.id):
        if before_id in after:
            after[task_id].append(before_id)
    return [
        Node(task.id, task.code, task.name, task.status, task.timeout_minutes, tuple(after[task.id]))
        for task in tasks
    ]


def _progress_nodes(tx: Tx, tasks: list[Task], drawn: list[Node], now: int) -> list[ProgressNode]:
    places = layout.positions(drawn)
    return [
        {
            "id": str(shape["id"]),
            "type": "task",
            "position": {"x": places[shape["id"]][0], "y": places[shape["id"]][1]},
            "data": shape,
        }
        for shape in listing.show_tasks(tx, tasks, now)
    ]


def _progress_edges(drawn: list[Node]) -> list[ProgressEdge]:
    return [
        {"id": f"e{before}-{node.id}", "source": str(before), "target": str(node.id)}
        for node in drawn
        for before in node.after
    ]


def _percentage(done: int, total: int) -> int:
    """Rounded down, so that 100 means all."""
    return 100 * done // total if total else 0


def _stamp(at: int | None) -> str | None:
    return None if at is None else rfc3339(at)
