"""Workflow types: the newest versions, one in full, and the next version from JSON or TOML."""

from typing import Annotated, Any

import msgspec
from aiohttp import web
from msgspec import Meta, field

from taskwatch import tomlfile
from taskwatch.actions import definitions, workflows
from taskwatch.actions.definitions import Definition, TypeRow
from taskwatch.actions.workflows import Defined
from taskwatch.errors import InvalidInput, NotFound
from taskwatch.model import definition
from taskwatch.model.definition import Problem, WorkflowType
from taskwatch.server.answer import answer
from taskwatch.server.call import (
    Id,
    Shape,
    identity,
    query_params,
    read_body,
    read_query,
    segment,
)
from taskwatch.server.changing import CHANGES, Circumstances, change, read, write
from taskwatch.server.policy import Policy
from taskwatch.server.route import Route


class VersionQuery(Shape):
    """Which version to show."""

    version: Annotated[Id | None, Meta(description="This one, not the newest")] = None


class TaskTable(Shape):
    """A task of a definition, as a `[[task]]` of a file."""

    code: str
    name: str
    type: str = "task"
    after: list[str] = field(default_factory=list)
    timeout: int | str | None = None
    assign: list[str] = field(default_factory=list)
    actions: dict[str, dict[str, str]] = field(default_factory=dict)


class WorkflowTable(Shape):
    """The head of a definition, as the `[workflow]` of a file; `subject` is the only type it may be about."""

    code: str
    name: str
    subject: str | None = None


class DefinitionBody(Shape):
    """A definition, with the keys of a definition file."""

    workflow: WorkflowTable
    task: list[TaskTable]


class Defining(Circumstances):
    """A definition: as an object, or as the text of a definition file."""

    definition: DefinitionBody | None = None
    toml: Annotated[str | None, Meta(description="The text of a definition file")] = None


async def list_types(request: web.Request) -> web.Response:
    """The types that the identity may see."""
    who = identity(request)
    return answer([row for row in await read(request, definitions.types) if who.may_see_type(row["code"])])


async def show_type(request: web.Request) -> web.Response:
    """One type in full."""
    wanted, code = read_query(request, VersionQuery), segment(request, "type")
    if not identity(request).may_see_type(code):
        raise NotFound
    return answer(await read(request, definitions.definition, code, wanted.version))


async def define(request: web.Request) -> web.Response:
    """Keep a definition as its type's next version."""
    given = await read_body(request, Defining)
    kept = _checked(_document(given))
    defined = await write(request, workflows.define, kept, change(request, given))
    return answer(defined, status=201 if defined["created"] and not given.dry_run else 200)


def _document(given: Defining) -> dict[str, Any]:
    if (given.definition is None) == (given.toml is None):
        raise InvalidInput("send either a definition or toml", hint='{"toml": "[workflow]…"}')
    if given.toml is not None:
        return tomlfile.parse(given.toml, "toml").data
    document: dict[str, Any] = msgspec.to_builtins(given.definition)
    # An absent key and a null one are the same here, while a definition file knows no null.
    return {
        "workflow": _without_nulls(document["workflow"]),
        "task": [_without_nulls(table) for table in document["task"]],
    }


def _without_nulls(table: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if value is not None}


def _checked(document: dict[str, Any]) -> WorkflowType:
    """The definition in a document, or an error that lists every problem of it."""
    kept, problems = definition.check(document)
    if kept is None:
        first = problems[0]
        raise InvalidInput(
            f"{len(problems)} problems found, nothing was defined; first: {first.message}",
            hint=first.hint,
            problems=[_show(problem) for problem in problems],
        )
    return kept


def _show(problem: Problem) -> dict[str, Any]:
    steps = (f"[{key}]" if isinstance(key, int) else f".{key}" for key in problem.keys)
    return {"path": f"${''.join(steps)}", "message": problem.message, "hint": problem.hint}


ROUTES = [
    Route(
        "GET",
        "/api/v1/types",
        list_types,
        Policy.KNOWN,
        "List the workflow types",
        "Types",
        answer=list[TypeRow],
    ),
    Route(
        "POST",
        "/api/v1/types",
        define,
        Policy.ADMIN,
        "Keep a definition as its type's next version",
        "Types",
        params=CHANGES,
        body=Defining,
        answer=Defined,
        status=201,
    ),
    Route(
        "GET",
        "/api/v1/types/{type}",
        show_type,
        Policy.KNOWN,
        "Show a workflow type in full",
        "Types",
        params=query_params(VersionQuery),
        answer=Definition,
    ),
]
