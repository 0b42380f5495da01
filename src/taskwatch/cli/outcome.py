"""From an outcome to an exit code: errors become a sentence and a hint, or one JSON object."""

import errno
import sys
from collections.abc import Callable
from typing import Any

import click

from taskwatch.cli import output
from taskwatch.cli.session import Session
from taskwatch.errors import InvalidInput, TaskwatchError

EXIT_CODES = {
    0: "done; also when nothing matched",
    1: "ran and failed, or found problems in what it was to check",
    2: "wrong usage or invalid input",
    3: "no such thing",
    4: "not allowed",
    5: "the database cannot be reached or the time ran out; a retry may help",
    6: "a conflict: somebody was first, or the present state does not allow it",
    78: "the configuration is not valid",
    130: "interrupted or aborted",
    141: "the reader of the output went away",
}
_CLOSED_PIPE = 141
_TROUBLE, _ALWAYS = -1, -sys.maxsize
_OUTPUT_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)


class Usage(InvalidInput):
    """The command was used wrongly."""


class HelpWanted(Usage):
    """A command is missing; the hint is the group's help."""

    def as_json(self) -> dict[str, Any]:
        """A usage error like any other; a program asks for help if it wants it."""
        return Usage("a command is missing").as_json()


class Aborted(TaskwatchError):
    """Aborted."""

    exit_code = 130


class OutputLost(TaskwatchError):
    """The output cannot be written."""


class Unexpected(TaskwatchError):
    """Something unexpected happened."""


def settle(work: Callable[[], None], session: Session) -> int:
    """Do the work and return the exit code, with the output flushed and any failure told on stderr.

    SystemExit passes; nothing else does.
    """
    try:
        return _finish(work)
    except (KeyboardInterrupt, EOFError):
        return _tell(Aborted(), session)
    except Exception as error:  # noqa: BLE001  the last resort: any fault at all becomes one sentence
        if _is_closed_pipe(error):
            _drain()
            return _CLOSED_PIPE
        return _tell(_judge(error), session, cause=error)


def _finish(work: Callable[[], None]) -> int:
    code = 0
    try:
        work()
    except click.exceptions.Exit as exited:
        code = exited.exit_code
    except SystemExit:
        output.flush()
        raise
    output.flush()
    return code


def _is_closed_pipe(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno == errno.EPIPE


def _judge(error: Exception) -> TaskwatchError:
    if isinstance(error, TaskwatchError):
        return error
    if isinstance(error, click.Abort):
        return Aborted()
    if isinstance(error, click.ClickException):
        return _judge_click(error)
    if isinstance(error, OSError):
        return _judge_system(error)
    return Unexpected(
        f"unexpected {type(error).__name__}: {error}",
        hint="this is a fault in taskwatch: run it again with --debug and report the traceback",
    )


def _judge_click(error: click.ClickException) -> TaskwatchError:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return HelpWanted(hint=error.format_message())
    if isinstance(error, click.exceptions.NoSuchCommand | click.exceptions.NoSuchOption):
        return Usage(
            _sentence(error.message), hint=_did_you_mean(error.possibilities) or _where_help_is(error)
        )
    if isinstance(error, click.UsageError):
        return Usage(_sentence(error.format_message()), hint=_where_help_is(error))
    return TaskwatchError(_sentence(error.format_message()))


def _judge_system(error: OSError) -> TaskwatchError:
    reason = _sentence(error.strerror or str(error) or type(error).__name__)
    if error.errno in _OUTPUT_ERRNOS and error.filename is None:
        return OutputLost(f"the output cannot be written: {reason}", hint="look at where stdout goes")
    place = "" if error.filename is None else f"{error.filename}: "
    return TaskwatchError(f"{place}{reason}", hint="run it again with --debug to see where this comes from")


def _sentence(text: str) -> str:
    plain = text.strip().removesuffix(".")
    return plain[:1].lower() + plain[1:]


def _did_you_mean(names: list[str] | None) -> str | None:
    return f"did you mean {' or '.join(names)}?" if names else None


def _where_help_is(error: click.UsageError) -> str | None:
    return f"see '{error.ctx.command_path} --help'" if error.ctx else None


def _tell(failure: TaskwatchError, session: Session, cause: Exception | None = None) -> int:
    code = failure.exit_code
    _drain()
    try:
        if session.failed:
            code = session.failed(failure)
        else:
            _show(failure, session, _trace(cause) if cause and session.debug else None)
    except OSError:
        output.silence(sys.stderr)
    _drain()
    return code


def _show(failure: TaskwatchError, session: Session, trace: str | None) -> None:
    if session.json:
        _show_json(failure, trace)
        return
    if trace:
        output.say(trace, level=_ALWAYS, multiline=True)
    if isinstance(failure, HelpWanted):
        output.say(str(failure.hint), level=_TROUBLE, multiline=True)
        return
    output.say(output.style("error:", "bad"), f" {failure.message}", level=_TROUBLE)
    if failure.hint and session.hints:
        output.say(output.style("hint:", "info"), f" {failure.hint}", level=_TROUBLE)


def _show_json(failure: TaskwatchError, trace: str | None) -> None:
    document = failure.as_json()
    if trace:
        document["error"]["traceback"] = trace
    output.complain(document)


def _trace(cause: Exception) -> str:
    import traceback

    return "".join(traceback.format_exception(cause)).rstrip()


def _drain() -> None:
    try:
        output.flush()
    except OSError:
        output.silence(sys.stdout)
