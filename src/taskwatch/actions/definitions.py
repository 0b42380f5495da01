"""Workflow types as they are kept: the newest version of each, and one in full."""

from typing import TypedDict

from taskwatch.actions import lookup
from taskwatch.actions.workflows import read_definition
from taskwatch.model.definition import Template
from taskwatch.model.times import rfc3339
from taskwatch.store import Store


class TypeRow(TypedDict):
    """A workflow type in a list, in its newest version. `active` counts the runs of every version."""

    code: str
    name: str
    version: int
    subject_type: str | None
    tasks: int
    active: int
    defined_at: str


class ActionShape(TypedDict):
    """A named way to change a task: `adv.approve` completes it."""

    noun: str
    name: str
    verb: str


class TemplateShape(TypedDict):
    """What a task of each new workflow is made from; `after` holds template codes."""

    code: str
    name: str
    type: str
    after: list[str]
    timeout_minutes: int | None
    assignments: list[str]
    actions: list[ActionShape]


class Definition(TypedDict):
    """One version of a workflow type in full; `newest` is the version a new run gets."""

    code: str
    name: str
    version: int
    newest: int
    subject_type: str | None
    defined_at: str
    templates: list[TemplateShape]


def types(store: Store) -> list[TypeRow]:
    """Every workflow type by code."""
    with store.read() as tx:
        active: dict[str, int] = dict(tx.all(tuple, "workflows.active_by_code"))
        return [
            _type_row(row, active.get(row.code, 0))
            for row in tx.all(lookup.WorkflowTypeRow, "workflows.types")
        ]


def definition(store: Store, code: str, version: int | None = None) -> Definition:
    """A workflow type: its newest version, or the one named.

    Raises:
        NotFound: there is no such type, or no such version of it.
    """
    with store.read() as tx:
        newest = lookup.workflow_type(tx, code)
        row = newest if version is None else lookup.workflow_type(tx, code, version)
    kept = read_definition(row)
    return {
        "code": kept.code,
        "name": kept.name,
        "version": row.version,
        "newest": newest.version,
        "subject_type": kept.subject_type,
        "defined_at": rfc3339(row.defined_at),
        "templates": [_template(template) for template in kept.templates],
    }


def _type_row(row: lookup.WorkflowTypeRow, active: int) -> TypeRow:
    kept = read_definition(row)
    return {
        "code": kept.code,
        "name": kept.name,
        "version": row.version,
        "subject_type": kept.subject_type,
        "tasks": len(kept.templates),
        "active": active,
        "defined_at": rfc3339(row.defined_at),
    }


def _template(template: Template) -> TemplateShape:
    return {
        "code": template.code,
        "name": template.name,
        "type": template.type,
        "after": list(template.after),
        "timeout_minutes": template.timeout_minutes,
        "assignments": [str(each) for each in template.assignments],
        "actions": [{"noun": each.noun, "name": each.name, "verb": each.verb} for each in template.actions],
    }
