"""`taskwatch mute`: keep something quiet for a while."""

from typing import TYPE_CHECKING

import click

from taskwatch.cli import output
from taskwatch.cli.changing import answer, changes
from taskwatch.cli.command import command
from taskwatch.cli.lazy import LazyGroup
from taskwatch.cli.session import Session, pass_session
from taskwatch.cli.sla.common import clock, moment
from taskwatch.model.mute import SCOPES
from taskwatch.model.names import MAX_INTEGER

if TYPE_CHECKING:
    from taskwatch.actions.change import Change
    from taskwatch.actions.mutes import MuteShape

_HERE = "taskwatch.cli.mute"

mute = LazyGroup(
    "mute",
    {
        "add": (f"{_HERE}:add", "Keep something quiet for a while.", "Change"),
        "end": (f"{_HERE}:end", "End a mute before its time.", "Change"),
        "list": (f"{_HERE}:list_", "List what is kept quiet.", "Look"),
    },
    help="Keep tasks, workflows, types or roles quiet. Alerts are still counted, nobody is told of them.",
    examples=["taskwatch mute add type bc --for 2h --reason 'moving house'", "taskwatch mute list"],
)

_MUTE = "taskwatch.actions.mutes:MuteShape"
_CHANGE = ("by", "reason", "key", "dry_run")


@command(
    "add",
    shape=_MUTE,
    examples=[
        "taskwatch mute add task ADV_REVIEW_BC115 --for 4h",
        "taskwatch mute add workflow bc.115 --for 1d --reason 'waits for the customer'",
        "taskwatch mute add role driver --for 'tomorrow 08:00'",
    ],
)
@click.argument("scope", type=click.Choice(SCOPES), metavar="SCOPE")
@click.argument("target", metavar="TARGET")
@click.option("--for", "length", required=True, metavar="WHEN", help="How long, or until when.")
@changes(*_CHANGE)
def add(session: Session, change: "Change", scope: str, target: str, length: str) -> None:
    """Keep a task, a workflow, a type or a role quiet; SCOPE says which of them TARGET is.

    Muting a role concerns whoever would be told by way of it; who is assigned by name is still told.
    """
    from taskwatch.actions import mutes

    until = moment(session, length, session.now, ahead=True)
    done = mutes.add(session.store(create=False), scope, target, until, change)
    line = f"mute {done['id']}: {scope} {target} is quiet until {clock(session, done['until'])}"
    answer(session, done, [line], change)


@command("end", shape=_MUTE, examples=["taskwatch mute end 3"])
@click.argument("mute_id", type=click.IntRange(1, MAX_INTEGER), metavar="MUTE")
@changes(*_CHANGE)
def end(session: Session, change: "Change", mute_id: int) -> None:
    """End a mute before its time."""
    from taskwatch.actions import mutes

    done = mutes.end(session.store(create=False), mute_id, change)
    answer(session, done, [f"end mute {mute_id}: {done['scope']} {done['target']}"], change)


@command("list", shape=f"list[{_MUTE}]", examples=["taskwatch mute list", "taskwatch mute list --all --json"])
@click.option("--all", "past", is_flag=True, help="Also those that are over.")
@pass_session
def list_(session: Session, past: bool) -> None:
    """List what is kept quiet, by whom and until when."""
    from taskwatch.actions import mutes

    found = mutes.mutes(session.store(create=False), session.now, past=past)
    if session.json:
        output.emit(found)
    elif found:
        headers = ("id", "scope", "target", "state", "until", "by", "reason")
        output.table([_row(session, each) for each in found], headers)
    else:
        output.say("Nothing is muted.")


def _row(session: Session, found: "MuteShape") -> tuple[output.Cell, ...]:
    until = clock(session, found["ended_at"] or found["until"])
    facts = (found["id"], found["scope"], found["target"], found["state"])
    return *facts, until, found["muted_by"], found["reason"]
