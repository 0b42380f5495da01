"""Definition files: the types in them, or every problem with its line."""

from collections.abc import Sequence
from typing import TypedDict

from taskwatch import tomlfile
from taskwatch.errors import InvalidFile
from taskwatch.model import definition
from taskwatch.model.definition import WorkflowType


class Finding(TypedDict):
    """A problem of a file; `line` is null when it concerns the file as a whole."""

    file: str
    line: int | None
    message: str
    hint: str | None


def read_types(paths: Sequence[str]) -> tuple[list[WorkflowType], list[Finding]]:
    """The workflow types of files, in order, and what is wrong with the others. `-` is stdin."""
    types: list[WorkflowType] = []
    findings: list[Finding] = []
    for path in paths:
        workflow_type, problems = _read_type(path)
        findings += problems
        if workflow_type is not None:
            findings += _note_twice(workflow_type, types, path)
            types.append(workflow_type)
    return types, findings


def spell(finding: Finding) -> str:
    """`bc.toml:12: there is no task 'X' in this file (did you mean Y?)`."""
    line = "" if finding["line"] is None else f":{finding['line']}"
    hint = f" ({finding['hint']})" if finding["hint"] else ""
    return f"{finding['file']}{line}: {finding['message']}{hint}"


def _read_type(path: str) -> tuple[WorkflowType | None, list[Finding]]:
    try:
        document = tomlfile.read(path)
    except InvalidFile as error:
        return None, [_unreadable(path, error)]
    workflow_type, problems = definition.check(document.data)
    return workflow_type, [
        {
            "file": document.path,
            "line": tomlfile.line_of(document, problem.keys),
            "message": problem.message,
            "hint": problem.hint,
        }
        for problem in problems
    ]


def _unreadable(path: str, error: InvalidFile) -> Finding:
    """An error that names its place in the message, with the place taken out."""
    file, line = error.details.get("path", path), error.details.get("line")
    message = error.message.removeprefix(f"{file}:{line}:").lstrip()
    return {"file": file, "line": line, "message": message, "hint": error.hint}


def _note_twice(workflow_type: WorkflowType, types: list[WorkflowType], path: str) -> list[Finding]:
    if all(known.code != workflow_type.code for known in types):
        return []
    message = f"{workflow_type.code} is defined by an earlier file already"
    return [{"file": path, "line": None, "message": message, "hint": "define one version after the other"}]
