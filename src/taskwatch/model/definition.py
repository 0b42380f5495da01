"""Workflow types: which tasks a workflow has, in which order, for whom, with how much time.

A type is written as a TOML file with one `[workflow]` table and a `[[task]]` table for each template.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeAlias, TypeVar

from taskwatch.errors import InvalidInput
from taskwatch.model import assignment, graph, names, times

VERBS = ("start", "complete", "fail", "skip", "hold", "resume", "cancel")
MAX_TASKS = 1000
MAX_SUGGESTIONS = 20

_FILE_KEYS = ("workflow", "task")
_WORKFLOW_KEYS = ("code", "name", "subject")
_TASK_KEYS = ("code", "name", "type", "after", "timeout", "assign", "actions")

KeyPath: TypeAlias = tuple[str | int, ...]
T = TypeVar("T")


class Action(NamedTuple):
    """A named way to change a task: `adv.approve` completes it."""

    noun: str
    name: str
    verb: str


class Template(NamedTuple):
    """What a task of each new workflow is made from. `after` holds template codes."""

    code: str
    name: str
    type: str
    after: tuple[str, ...]
    timeout_minutes: int | None
    assignments: tuple[assignment.Assignment, ...]
    actions: tuple[Action, ...]


class WorkflowType(NamedTuple):
    """A checked definition. `subject_type`, when set, is the only one a workflow may be started for."""

    code: str
    name: str
    subject_type: str | None
    templates: tuple[Template, ...]


class Problem(NamedTuple):
    """One thing that is wrong; `keys` lead to it: `("task", 0, "after", 1)`."""

    keys: KeyPath
    message: str
    hint: str | None


def check(data: Mapping[str, Any]) -> tuple[WorkflowType | None, list[Problem]]:
    """Read a parsed definition file: the workflow type, or else every problem of the file. Never raises.

    A problem about a key that is absent leads to the table that lacks it.
    """
    problems: list[Problem] = []
    file = _Table(data, (), problems, _FILE_KEYS)
    header = file.table("workflow", _WORKFLOW_KEYS)
    tasks = _tasks(file)
    scope = _Scope(tasks)
    workflow_type = WorkflowType(
        code=header.required("code", names.type_code),
        name=header.required("name", names.display_name),
        subject_type=header.optional("subject", names.word, None),
        templates=tuple(_template(task, place, scope) for place, task in enumerate(tasks)),
    )
    _note_cycles(file, workflow_type.templates)
    return (None if problems else workflow_type), problems


def to_json(workflow_type: WorkflowType) -> dict[str, Any]:
    """The form that is stored, with the records' own keys: `{code, name, …, templates: [{code, …}]}`."""
    templates = [_template_to_json(template) for template in workflow_type.templates]
    return {**workflow_type._asdict(), "templates": templates}


def from_json(stored: Mapping[str, Any]) -> WorkflowType:
    """Read back what `to_json` wrote, trusting it."""
    templates = tuple(_template_from_json(template) for template in stored["templates"])
    return WorkflowType(**stored)._replace(templates=templates)


def task_code(template_code: str, type_code: str, subject_id: str) -> str:
    """The code of one workflow's task, from three valid parts: `ADV_REVIEW_BC114`.

    Raises:
        InvalidInput: together they are too long for a task code.
    """
    code = f"{template_code}_{type_code.upper()}{subject_id}"
    if not names.TASK_CODE.fullmatch(code):
        hint = "use a shorter subject id or template code"
        raise InvalidInput(f"the task code {names.shown(code)} would be too long", hint=hint)
    return code


def find_action(workflow_type: WorkflowType, noun: str, name: str) -> tuple[Template, Action] | None:
    """The action `noun.name` and the template whose task it changes."""
    for template in workflow_type.templates:
        for action in template.actions:
            if (action.noun, action.name) == (noun, name):
                return template, action
    return None


def _template_to_json(template: Template) -> dict[str, Any]:
    return {
        **template._asdict(),
        "after": list(template.after),
        "assignments": [each._asdict() for each in template.assignments],
        "actions": [each._asdict() for each in template.actions],
    }


def _template_from_json(stored: Mapping[str, Any]) -> Template:
    return Template(**stored)._replace(
        after=tuple(stored["after"]),
        assignments=tuple(assignment.from_json(each) for each in stored["assignments"]),
        actions=tuple(Action(**each) for each in stored["actions"]),
    )


def _tasks(file: "_Table") -> list["_Table"]:
    tasks = file.tables("task", _TASK_KEYS)
    if file.values.get("task", []) == []:
        file.note((), "the workflow has no tasks", "add a [[task]]")
    if len(tasks) > MAX_TASKS:
        file.note(("task",), f"a workflow can have {MAX_TASKS} tasks at most, got {len(tasks)}")
        return []
    return tasks


def _template(task: "_Table", place: int, scope: "_Scope") -> Template:
    code = task.required("code", lambda value: scope.claim(names.template_code(value), place))
    return Template(
        code=code,
        name=task.required("name", names.display_name),
        type=task.optional("type", names.word, "task"),
        after=task.each("after", lambda value: scope.reference(value, code)),
        timeout_minutes=task.optional("timeout", times.parse_timeout, None),
        assignments=task.each("assign", assignment.parse),
        actions=tuple(_actions(task.table("actions"), place, scope)),
    )


def _actions(nouns: "_Table", place: int, scope: "_Scope") -> Iterator[Action]:
    for noun in nouns.values:
        verbs = nouns.table(noun)
        for name, verb in verbs.values.items():
            with verbs.noting(name):
                action = Action(_action_word(noun), _action_word(name), _verb(verb))
                scope.claim(f"{noun}.{name}", place)
                yield action


def _action_word(text: str) -> str:
    if not names.WORD.fullmatch(text):
        hint = 'write noun.name = "verb", without quotes left of ='
        raise InvalidInput(f"an action cannot be named {names.shown(text)}", hint=hint)
    return text


def _verb(value: object) -> str:
    if isinstance(value, str) and value in VERBS:
        return value
    near = names.suggestion(value.lower(), list(VERBS)) if isinstance(value, str) else None
    hint = near or f"it can {', '.join(VERBS)}"
    raise InvalidInput(f"an action cannot do {names.shown(value)}", hint=hint)


def _note_cycles(file: "_Table", templates: tuple[Template, ...]) -> None:
    after = {template.code: template.after for template in templates}
    places = {template.code: place for place, template in enumerate(templates)}
    while path := graph.find_cycle(after):
        file.note(
            ("task", places[path[0]], "after"),
            f"these tasks wait for each other: {graph.spell_path(path)}",
            "remove one of these dependencies",
        )
        for code in path[1:]:
            del after[code]


class _Scope:
    """What the tasks of a file share: the codes `after` may name, and which task was first to use a name."""

    def __init__(self, tasks: list["_Table"]) -> None:
        codes = (task.values.get("code") for task in tasks)
        self._codes = dict.fromkeys(code for code in codes if isinstance(code, str))
        self._first: dict[str, int] = {}
        self._suggestions_left = MAX_SUGGESTIONS

    def claim(self, name: str, place: int) -> str:
        first = self._first.setdefault(name, place)
        if first != place:
            raise InvalidInput(f"{name} is already defined by task {first + 1}", hint="give it another name")
        return name

    def reference(self, code: object, own_code: str) -> str:
        if not isinstance(code, str):
            raise InvalidInput(f"a task's code must be a text, got {names.shown(code)}")
        if code not in self._codes:
            hint = self._suggestion(code)
            raise InvalidInput(f"there is no task {names.shown(code)} in this file", hint=hint)
        if code == own_code:
            path = graph.spell_path((code, code))
            raise InvalidInput(f"a task cannot wait for itself: {path}", hint="take it out of its own after")
        return code

    def _suggestion(self, code: str) -> str | None:
        # Comparing with a thousand long codes can take a tenth of a second, and a file may hold thousands.
        self._suggestions_left -= 1
        if self._suggestions_left < 0:
            return None
        known = [each for each in self._codes if names.TEMPLATE_CODE.fullmatch(each)]
        return names.suggestion(code.upper(), known)


class _Table:
    """One table of the file: hands out its values, and notes a problem for each that cannot be read.

    A value that has a problem is left out. Nobody misses it: a file with problems yields no workflow type.
    """

    def __init__(
        self, value: object, keys: KeyPath, problems: list[Problem], known: tuple[str, ...] | None = None
    ) -> None:
        self.is_table = isinstance(value, Mapping)
        self.values: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
        self.keys = keys
        self.problems = problems
        if not self.is_table:
            self.note((), f"this must be a table, got {names.shown(value)}", "write { key = value }")
        for key in self.values if known else ():
            self._note_unknown(key, known or ())

    def required(self, key: str, read: Callable[[Any], str]) -> str:
        if self.is_table and key not in self.values:
            self.note((), f"a {self.keys[0]} needs a {key}", f'add {key} = "..."')
        return self.optional(key, read, "")

    def optional(self, key: str, read: Callable[[Any], T], default: T) -> T:
        result = default
        if key in self.values:
            with self.noting(key):
                result = read(self.values[key])
        return result

    def each(self, key: str, read: Callable[[Any], T]) -> tuple[T, ...]:
        """What `read` makes of every item of a list, in which nothing may stand twice."""
        found: dict[T, int] = {}
        for place, item in enumerate(self.items(key)):
            with self.noting(key, place):
                value = read(item)
                if found.setdefault(value, place) != place:
                    raise InvalidInput(f"{value} stands twice in {key}", hint="remove one of them")
        return tuple(found)

    def items(self, key: str) -> list[Any]:
        value = self.values.get(key, [])
        if isinstance(value, list):
            return value
        form = f"[[{key}]]" if isinstance(value, Mapping) else f"{key} = [...]"
        self.note((key,), f"{key} must be a list, got {names.shown(value)}", f"write {form}")
        return []

    def table(self, key: str, known: tuple[str, ...] | None = None) -> "_Table":
        return _Table(self.values.get(key, {}), (*self.keys, key), self.problems, known)

    def tables(self, key: str, known: tuple[str, ...]) -> list["_Table"]:
        places = enumerate(self.items(key))
        return [_Table(item, (*self.keys, key, place), self.problems, known) for place, item in places]

    @contextmanager
    def noting(self, *keys: str | int) -> Iterator[None]:
        try:
            yield
        except InvalidInput as error:
            self.note(keys, error.message, error.hint)

    def note(self, keys: KeyPath, message: str, hint: str | None = None) -> None:
        self.problems.append(Problem((*self.keys, *keys), message, hint))

    def _note_unknown(self, key: str, known: tuple[str, ...]) -> None:
        if key not in known:
            hint = names.suggestion(key.lower(), list(known)) or f"the keys are {', '.join(known)}"
            self.note((key,), f"there is no key {names.shown(key)}", hint)
