"""Who has a task: claim and release, assign and unassign."""

from typing import TYPE_CHECKING

import click

from taskwatch.cli.changing import EVERY, answer, changes, task_refs
from taskwatch.cli.command import command
from taskwatch.cli.session import Session
from taskwatch.model.assignment import parse

if TYPE_CHECKING:
    from taskwatch.actions.change import Change

HELD = "list[taskwatch.actions.holders:Held]"
ASSIGNED = "list[taskwatch.actions.holders:Assigned]"


whom = click.argument("who", metavar="user:ID|role:NAME")


@command("claim", shape=HELD, examples=["taskwatch task claim ADV_REVIEW_BC114 --by 5"])
@task_refs
@changes(*EVERY)
def claim(session: Session, change: "Change", refs: list[str]) -> None:
    """Claim tasks for the acting user: nobody else can start them until they are released."""
    from taskwatch.actions import holders

    done = holders.claim(session.store(create=False), refs, change)
    answer(session, done, [f"{one['code']}: claimed by user {one['claimed_by']}" for one in done], change)


@command("release", shape=HELD, examples=["taskwatch task release ADV_REVIEW_BC114 --by 5"])
@task_refs
@changes(*EVERY)
def release(session: Session, change: "Change", refs: list[str]) -> None:
    """Give claimed tasks back. Only the holder or an admin can, or nobody in particular."""
    from taskwatch.actions import holders

    done = holders.release(session.store(create=False), refs, change)
    answer(session, done, [f"{one['code']}: released" for one in done], change)


@command("assign", shape=ASSIGNED, examples=["taskwatch task assign DELIVER_BC114 role:driver"])
@task_refs
@whom
@changes(*EVERY)
def assign(session: Session, change: "Change", refs: list[str], who: str) -> None:
    """Assign tasks to a user or a role; who has them already stays."""
    from taskwatch.actions import holders

    done = holders.assign(session.store(create=False), refs, [parse(who)], change)
    answer(session, done, [_tell(one["code"], one["assignments"]) for one in done], change)


@command("unassign", shape=ASSIGNED, examples=["taskwatch task unassign DELIVER_BC114 role:driver"])
@task_refs
@whom
@changes(*EVERY)
def unassign(session: Session, change: "Change", refs: list[str], who: str) -> None:
    """Take tasks from a user or a role."""
    from taskwatch.actions import holders

    done = holders.unassign(session.store(create=False), refs, [parse(who)], change)
    answer(session, done, [_tell(one["code"], one["assignments"]) for one in done], change)


def _tell(code: str, assignments: list[str]) -> str:
    return f"{code}: assigned to {', '.join(assignments) or 'nobody'}"
