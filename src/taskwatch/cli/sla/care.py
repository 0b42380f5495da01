"""`taskwatch sla ack`, `snooze` and `unack`: who takes care of what is late."""

from typing import TYPE_CHECKING

import click

from taskwatch.cli.changing import answer, changes, task_refs
from taskwatch.cli.command import command
from taskwatch.cli.session import Session
from taskwatch.cli.sla.common import clock, moment

if TYPE_CHECKING:
    from taskwatch.actions.acknowledgements import AckShape
    from taskwatch.actions.change import Change

_ACKS = "list[taskwatch.actions.acknowledgements:AckShape]"
_CHANGE = ("by", "reason", "if_status", "key", "dry_run")


@command(
    "ack",
    shape=_ACKS,
    examples=["taskwatch sla ack ADV_REVIEW_BC115 --by 5", "taskwatch sla ack ADV_REVIEW_BC115 --for 4h"],
)
@task_refs
@click.option(
    "--for", "length", default="2h", show_default=True, metavar="WHEN", help="How long, or until when."
)
@changes(*_CHANGE)
def ack(session: Session, change: "Change", refs: list[str], length: str) -> None:
    """Take care of late tasks: nobody is told of them again until then, or until their level rises."""
    from taskwatch.actions.acknowledgements import acknowledge

    until = moment(session, length, session.now, ahead=True)
    done = acknowledge(session.store(create=False), refs, until, change)
    answer(session, done, [_spell(session, each, "taken care of") for each in done], change)


@command(
    "snooze",
    shape=_ACKS,
    examples=["taskwatch sla snooze ADV_REVIEW_BC115 --for 30m", "taskwatch sla snooze 125 --for 14:00"],
)
@task_refs
@click.option("--for", "length", required=True, metavar="WHEN", help="How long, or until when.")
@changes(*_CHANGE)
def snooze(session: Session, change: "Change", refs: list[str], length: str) -> None:
    """Hear of late tasks later: nobody is told of them until then, whatever their level."""
    from taskwatch.actions.acknowledgements import acknowledge
    from taskwatch.model.ack import SNOOZE

    until = moment(session, length, session.now, ahead=True)
    done = acknowledge(session.store(create=False), refs, until, change, kind=SNOOZE)
    answer(session, done, [_spell(session, each, "snoozed") for each in done], change)


@command(
    "unack",
    shape="list[taskwatch.actions.acknowledgements:Unacked]",
    examples=["taskwatch sla unack ADV_REVIEW_BC115"],
)
@task_refs
@changes(*_CHANGE)
def unack(session: Session, change: "Change", refs: list[str]) -> None:
    """Take an ack or a snooze back: the task alerts again, at its next alert."""
    from taskwatch.actions.acknowledgements import unacknowledge

    done = unacknowledge(session.store(create=False), refs, change)
    answer(session, done, [f"{each['task_code']} alerts again" for each in done], change)


def _spell(session: Session, done: "AckShape", verb: str) -> str:
    who = f" by user {done['acknowledged_by']}" if done["acknowledged_by"] else ""
    return f"{done['task_code']} is {verb}{who} until {clock(session, done['until'])}"
