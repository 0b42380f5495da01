"""One tree of errors: each class carries its exit code, its HTTP status and whether a retry may help.

A class's docstring is its message when none is given. A message is a sentence without a full stop;
the hint, when there is one, is the next step to take.

    TaskwatchError                1  500
    ├─ InvalidInput               2  422   what was typed or sent
    │  └─ InvalidFile             1  422   what a file holds
    ├─ NotFound                   3  404
    ├─ Forbidden                  4  403
    ├─ Unavailable                5  503   a retry may help
    │  └─ TimedOut                5  504
    ├─ Conflict                   6  409   somebody was first, or the state does not allow it
    ├─ StoreUnusable              1  500   a foreign, newer or damaged database
    └─ InvalidConfig             78  500
"""

from typing import Any


class TaskwatchError(Exception):
    """taskwatch failed."""

    exit_code = 1
    http_status = 500
    retryable = False

    def __init__(self, message: str | None = None, *, hint: str | None = None, **details: Any) -> None:
        self.message = message or (type(self).__doc__ or "").rstrip(".")
        self.hint = hint
        self.details = details
        super().__init__(self.message)

    def as_json(self) -> dict[str, Any]:
        """`{"error": {code, message, hint, exit_code, retryable, …details}}`, the same on every surface."""
        return {
            "error": {
                "code": _slug(type(self).__name__),
                "message": self.message,
                "hint": self.hint,
                "exit_code": self.exit_code,
                "retryable": self.retryable,
                **self.details,
            }
        }


class InvalidInput(TaskwatchError):
    """The input is not valid."""

    exit_code = 2
    http_status = 422


class InvalidFile(InvalidInput):
    """The file is not valid."""

    exit_code = 1


class NotFound(TaskwatchError):
    """There is no such thing."""

    exit_code = 3
    http_status = 404


class Forbidden(TaskwatchError):
    """This is not allowed."""

    exit_code = 4
    http_status = 403


class Unavailable(TaskwatchError):
    """The database cannot be reached at the moment."""

    exit_code = 5
    http_status = 503
    retryable = True


class TimedOut(Unavailable):
    """The time ran out."""

    http_status = 504


class Conflict(TaskwatchError):
    """The present state does not allow this."""

    exit_code = 6
    http_status = 409


class StoreUnusable(TaskwatchError):
    """The database cannot be used."""


class InvalidConfig(TaskwatchError):
    """The configuration is not valid."""

    exit_code = 78


def _slug(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
