"""An error on its way from one process to another."""

from typing import Any

from taskwatch import errors
from taskwatch.errors import TaskwatchError

Failure = dict[str, Any]


def wrap(error: TaskwatchError) -> Failure:
    """The error as JSON data."""
    return {"kind": type(error).__name__, "message": error.message, "hint": error.hint}


def unwrap(failure: Failure) -> TaskwatchError:
    """The error again, of its own class where that is one of `taskwatch.errors`."""
    kind = getattr(errors, failure["kind"], TaskwatchError)
    error: TaskwatchError = kind(failure["message"], hint=failure["hint"])
    return error
