"""`taskwatch inbox`: what a user was told."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from taskwatch.cli import output
from taskwatch.cli.changing import answer, changes
from taskwatch.cli.command import command
from taskwatch.cli.lazy import LazyGroup
from taskwatch.cli.output import style
from taskwatch.cli.session import Session, pass_session
from taskwatch.cli.wording import when
from taskwatch.errors import InvalidInput
from taskwatch.model.names import MAX_INTEGER

if TYPE_CHECKING:
    from taskwatch.actions.change import Change
    from taskwatch.actions.inbox import EntryShape

Callback = Callable[..., None]

_HERE = "taskwatch.cli.inbox"

inbox = LazyGroup(
    "inbox",
    {
        "list": (f"{_HERE}:list_", "List entries, the newest first.", "Look"),
        "count": (f"{_HERE}:count", "Count what is unread.", "Look"),
        "read": (f"{_HERE}:read", "Mark entries as read.", "Change"),
        "archive": (f"{_HERE}:archive", "Put entries away.", "Change"),
    },
    help="Read what a user was told. Without --user it is whoever the configuration says acts.",
    examples=["taskwatch inbox list --user 5 --unread", "taskwatch inbox read --all --user 5"],
)

_MARKED = "taskwatch.actions.inbox:MarkedShape"
_user = click.option(
    "--user", "user_id", type=click.IntRange(1, MAX_INTEGER), metavar="USER", help="Whose inbox."
)


def _entries(callback: Callback) -> Callback:
    """The arguments ID..., or --all instead of them."""
    every = click.option("--all", "every", is_flag=True, help="Every entry it can be done to.")
    ids = click.argument("ids", nargs=-1, type=click.IntRange(1, MAX_INTEGER), metavar="[ID]...")
    return ids(every(callback))


@command(
    "list",
    shape="list[taskwatch.actions.inbox:EntryShape]",
    examples=["taskwatch inbox list --user 5", "taskwatch inbox list --user 5 --unread --json"],
)
@_user
@click.option("--unread", is_flag=True, help="Only what is unread.")
@click.option("--archived", is_flag=True, help="What was put away instead.")
@click.option(
    "-n", "--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="How many at most."
)
@pass_session
def list_(session: Session, user_id: int | None, unread: bool, archived: bool, limit: int) -> None:
    """List the entries of an inbox, the newest first."""
    from taskwatch.actions.inbox import Wish, entries

    wish = Wish(unread=unread, archived=archived, limit=limit)
    found = entries(session.store(create=False), _owner(session, user_id), wish)
    if session.json:
        output.emit(found)
    elif found:
        output.table([_row(session, each) for each in found], ("id", "state", "level", "title", "came"))
    else:
        output.say("There are no such entries.")


@command("count", shape="taskwatch.actions.inbox:CountsShape", examples=["taskwatch inbox count --user 5"])
@_user
@pass_session
def count(session: Session, user_id: int | None) -> None:
    """Count what is unread, and what of it was never seen."""
    from taskwatch.actions.inbox import counts

    found = counts(session.store(create=False), _owner(session, user_id))
    if session.json:
        output.emit(found)
    else:
        output.text(f"{found['unread_count']} unread, {found['unseen_count']} of them new")


@command(
    "read",
    shape=_MARKED,
    examples=["taskwatch inbox read 12 13 --user 5", "taskwatch inbox read --all --user 5"],
)
@_entries
@_user
@changes("by", "key", "dry_run")
def read(session: Session, change: "Change", ids: tuple[int, ...], user_id: int | None, every: bool) -> None:
    """Mark entries as read."""
    _mark(session, change, "read", _chosen(ids, every=every), user_id)


@command(
    "archive",
    shape=_MARKED,
    examples=["taskwatch inbox archive 12 --user 5", "taskwatch inbox archive --all --user 5"],
)
@_entries
@_user
@changes("by", "key", "dry_run")
def archive(
    session: Session, change: "Change", ids: tuple[int, ...], user_id: int | None, every: bool
) -> None:
    """Put entries away; with --all those that were read."""
    _mark(session, change, "archived", _chosen(ids, every=every), user_id)


def _mark(session: Session, change: "Change", how: str, ids: list[int] | None, user_id: int | None) -> None:
    from taskwatch.actions import inbox

    done = inbox.mark(session.store(create=False), _owner(session, user_id), how, ids, change)
    noun = "entry" if len(done["notifications"]) == 1 else "entries"
    line = f"{len(done['notifications'])} {noun} {how}, {done['unread_count']} unread"
    answer(session, done, [line], change)


def _chosen(ids: tuple[int, ...], *, every: bool) -> list[int] | None:
    if every == bool(ids):
        raise click.UsageError("name entries by their ids, or say --all")
    return None if every else list(ids)


def _owner(session: Session, user_id: int | None) -> int:
    from taskwatch.config import acting_user

    owner = user_id or acting_user(session.config)
    if owner is None:
        raise InvalidInput("whose inbox was not said", hint="say --user 5, or set user in the configuration")
    return owner


def _row(session: Session, found: "EntryShape") -> tuple[output.Cell, ...]:
    state = "archived" if found["archived_at"] else "read" if found["read_at"] else "unread"
    title = found["title"] if found["read_at"] else style(found["title"], "bold")
    return found["id"], state, found["level"], title, when(session, found["created_at"])
