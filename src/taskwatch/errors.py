"""One tree of errors: each class carries its exit code, its HTTP status and whether a retry may help.

A class's docstring is its message when none is given. A message is a sentence without a full stop;
the hint, when there is one, is the next step to take.

    TaskwatchError                1  500
    ├─ InvalidInput               2  422   what was typed or sent
    │  ├─ InvalidFile             1  422   what a file holds
    │  └─ UnsupportedMedia        2  415   a body of a kind that is not read here
    ├─ NotFound                   3  404
    ├─ Unauthorized               4  401   nobody known asks
    ├─ Forbidden                  4  403
    │  └─ Misdirected             4  421   a request for another host
    ├─ Unavailable                5  503   a retry may help
    │  ├─ TimedOut                5  504
    │  └─ TooManyRequests         5  429
    ├─ Conflict                   6  409   somebody was first, or the state does not allow it
    │  └─ Stale                   6  412   it is no longer the version that was read
    ├─ StoreUnusable              1  500   a foreign, newer or damaged database
    │  └─ StoreClosed             4  503   its server lets this program in not at all, or not so far
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


class UnsupportedMedia(InvalidInput):
    """A body of this kind is not read here."""

    http_status = 415


class NotFound(TaskwatchError):
    """There is no such thing."""

    exit_code = 3
    http_status = 404


class Unauthorized(TaskwatchError):
    """You are not known here."""

    exit_code = 4
    http_status = 401


class Forbidden(TaskwatchError):
    """This is not allowed."""

    exit_code = 4
    http_status = 403


class Misdirected(Forbidden):
    """This is not the host that was asked for."""

    http_status = 421


class Unavailable(TaskwatchError):
    """The database cannot be reached at the moment."""

    exit_code = 5
    http_status = 503
    retryable = True


class TimedOut(Unavailable):
    """The time ran out."""

    http_status = 504


class TooManyRequests(Unavailable):
    """There were too many requests."""

    http_status = 429


class Conflict(TaskwatchError):
    """The present state does not allow this."""

    exit_code = 6
    http_status = 409


class Stale(Conflict):
    """It changed since it was read."""

    http_status = 412


class StoreUnusable(TaskwatchError):
    """The database cannot be used."""


class StoreClosed(StoreUnusable):
    """The database may not be used."""

    exit_code = 4
    http_status = 503


class InvalidConfig(TaskwatchError):
    """The configuration is not valid."""

    exit_code = 78


def _slug(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
