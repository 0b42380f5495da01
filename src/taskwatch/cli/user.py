"""`taskwatch user`: the people who hold tasks."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import click

from taskwatch.cli import output
from taskwatch.cli.changing import answer, changes
from taskwatch.cli.command import command
from taskwatch.cli.lazy import LazyGroup
from taskwatch.cli.session import Session, pass_session
from taskwatch.cli.wording import when
from taskwatch.errors import InvalidFile
from taskwatch.model.names import MAX_INTEGER

if TYPE_CHECKING:
    from taskwatch.actions.change import Change
    from taskwatch.actions.people import UserShape

_HERE = "taskwatch.cli.user"

user = LazyGroup(
    "user",
    {
        "add": (f"{_HERE}:add", "Add a user.", "Change"),
        "edit": (f"{_HERE}:edit", "Change what is known of a user.", "Change"),
        "remove": (f"{_HERE}:remove", "Remove a user, and hand their open tasks over.", "Change"),
        "import": (f"{_HERE}:import_", "Add and change many users from NDJSON.", "Change"),
        "list": (f"{_HERE}:list_", "List users and their roles.", "Look"),
        "show": (f"{_HERE}:show", "Show a user and their open tasks.", "Look"),
        "contact": ("taskwatch.cli.contact:contact", "Keep where a user is reached.", "Notify"),
        "prefer": ("taskwatch.cli.prefer:prefer", "Keep what a user wants to be told.", "Notify"),
        "quiet": ("taskwatch.cli.prefer:quiet", "Keep when a user is left alone.", "Notify"),
    },
    help="Keep the people who hold tasks. A user is named by their id, a number.",
    examples=["taskwatch user add dana --role dispatcher", "taskwatch user list"],
)

_USER = "taskwatch.actions.people:UserShape"
_CHANGE = ("by", "at", "reason", "key", "dry_run")
_user_id = click.argument("user_id", type=click.IntRange(1, MAX_INTEGER), metavar="USER")


@command(
    "add",
    shape=_USER,
    examples=[
        "taskwatch user add dana --email dana@example.com --timezone Europe/Paris",
        "taskwatch user add eli --id 5 --role dispatcher --role driver",
    ],
)
@click.argument("name")
@click.option("--id", type=click.IntRange(1, MAX_INTEGER), help="Their id; without it, the next free number.")
@click.option("--email", metavar="ADDRESS", help="Where to write to them.")
@click.option("--timezone", metavar="ZONE", help="Their time zone, such as Europe/Paris.")
@click.option("--admin", is_flag=True, help="They may do everything.")
@click.option("--role", "roles", multiple=True, metavar="ROLE", help="A role of theirs; repeatable.")
@changes(*_CHANGE)
def add(session: Session, change: "Change", /, **wanted: Any) -> None:
    """Add a user."""
    from taskwatch.actions.people import NewUser
    from taskwatch.actions.people import add as add_user

    done = add_user(session.store(), NewUser(**wanted), change)
    answer(session, done, [f"add user {done['id']}: {done['name']}"], change)


@command(
    "edit",
    shape=_USER,
    examples=["taskwatch user edit 5 --timezone Asia/Tokyo", "taskwatch user edit 5 --no-email --no-admin"],
)
@_user_id
@click.option("--name", help="Another name.")
@click.option("--email", metavar="ADDRESS", help="Another address.")
@click.option("--no-email", is_flag=True, help="Forget their address.")
@click.option("--timezone", metavar="ZONE", help="Another time zone.")
@click.option("--no-timezone", is_flag=True, help="Forget their time zone.")
@click.option("--admin/--no-admin", default=None, help="Whether they may do everything.")
@changes(*_CHANGE)
def edit(session: Session, change: "Change", user_id: int, **wanted: Any) -> None:
    """Change what is known of a user; what is not named stays as it is."""
    from taskwatch.actions import people

    done = people.edit(session.store(create=False), user_id, _edited(wanted), change)
    answer(session, done, [f"user {done['id']} is {_describe(done)}"], change)


@command(
    "remove",
    shape="taskwatch.actions.departure:Removed",
    examples=[
        "taskwatch user remove 5 --reassign user:6 --dry-run",
        "taskwatch user remove 5 --reassign role:dispatcher",
        "taskwatch user remove 5 --force-unassign",
    ],
)
@_user_id
@click.option("--reassign", metavar="WHO", help="Who gets their open tasks: user:6 or role:dispatcher.")
@click.option(
    "--force-unassign", is_flag=True, help="Take their open tasks from them and give them to nobody."
)
@changes(*_CHANGE)
def remove(
    session: Session, change: "Change", user_id: int, reassign: str | None, force_unassign: bool
) -> None:
    """Remove a user; what they did stays in the record. Refused while open tasks wait for them."""
    from taskwatch.actions import departure
    from taskwatch.model import assignment

    if reassign and force_unassign:
        raise click.UsageError("--reassign and --force-unassign exclude each other")
    heir = None if reassign is None else assignment.parse(reassign)
    store = session.store(create=False)
    done = departure.remove(store, user_id, change, heir=heir, unassign=force_unassign)
    fate = "unassign" if heir is None else f"reassign to {heir}:"
    lines = [*(f"{fate} {code}" for code in done["open_tasks"]), f"remove user {user_id}: {done['name']}"]
    answer(session, done, lines, change)


@command(
    "import",
    shape="taskwatch.actions.people:Imported",
    examples=[
        "taskwatch user import people.ndjson --dry-run",
        """echo '{"id": 5, "name": "dana", "roles": ["driver"]}' | taskwatch user import -""",
    ],
)
@click.argument("path", metavar="FILE")
@changes("by", "at", "reason", "key", "dry_run")
def import_(session: Session, change: "Change", path: str) -> None:
    """Add and change users until each is as its line of JSON says, all of them or none.

    A line has an id and a name, and may have email, timezone, admin and roles; a field that is not
    named stays as it is. Importing the same lines again changes nothing.
    """
    from taskwatch.actions import people, roster

    with _open_lines(path) as (lines, name):
        wanted = roster.read_users(lines, name)
    done = people.import_users(session.store(), wanted, change)
    counts = f"{done['added']} added, {done['changed']} changed, {done['unchanged']} as they were"
    answer(session, done, [counts], change)


@command(
    "list",
    shape=f"list[{_USER}]",
    examples=["taskwatch user list", "taskwatch user list --role dispatcher --json"],
)
@click.option("--role", metavar="ROLE", help="Who has this role.")
@pass_session
def list_(session: Session, role: str | None) -> None:
    """List users and their roles."""
    from taskwatch.actions import people

    found = people.users(session.store(create=False), role)
    if session.json:
        output.emit(found)
    elif found:
        output.table(map(_row, found), ("id", "name", "e-mail", "time zone", "admin", "roles"))
    else:
        output.say("There are no such users.")


@command(
    "show",
    shape="taskwatch.actions.people:Person",
    examples=["taskwatch user show 5", "taskwatch user show 5 --json"],
)
@_user_id
@pass_session
def show(session: Session, user_id: int) -> None:
    """Show a user and the open tasks that wait for them."""
    from taskwatch.actions import people

    found = people.person(session.store(create=False), user_id)
    if session.json:
        output.emit(found)
        return
    output.text(output.style(f"user {found['id']}", "bold"), f"  {_describe(found)}")
    output.text(f"added {when(session, found['created_at'])}")
    for code in found["open_tasks"]:
        output.text(f"  {code}")


def _edited(wanted: dict[str, Any]) -> dict[str, Any]:
    """The fields to change. A field cannot be set and forgotten at once."""
    fields = {
        name: wanted[name] for name in ("name", "email", "timezone", "admin") if wanted[name] is not None
    }
    for name in ("email", "timezone"):
        if wanted[f"no_{name}"]:
            if name in fields:
                raise click.UsageError(f"--{name} and --no-{name} exclude each other")
            fields[name] = None
    if not fields:
        raise click.UsageError("nothing to change was named")
    return fields


@contextmanager
def _open_lines(path: str) -> Iterator[tuple[IO[bytes], str]]:
    if path == "-":
        yield sys.stdin.buffer, "<stdin>"
        return
    try:
        file = open(path, "rb")  # noqa: SIM115 - closed below; a failure to open is told apart from one inside
    except OSError as error:
        hint = "check the path and its rights"
        raise InvalidFile(f"{path} cannot be read: {error.strerror}", hint=hint, path=path) from None
    with file:
        yield file, path


def _describe(found: "UserShape") -> str:
    facts = (found["name"], found["email"], found["timezone"], "admin" if found["admin"] else None)
    return ", ".join([*filter(None, facts), *(f"role:{role}" for role in found["roles"])])


def _row(found: "UserShape") -> tuple[output.Cell, ...]:
    admin = "yes" if found["admin"] else None
    roles = ", ".join(found["roles"])
    return found["id"], found["name"], found["email"], found["timezone"], admin, roles
