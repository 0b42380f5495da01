"""What commands that change something share: naming tasks, and the circumstances of a change."""

import functools
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from taskwatch.cli import output
from taskwatch.cli.session import Session, pass_session
from taskwatch.errors import InvalidInput
from taskwatch.model.names import MAX_INTEGER

if TYPE_CHECKING:
    from taskwatch.actions.change import Change

Callback = Callable[..., None]

HOUR_MS = 3_600_000
EVERY = ("by", "if_status", "key", "dry_run")

_OPTIONS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "by": (
        ("--by",),
        {"type": click.IntRange(0, MAX_INTEGER), "metavar": "USER", "help": "Who does it; 0 is nobody."},
    ),
    "at": (("--at",), {"metavar": "TIME", "help": "When it happened, not before the last transition."}),
    "reason": (("--reason",), {"metavar": "TEXT", "help": "Why; it is kept in the history."}),
    "if_status": (("--if-status",), {"metavar": "STATUS", "help": "Only if this is the present status."}),
    "key": (
        ("--idempotency-key", "key"),
        {"metavar": "KEY", "help": "Do it once: the same key again gives the same answer."},
    ),
    "dry_run": (("-n", "--dry-run"), {"is_flag": True, "help": "Show what would happen, change nothing."}),
}


def changes(*names: str, **required: bool) -> Callable[[Callback], Callback]:
    """Give a callback these options, collected in a `Change`; `reason=True` makes that one required.

    The callback is called with the session, the change, and its own parameters by name.
    """

    def decorate(callback: Callback) -> Callback:
        @functools.wraps(callback)
        def with_change(session: Session, /, **given: Any) -> None:
            circumstances = {name: given.pop(name) for name in names}
            callback(session, _change(session, **circumstances), **given)

        wrapped: Callback = pass_session(with_change)
        for name in reversed(names):
            words, attributes = _OPTIONS[name]
            wrapped = click.option(*words, required=required.get(name, False), **attributes)(wrapped)
        return wrapped

    return decorate


def task_refs(callback: Callback) -> Callback:
    """The argument TASK...: ids or codes; `-` reads them from stdin, one a line."""
    return click.argument("refs", nargs=-1, required=True, metavar="TASK...", callback=_name_tasks)(callback)


def prefix(change: "Change") -> str:
    """What stands before a line that tells of a change: nothing, or that it is only a dry run."""
    return "would: " if change.dry_run else ""


def answer(session: Session, done: object, lines: list[str], change: "Change") -> None:
    """What a change did: JSON, or one line after the other."""
    if session.json:
        output.emit(done)
        return
    for line in lines:
        output.text(prefix(change), line)


def _change(session: Session, *, at: str | None = None, by: int | None = None, **more: Any) -> "Change":
    from taskwatch.actions.change import Change
    from taskwatch.config import acting_user

    config = session.config
    return Change(
        now=session.now,
        at=None if at is None else session.at(at),
        by=acting_user(config) if by is None else by or None,
        on_rise=config.flag("sla.alert_on_rise"),
        key_life_ms=config.number("retention.idempotency_hours") * HOUR_MS,
        **more,
    )


def _name_tasks(ctx: click.Context, _argument: click.Parameter, refs: tuple[str, ...]) -> list[str]:
    if ctx.resilient_parsing or "-" not in refs:
        return list(refs)
    piped = _read_stdin(ctx)
    return [name for ref in refs for name in (piped if ref == "-" else [ref])]


def _read_stdin(ctx: click.Context) -> list[str]:
    if sys.stdin is None or sys.stdin.isatty():
        raise click.UsageError("- reads task codes from stdin, which is a terminal", ctx)
    try:
        return [line.strip() for line in sys.stdin if line.strip()]
    except UnicodeDecodeError as error:
        raise InvalidInput("stdin is not UTF-8 text", hint="give ids or codes, one a line") from error
