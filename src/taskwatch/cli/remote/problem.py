"""From a server's refusal back to the error it was: the same sentence, hint and exit code as here."""

import json
from collections.abc import Iterator
from typing import Any

from taskwatch import errors
from taskwatch.errors import Forbidden, InvalidInput, NotFound, TaskwatchError, Unavailable

_KNOWN = {
    "type",
    "title",
    "status",
    "detail",
    "instance",
    "code",
    "message",
    "hint",
    "exit_code",
    "retryable",
}
_CHECK = "check the address that --server or server.url gives"
_TAKEN = ("self", "message", "hint")
_TOKEN_HINT = "name a file with a token: --token-file FILE"  # noqa: S105  a sentence, no secret


def refusal(url: str, status: int, body: bytes) -> TaskwatchError:
    """The error behind an answer that is not 200."""
    try:
        problem = json.loads(body)
    except ValueError:
        problem = None
    return _retold(status, problem) if _is_problem(problem) else _guessed(url, status)


def _is_problem(problem: Any) -> bool:
    return isinstance(problem, dict) and isinstance(problem.get("detail", problem.get("title")), str)


def _retold(status: int, problem: dict[str, Any]) -> TaskwatchError:
    hint = problem.get("hint")
    details = problem.get("details")
    return _class_of(status, problem.get("code"))(
        problem.get("detail") or problem["title"],
        hint=hint if isinstance(hint, str) else _TOKEN_HINT if status == 401 else None,
        **{key: details[key] for key in details if key not in _TAKEN} if isinstance(details, dict) else {},
    )


def _class_of(status: int, code: Any) -> type[TaskwatchError]:
    """By the code of the problem, else by its status."""
    for kind in _classes(TaskwatchError):
        if kind("").as_json()["error"]["code"] == code:
            return kind
    by_status = {401: Forbidden, 400: InvalidInput} | {
        kind.http_status: kind
        for kind in (NotFound, Forbidden, InvalidInput, errors.Conflict, errors.TimedOut)
    }
    return by_status.get(status, Unavailable if _may_pass(status) else TaskwatchError)


def _classes(root: type[TaskwatchError]) -> Iterator[type[TaskwatchError]]:
    """The classes of taskwatch.errors alone: the command line has more, which no server can mean."""
    if root.__module__ == errors.__name__:
        yield root
        for kind in root.__subclasses__():
            yield from _classes(kind)


def _guessed(url: str, status: int) -> TaskwatchError:
    """An answer that is not of taskwatch's making: a proxy's, or another server's."""
    said = f"{url} answered {status}"
    if _may_pass(status):
        return Unavailable(f"{said}: it or a proxy before it is out of service", hint="try again later")
    if status in (401, 403):
        return Forbidden(f"{said}: not allowed", hint=_TOKEN_HINT)
    if 300 <= status < 400:
        return InvalidInput(f"{said}: it sends elsewhere", hint="give the address it sends to")
    return NotFound(f"{said}, as taskwatch does not", hint=_CHECK)


def _may_pass(status: int) -> bool:
    return status >= 500 or status in (408, 429)
