"""Actions that a workflow type declares, such as `adv.approve`: names for what is done to its tasks."""

from taskwatch.actions import lookup
from taskwatch.actions.change import Change, check_sight
from taskwatch.actions.transitions import Moved, transition_within
from taskwatch.actions.workflows import read_definition
from taskwatch.errors import NotFound
from taskwatch.model import names
from taskwatch.model.definition import WorkflowType, find_action
from taskwatch.model.task import Task
from taskwatch.store import Store, Tx


def act(store: Store, type_code: str, subject: str, noun: str, name: str, change: Change) -> Moved:  # noqa: PLR0917
    """Do `noun.name` in the active run of a subject, else in its newest, by the version it began with.

    Raises:
        NotFound: the workflow was never started, or its type declares no such action.
        InvalidInput: subjects of two types share the id.
        Conflict: the present state of the task does not allow it.
    """
    with store.write(dry_run=change.dry_run, concurrent=True) as tx:
        check_sight(type_code, change)
        run = lookup.workflow(tx, f"{type_code}.{subject}")
        task, verb = _find(tx, run, noun, name)
        return transition_within(tx, verb, [str(task.id)], change)[0]


def _find(tx: Tx, run: lookup.Workflow, noun: str, name: str) -> tuple[Task, str]:
    """The task that an action is about, and the verb it stands for."""
    wanted = read_definition(lookup.workflow_type(tx, run.type, tx.value("workflows.version_of", id=run.id)))
    found = find_action(wanted, noun, name)
    if found is None:
        raise NotFound(
            f"{run.type} declares no action {names.shown(f'{noun}.{name}')}", hint=_known(wanted, noun, name)
        )
    template, action = found
    for task in tx.all(Task, "tasks.of_workflow", workflow_id=run.id):
        if task.template == template.code:
            return task, action.verb
    raise NotFound(f"{run} has no task {template.code}", hint="see: taskwatch workflow show")


def _known(wanted: WorkflowType, noun: str, name: str) -> str:
    known = [f"{each.noun}.{each.name}" for template in wanted.templates for each in template.actions]
    if not known:
        return "declare it in the workflow type, under [task.actions]"
    return names.suggestion(f"{noun}.{name}", known) or f"it declares {', '.join(known)}"
