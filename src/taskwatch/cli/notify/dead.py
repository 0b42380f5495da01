"""`taskwatch notify dead`: what could not be delivered."""

from typing import TYPE_CHECKING

import click

from taskwatch.cli import output
from taskwatch.cli.changing import answer, changes
from taskwatch.cli.command import command
from taskwatch.cli.lazy import LazyGroup
from taskwatch.cli.session import Session, pass_session
from taskwatch.cli.wording import counted, when
from taskwatch.model.names import MAX_INTEGER

if TYPE_CHECKING:
    from taskwatch.actions.change import Change
    from taskwatch.actions.dead import LetterShape

_HERE = "taskwatch.cli.notify.dead"
_MOVED = "taskwatch.actions.dead:MovedShape"
_ID = click.IntRange(1, MAX_INTEGER)

dead = LazyGroup(
    "dead",
    {
        "list": (f"{_HERE}:list_", "List what could not be delivered.", "Look"),
        "show": (f"{_HERE}:show", "Show a delivery and every try.", "Look"),
        "retry": (f"{_HERE}:retry", "Try deliveries again, under their ids.", "Change"),
        "discard": (f"{_HERE}:discard", "Give deliveries up.", "Change"),
    },
    help="Look after what could not be delivered: it stays until it arrives or is discarded.",
    examples=["taskwatch notify dead list", "taskwatch notify dead retry 7"],
)

_ids = click.argument("ids", nargs=-1, type=_ID, metavar="DELIVERY...")
_all = click.option("--all", "everything", is_flag=True, help="All that are dead.")


@command(
    "list",
    shape="list[taskwatch.actions.dead:DeliveryShape]",
    examples=["taskwatch notify dead list", "taskwatch notify dead list --channel mail --json"],
)
@click.option("--channel", metavar="CHANNEL", help="On this channel alone.")
@click.option("-n", "--limit", default=50, show_default=True, type=_ID, help="So many at most.")
@pass_session
def list_(session: Session, channel: str | None, limit: int) -> None:
    """List what could not be delivered, the newest first."""
    from taskwatch.actions import dead as letters

    found = letters.dead(session.store(create=False), channel, limit)
    if session.json:
        output.emit(found)
    elif found:
        rows = [
            (each["id"], each["channel"], each["user_id"], each["address"], each["attempts"],
             when(session, each["ended_at"]), each["detail"] or each["reason"], each["title"])
            for each in found
        ]  # fmt: skip
        output.table(rows, ("id", "channel", "user", "address", "tries", "died", "why", "title"))
    else:
        output.say("Nothing is dead.")


@command(
    "show",
    shape="taskwatch.actions.dead:LetterShape",
    examples=["taskwatch notify dead show 7", "taskwatch notify dead show 7 --json"],
)
@click.argument("delivery_id", type=_ID, metavar="DELIVERY")
@pass_session
def show(session: Session, delivery_id: int) -> None:
    """Show a delivery, dead or not, with its text and every try."""
    from taskwatch.actions import dead as letters

    found = letters.show(session.store(create=False), delivery_id)
    if session.json:
        output.emit(found)
    else:
        _show(session, found)


@command(
    "retry",
    shape=_MOVED,
    examples=["taskwatch notify dead retry 7 8", "taskwatch notify dead retry --all --dry-run"],
)
@_ids
@_all
@changes("by", "reason", "key", "dry_run")
def retry(session: Session, change: "Change", ids: tuple[int, ...], *, everything: bool) -> None:
    """Try dead or expired deliveries again from the beginning; receivers see the id they saw before."""
    from taskwatch.actions import dead as letters

    done = letters.retry(session.store(create=False), _wanted(ids, everything=everything), change)
    answer(session, done, [f"try {counted(len(done['deliveries']), 'time')} again"], change)


@command(
    "discard",
    shape=_MOVED,
    examples=["taskwatch notify dead discard 7 --reason 'told by phone'"],
)
@_ids
@_all
@changes("by", "reason", "key", "dry_run")
def discard(session: Session, change: "Change", ids: tuple[int, ...], *, everything: bool) -> None:
    """Give dead deliveries up. The inbox keeps their messages."""
    from taskwatch.actions import dead as letters

    done = letters.discard(session.store(create=False), _wanted(ids, everything=everything), change)
    answer(session, done, [f"discard {len(done['deliveries'])}"], change)


def _wanted(ids: tuple[int, ...], *, everything: bool) -> list[int] | None:
    """The ids that were named; None for all of them."""
    if bool(ids) == everything:
        raise click.UsageError("name deliveries, or say --all")
    return None if everything else list(ids)


def _show(session: Session, found: "LetterShape") -> None:
    state = found["state"] if found["reason"] is None else f"{found['state']} ({found['reason']})"
    facts = {
        "delivery": f"{found['id']}, seen by its receiver as {found['uid']}",
        "state": state,
        "for": f"user {found['user_id']} by {found['channel']} {found['address']}".rstrip(),
        "about": found["title"],
    }
    for name, fact in facts.items():
        output.text(output.style(f"{name}:".ljust(10), "dim"), fact)
    for each in found["log"]:
        outcome = each["outcome"] or "no answer"
        said = f": {each['detail']}" if each["detail"] else ""
        output.text(f"  try {each['attempt']}, {when(session, each['begun_at'])}: {outcome}{said}")
