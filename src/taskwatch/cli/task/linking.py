"""Arranging tasks: dependencies and timeouts."""

from typing import TYPE_CHECKING

import click

from taskwatch.cli.changing import EVERY, answer, changes, task_refs
from taskwatch.cli.command import command
from taskwatch.cli.session import Session
from taskwatch.model.times import parse_timeout

if TYPE_CHECKING:
    from taskwatch.actions.change import Change
    from taskwatch.actions.tasks import Retimed

LINKED = "list[taskwatch.actions.tasks:Linked]"

after = click.option(
    "--after",
    "after_refs",
    multiple=True,
    required=True,
    metavar="TASK",
    help="What comes before; repeatable.",
)
one_task = click.argument("ref", metavar="TASK")


@command("link", shape=LINKED, examples=["taskwatch task link DELIVER_BC114 --after PACK --after INVOICE"])
@one_task
@after
@changes(*EVERY)
def link(session: Session, change: "Change", ref: str, after_refs: tuple[str, ...]) -> None:
    """Let a task come after others; a ready one goes back to pending if they are not done."""
    from taskwatch.actions import tasks

    done = tasks.link(session.store(create=False), ref, list(after_refs), change)
    answer(session, done, [f"{one['code']}: after {one['after']} ({one['status']})" for one in done], change)


@command("unlink", shape=LINKED, examples=["taskwatch task unlink DELIVER_BC114 --after PACK"])
@one_task
@after
@changes(*EVERY)
def unlink(session: Session, change: "Change", ref: str, after_refs: tuple[str, ...]) -> None:
    """Let a task no longer come after others; it becomes ready if nothing else stands before it."""
    from taskwatch.actions import tasks

    done = tasks.unlink(session.store(create=False), ref, list(after_refs), change)
    answer(
        session, done, [f"{one['code']}: not after {one['after']} ({one['status']})" for one in done], change
    )


@command(
    "set-timeout",
    shape="list[taskwatch.actions.tasks:Retimed]",
    examples=[
        "taskwatch task set-timeout DELIVER_BC114 1h30m",
        "taskwatch task set-timeout 12 none",
    ],
)
@task_refs
@click.argument("timeout", metavar="DURATION|MINUTES|none")
@changes("reason", *EVERY)
def set_timeout(session: Session, change: "Change", refs: list[str], timeout: str) -> None:
    """Give tasks another timeout, or none. Time already counted stays counted."""
    from taskwatch.actions import tasks

    minutes = None if timeout == "none" else parse_timeout(timeout)
    done = tasks.set_timeout(session.store(create=False), refs, minutes, change)
    answer(session, done, [_tell(one) for one in done], change)


def _tell(done: "Retimed") -> str:
    old, new = done["old_timeout_minutes"], done["timeout_minutes"]
    return f"{done['code']}: timeout {_spell(old)} -> {_spell(new)}"


def _spell(minutes: int | None) -> str:
    return "none" if minutes is None else f"{minutes}m"
