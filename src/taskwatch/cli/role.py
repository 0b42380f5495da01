"""`taskwatch role`: who has which role."""

from typing import TYPE_CHECKING

import click

from taskwatch.cli import output
from taskwatch.cli.changing import answer, changes
from taskwatch.cli.command import command
from taskwatch.cli.lazy import LazyGroup
from taskwatch.cli.session import Session, pass_session
from taskwatch.model.names import MAX_INTEGER

if TYPE_CHECKING:
    from taskwatch.actions.change import Change
    from taskwatch.actions.roles import Membership

_HERE = "taskwatch.cli.role"

role = LazyGroup(
    "role",
    {
        "grant": (f"{_HERE}:grant", "Give users a role.", "Change"),
        "revoke": (f"{_HERE}:revoke", "Take a role from users.", "Change"),
        "list": (f"{_HERE}:list_", "List roles with who has them.", "Look"),
    },
    help="Grant and revoke roles. A role is there as long as somebody has it or a task is assigned to it.",
    examples=["taskwatch role grant dispatcher 5 6", "taskwatch role list"],
)

_MEMBERSHIPS = "list[taskwatch.actions.roles:Membership]"
_name = click.argument("name", metavar="ROLE")
_users = click.argument(
    "user_ids", nargs=-1, required=True, type=click.IntRange(1, MAX_INTEGER), metavar="USER..."
)


@command("grant", shape=_MEMBERSHIPS, examples=["taskwatch role grant dispatcher 5 6"])
@_name
@_users
@changes("by", "at", "reason", "key", "dry_run")
def grant(session: Session, change: "Change", name: str, user_ids: tuple[int, ...]) -> None:
    """Give users a role; who has it already keeps it."""
    from taskwatch.actions import roles

    done = roles.grant(session.store(create=False), name, list(user_ids), change)
    answer(session, done, [_spell(each, "got", "has") for each in done], change)


@command("revoke", shape=_MEMBERSHIPS, examples=["taskwatch role revoke dispatcher 5"])
@_name
@_users
@changes("by", "at", "reason", "key", "dry_run")
def revoke(session: Session, change: "Change", name: str, user_ids: tuple[int, ...]) -> None:
    """Take a role from users; tasks that are assigned to the role stay so."""
    from taskwatch.actions import roles

    done = roles.revoke(session.store(create=False), name, list(user_ids), change)
    answer(session, done, [_spell(each, "lost", "does not have") for each in done], change)


@command(
    "list",
    shape="list[taskwatch.actions.roles:RoleShape]",
    examples=["taskwatch role list", "taskwatch role list --json"],
)
@pass_session
def list_(session: Session) -> None:
    """List roles, who has them, and how many open tasks are assigned to each."""
    from taskwatch.actions import roles

    found = roles.roles(session.store(create=False))
    if session.json:
        output.emit(found)
    elif found:
        rows = [(each["name"], ", ".join(map(str, each["members"])), each["open_tasks"]) for each in found]
        output.table(rows, ("role", "users", "open tasks"))
    else:
        output.say("There are no roles.")


def _spell(done: "Membership", changed: str, unchanged: str) -> str:
    return f"user {done['user_id']} {changed if done['changed'] else unchanged} the role {done['role_name']}"
