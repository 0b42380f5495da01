"""`taskwatch user contact`: where a user is reached."""

from typing import TYPE_CHECKING

import click

from taskwatch.cli import output
from taskwatch.cli.changing import answer, changes
from taskwatch.cli.command import command
from taskwatch.cli.lazy import LazyGroup
from taskwatch.cli.output import style
from taskwatch.cli.session import Session, pass_session
from taskwatch.model.names import MAX_INTEGER

if TYPE_CHECKING:
    from taskwatch.actions.change import Change
    from taskwatch.actions.contacts import ContactShape

_HERE = "taskwatch.cli.contact"

contact = LazyGroup(
    "contact",
    {
        "add": (f"{_HERE}:add", "Reach a user there as well.", "Change"),
        "remove": (f"{_HERE}:remove", "Reach a user there no more.", "Change"),
        "list": (f"{_HERE}:list_", "List where a user is reached.", "Look"),
    },
    help="Keep where a user is reached on each channel; by mail, it is their e-mail address unless said.",
    examples=["taskwatch user contact add 5 mail dana@example.com", "taskwatch user contact list 5"],
)

_CONTACTS = "list[taskwatch.actions.contacts:ContactShape]"
_CHANGE = ("by", "reason", "key", "dry_run")
_user_id = click.argument("user_id", type=click.IntRange(1, MAX_INTEGER), metavar="USER")
_channel = click.argument("channel", metavar="CHANNEL")
_address = click.argument("address", metavar="ADDRESS")


@command(
    "add", shape=_CONTACTS, examples=["taskwatch user contact add 5 webhook https://example.com/hooks/dana"]
)
@_user_id
@_channel
@_address
@changes(*_CHANGE)
def add(session: Session, change: "Change", user_id: int, channel: str, address: str) -> None:
    """Reach a user at that address, too; one that was refused is tried again."""
    from taskwatch.actions import contacts
    from taskwatch.cli.notify.channels import checked_address

    address = checked_address(session, channel, address)
    done = contacts.add(session.store(create=False), user_id, channel, address, change)
    answer(session, done, [f"user {user_id} is reached by {channel} at {address}"], change)


@command("remove", shape=_CONTACTS, examples=["taskwatch user contact remove 5 mail dana@example.com"])
@_user_id
@_channel
@_address
@changes(*_CHANGE)
def remove(session: Session, change: "Change", user_id: int, channel: str, address: str) -> None:
    """Reach a user at that address no more."""
    from taskwatch.actions import contacts

    done = contacts.remove(session.store(create=False), user_id, channel, address, change)
    answer(session, done, [f"user {user_id} is no longer reached by {channel} at {address}"], change)


@command("list", shape=_CONTACTS, examples=["taskwatch user contact list 5"])
@_user_id
@pass_session
def list_(session: Session, user_id: int) -> None:
    """List where a user is reached, and what was refused."""
    from taskwatch.actions import contacts

    found = contacts.contacts(session.store(create=False), user_id)
    if session.json:
        output.emit(found)
    elif found:
        output.table(map(_row, found), ("channel", "address", "state", "detail"))
    else:
        output.say(f"User {user_id} has no address.")


def _row(found: "ContactShape") -> tuple[output.Cell, ...]:
    state = style(found["state"], "good" if found["state"] == "ok" else "bad")
    return found["channel"], found["address"], state, found["detail"]
