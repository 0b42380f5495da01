"""What the daemon says while it runs: on stderr, for people, for the journal or for programs.

No line holds the query of a request, a header or a secret.
"""

import json
import logging
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping

from aiohttp.abc import AbstractAccessLogger
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web import BaseRequest, RequestPayloadError, StreamResponse

from taskwatch.model.times import rfc3339

ACCESS = logging.getLogger("taskwatch.access")
PROTOCOL = logging.getLogger("taskwatch.protocol")

_MALFORMED = (HttpProcessingError, RequestPayloadError)
_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


_hidings: list[Callable[[str], str]] = []


def conceal(hidings: Iterable[Callable[[str], str]]) -> None:
    """From now on no line holds what one of these functions takes out of a text: secrets of channels."""
    _hidings[:] = hidings


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether more than a malformed request is to blame: of one, aiohttp would log the very line."""
    return not (record.exc_info and isinstance(record.exc_info[1], _MALFORMED))


PROTOCOL.addFilter(_is_ours)


def set_up(form: str, environ: Mapping[str, str], *, verbosity: int = 0) -> None:
    """Log on stderr from now on.

    Args:
        form: `text` or `json`.
        environ: JOURNAL_STREAM says whether stderr leads to the journal, which wants priorities.
        verbosity: 0 tells what happens, -1 what is wrong, 1 every request, 2 all details.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(form, environ))
    logging.getLogger().handlers[:] = [handler]
    logging.getLogger().setLevel(logging.WARNING)
    logging.getLogger("taskwatch").setLevel(_level(verbosity))
    ACCESS.setLevel(logging.INFO if verbosity > 0 else logging.WARNING)


class AccessLog(AbstractAccessLogger):
    """A line for each request: who, what, how it ended, bytes and seconds; of the address only the path."""

    @property
    def enabled(self) -> bool:
        """Whether anybody wants to know."""
        return self.logger.isEnabledFor(logging.INFO)

    def log(self, request: BaseRequest, response: StreamResponse, time: float) -> None:
        """Tell of a request that was answered in `time` seconds."""
        what = f"{request.method} {request.path} {response.status}"
        self.logger.info("%s %s %d bytes %.3f s", request.remote, what, response.body_length, time)


class TextFormatter(logging.Formatter):
    """Lines for people: when, how bad, what."""

    def format(self, record: logging.LogRecord) -> str:
        """The message, and the traceback below it."""
        return f"{rfc3339(_at(record))} {record.levelname.lower()}: {_full(record)}"


class JournalFormatter(logging.Formatter):
    """Lines for the journal, which knows the time and sorts by the priority in front of each line."""

    def format(self, record: logging.LogRecord) -> str:
        """The message, and the traceback below it."""
        mark = next((number for level, number in _PRIORITIES if record.levelno >= level), 7)
        return "\n".join(f"<{mark}>{line}" for line in _full(record).splitlines())


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for programs."""

    def format(self, record: logging.LogRecord) -> str:
        """`{"at", "level", "logger", "message"}`, and `traceback` if there is one."""
        document = {
            "at": rfc3339(_at(record)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
            **({"traceback": _traceback(record)} if record.exc_info else {}),
        }
        return json.dumps(document)


def _formatter(form: str, environ: Mapping[str, str]) -> logging.Formatter:
    if form == "json":
        return JsonFormatter()
    return JournalFormatter() if _is_journal(environ) else TextFormatter()


def _is_journal(environ: Mapping[str, str]) -> bool:
    """Whether stderr is the very stream that the variable names: it may have been sent elsewhere since."""
    try:
        here = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{here.st_dev}:{here.st_ino}"


def _level(verbosity: int) -> int:
    if verbosity < -1:
        return logging.CRITICAL
    return {-1: logging.WARNING, 0: logging.INFO, 1: logging.INFO}.get(verbosity, logging.DEBUG)


def _full(record: logging.LogRecord) -> str:
    return f"{_message(record)}\n{_traceback(record)}" if record.exc_info else _message(record)


def _traceback(record: logging.LogRecord) -> str:
    trace = logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
    return "\n".join(map(_safe, trace.splitlines()))


def _message(record: logging.LogRecord) -> str:
    return _safe(record.getMessage())


def _safe(text: str) -> str:
    for hide in _hidings:
        text = hide(text)
    return _UNSAFE.sub(lambda found: found[0].encode("unicode_escape", "surrogatepass").decode(), text)


def _at(record: logging.LogRecord) -> int:
    return int(record.created * 1000)
