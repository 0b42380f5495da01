"""The workflow type of imported cases: each activity of a log is a template, and later logs may add some."""

from typing import NamedTuple

from taskwatch.actions import journal, lookup, workflows
from taskwatch.actions.change import Change
from taskwatch.errors import Conflict, InvalidFile
from taskwatch.model import definition, event, history, names
from taskwatch.store import Tx

SUBJECT = "Case"


class Activity(NamedTuple):
    """What the tasks of an activity are made from."""

    code: str
    name: str


class GrowingType:
    """The workflow type of an import; a new version begins with the first activity it does not know."""

    def __init__(self, tx: Tx, code: str, timeout_minutes: int | None, change: Change) -> None:
        self._tx = tx
        self._code = names.type_code(code)
        self._timeout_minutes = timeout_minutes
        self._change = change
        row = tx.one(lookup.WorkflowTypeRow, "workflows.type_latest", code=code)
        self._wanted = _read_type(row, code)
        self._templates = {each.name: Activity(each.code, each.name) for each in self._wanted.templates}
        self._unused = set[str]()
        self._grown = False
        self.is_new = row is None
        self.id = row.id if row else 0
        self.version = row.version if row else None

    def template(self, activity: str) -> Activity:
        """The code and name of an activity's tasks."""
        if activity not in self._templates:
            name = names.display_name(activity, "an activity")
            if len(self._templates) >= history.MAX_ACTIVITIES:
                raise InvalidFile(
                    f"there are more than {history.MAX_ACTIVITIES} activities",
                    hint="is --activity the right column?",
                )
            code = history.slug(name, (each.code for each in self._templates.values()))
            self._templates[activity] = Activity(code, name)
            self._unused.add(activity)
        return self._templates[activity]

    def use(self, activity: str) -> None:
        """A task of this activity will be written: from now on the type has it."""
        if activity in self._unused:
            self._unused.remove(activity)
            if not self._grown:
                self._begin_version()

    def close(self) -> None:
        """Complete the new version, if there is one."""
        if not self._grown:
            return
        kept = [each for name, each in self._templates.items() if name not in self._unused]
        known = {each.code for each in self._wanted.templates}
        grown = tuple(
            definition.Template(each.code, each.name, "task", (), self._timeout_minutes, (), ())
            for each in kept
            if each.code not in known
        )
        self._wanted = self._wanted._replace(templates=self._wanted.templates + grown)
        text = workflows.canonical(self._wanted)
        self._tx.run("history.complete_type", id=self.id, definition=text)

    def _begin_version(self) -> None:
        self._grown = True
        self.version = (self.version or 0) + 1
        values = {"code": self._code, "version": self.version}
        at, text = self._change.now, workflows.canonical(self._wanted)
        self.id = self._tx.value("workflows.define", **values, definition=text, defined_at=at)
        facts = {**values, "name": self._wanted.name}
        journal.record(
            self._tx,
            event.house_changed(event.TYPE_DEFINED, event.TYPES_TOPIC, by=self._change.by, at=at, **facts),
        )


def _read_type(row: lookup.WorkflowTypeRow | None, code: str) -> definition.WorkflowType:
    if row is None:
        return definition.WorkflowType(code, f"Imported {code}", SUBJECT, ())
    wanted = workflows.read_definition(row)
    planned = any(each.after or each.assignments or each.actions for each in wanted.templates)
    if wanted.subject_type != SUBJECT or planned:
        raise Conflict(
            f"{code} is a workflow type that was not made by an import",
            hint="give the log a type of its own with --workflow-type",
        )
    return wanted
