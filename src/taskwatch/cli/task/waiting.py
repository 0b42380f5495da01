"""Waiting for a task, for scripts."""

from typing import TYPE_CHECKING

import click

from taskwatch import clock
from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.session import Session, pass_session
from taskwatch.errors import Conflict, TimedOut
from taskwatch.model.task import STATUSES, may_become
from taskwatch.model.times import parse_duration

if TYPE_CHECKING:
    from taskwatch.actions.listing import StatusShape
    from taskwatch.store import Store

POLL_SECONDS = 0.25


@command(
    "wait",
    shape="taskwatch.actions.listing:StatusShape",
    examples=["taskwatch task wait ADV_REVIEW_BC114 --for completed --timeout 10m && ./next-step"],
)
@click.argument("ref", metavar="TASK")
@click.option(
    "--for", "wished", type=click.Choice(STATUSES), default="completed", show_default=True, help="The status."
)
@click.option("--timeout", metavar="DURATION", help="Give up after so long with exit 5; without it, never.")
@pass_session
def wait(session: Session, ref: str, wished: str, timeout: str | None) -> None:
    """Wait until a task comes to a status: exit 0.

    Exit 5 when the time runs out, exit 6 as soon as the task has ended otherwise.
    """
    limit = None if timeout is None else clock.monotonic() + parse_duration(timeout)
    reached = _follow(session.store(create=False), ref, wished, limit)
    if session.json:
        output.emit(reached)
    else:
        output.text(f"{reached['code']}: {reached['status']}")


def _follow(store: "Store", ref: str, wished: str, limit: float | None) -> "StatusShape":
    from taskwatch.actions.listing import status_of

    while (present := status_of(store, ref))["status"] != wished:
        _check_hope(present, wished)
        _pause(present, wished, limit)
        # A later run may use the code again: what was found first is what is waited for.
        ref = str(present["id"])
    return present


def _check_hope(present: "StatusShape", wished: str) -> None:
    if not may_become(present["status"], wished):
        raise Conflict(
            f"{present['code']} has ended as {present['status']}, not {wished}",
            hint=f"see why: taskwatch task show {present['id']}",
            status=present["status"],
        )


def _pause(present: "StatusShape", wished: str, limit: float | None) -> None:
    left = POLL_SECONDS if limit is None else limit - clock.monotonic()
    if left <= 0:
        raise TimedOut(
            f"{present['code']} is still {present['status']}, not {wished}",
            hint="wait longer with --timeout",
            status=present["status"],
        )
    clock.sleep(min(POLL_SECONDS, left))
