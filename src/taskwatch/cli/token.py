"""`taskwatch token`: the keys that people and programs come in with."""

from typing import TYPE_CHECKING, TypedDict

import click

from taskwatch.cli import output
from taskwatch.cli.changing import answer, changes
from taskwatch.cli.command import command
from taskwatch.cli.lazy import LazyGroup
from taskwatch.cli.session import Session, pass_session
from taskwatch.cli.wording import when
from taskwatch.errors import InvalidInput
from taskwatch.model.names import MAX_INTEGER

if TYPE_CHECKING:
    from taskwatch.actions.change import Change
    from taskwatch.actions.tokens import TokenShape

_HERE = "taskwatch.cli.token"

token = LazyGroup(
    "token",
    {
        "create": (f"{_HERE}:create", "Make a token, and print its secret once.", "Change"),
        "revoke": (f"{_HERE}:revoke", "End a token and all that came in by it.", "Change"),
        "list": (f"{_HERE}:list_", "List tokens and what they may do.", "Look"),
        "pusher": (f"{_HERE}:pusher", "Print id, key and secret of the Pusher app.", "Look"),
    },
    help=(
        "Create and revoke the tokens of the server. Before the first one is made, whoever sits at this "
        "machine may do everything; from then on, nobody comes in without."
    ),
    examples=["taskwatch token create --name ci --admin > ci.token", "taskwatch token list"],
)

_TOKEN = "taskwatch.actions.tokens:TokenShape"  # noqa: S105  the name of a shape


class PusherShape(TypedDict):
    """What a server SDK of the Pusher protocol is configured with."""

    app_id: str
    key: str
    secret: str
    encryption_master_key_base64: str


@command(
    "create",
    shape="taskwatch.actions.tokens:CreatedToken",
    examples=[
        "taskwatch token create --name dana --user 5 > dana.token",
        "taskwatch token create --name screen --workflow bc --expires never",
        "taskwatch token create --name ci --admin --expires 30d --json",
    ],
)
@click.option("--name", metavar="NAME", help="What to call it.")
@click.option(
    "--user", "user_id", type=click.IntRange(1, MAX_INTEGER), help="Whose it is; it has their roles."
)
@click.option("--role", "roles", multiple=True, metavar="ROLE", help="A role it has; repeatable.")
@click.option("--admin", is_flag=True, help="It may do everything.")
@click.option(
    "--workflow", "workflows", multiple=True, metavar="TYPE", help="See this type alone; repeatable."
)
@click.option(
    "--expires", default="90d", show_default=True, metavar="WHEN", help="After 30d, never, or at a time."
)
@changes("by", "reason")
def create(  # noqa: PLR0917  the options, by name
    session: Session,
    change: "Change",
    /,
    name: str | None,
    user_id: int | None,
    roles: tuple[str, ...],
    admin: bool,
    workflows: tuple[str, ...],
    expires: str,
) -> None:
    """Make a token. Its secret goes to stdout, once: it is kept nowhere."""
    from taskwatch.actions import tokens

    life_ms = _life_ms(session, expires)
    wanted = tokens.NewToken(name, user_id, roles, workflows or None, admin, life_ms)
    made = tokens.create(session.store(), wanted, change)
    if session.json:
        output.emit(made)
        return
    output.text(made["secret"])
    output.say(f"token {made['id']} {_describe(made)}, until {made['expires_at'] or 'it is revoked'};")
    output.say("its secret is not shown again")


@command(
    "revoke",
    shape=_TOKEN,
    examples=["taskwatch token revoke 3", "taskwatch token revoke ci --reason 'the runner is gone'"],
)
@click.argument("ref", metavar="TOKEN")
@changes("by", "reason", "dry_run")
def revoke(session: Session, change: "Change", ref: str) -> None:
    """End a token, named by its id or name, and the sessions and streams that came in by it."""
    from taskwatch.actions import tokens

    done = tokens.revoke(session.store(create=False), ref, change)
    answer(session, done, [f"revoke token {done['id']}: {_describe(done)}"], change)


@command(
    "list",
    shape=f"list[{_TOKEN}]",
    examples=["taskwatch token list", "taskwatch token list --all --json"],
)
@click.option("--all", "everything", is_flag=True, help="Those too that are revoked or expired.")
@pass_session
def list_(session: Session, everything: bool) -> None:
    """List tokens and what they may do; never their secrets."""
    from taskwatch.actions import tokens

    known = tokens.list_(session.store(create=False), session.now)
    found = [each for each in known if everything or each["state"] == "active"]
    if session.json:
        output.emit(found)
    elif found:
        headers = ("id", "name", "state", "may", "expires", "last used")
        output.table([_row(session, each) for each in found], headers)
    else:
        output.say("There are no such tokens.")


@command(
    "pusher",
    shape="taskwatch.cli.token:PusherShape",
    examples=["taskwatch token pusher", "taskwatch token pusher --json"],
)
@pass_session
def pusher(session: Session) -> None:
    """Print what a server SDK of the Pusher protocol is configured with.

    The secret is that of pusher.secret_file, else one that is made at its first use and kept in the database.
    """
    import base64

    from taskwatch.actions import tokens
    from taskwatch.config.secret import read_secret
    from taskwatch.server.pusher.sealing import master_key

    config = session.config
    secret = read_secret(config, "pusher.secret_file", session.environ) or tokens.app_secret(session.store())
    found: PusherShape = {
        "app_id": config.text("pusher.app_id"),
        "key": config.text("pusher.key"),
        "secret": secret,
        "encryption_master_key_base64": base64.b64encode(master_key(secret.encode())).decode(),
    }
    if session.json:
        output.emit(found)
        return
    for name, value in found.items():
        output.text(f"{name:<29} {value}")


def _life_ms(session: Session, text: str) -> int | None:
    """`30d` or a time to come, in ms from now; None for never."""
    from taskwatch.model.times import parse_duration

    if text == "never":
        return None
    try:
        return parse_duration(text) * 1000
    except InvalidInput:
        return session.at(text) - session.now


def _describe(found: "TokenShape") -> str:
    """`ci: admin`; what it may do, in a few words."""
    rights = [
        "admin" if found["admin"] else None,
        f"user:{found['user_id']}" if found["user_id"] else None,
        *(f"role:{role}" for role in found["roles"]),
        f"only {', '.join(found['workflows'])}" if found["workflows"] else None,
    ]
    named = f"{found['name']}: " if found["name"] else ""
    return named + (", ".join(filter(None, rights)) or "may look")


def _row(session: Session, found: "TokenShape") -> tuple[output.Cell, ...]:
    may = _describe({**found, "name": None})
    used = when(session, found["last_used_at"])
    return found["id"], found["name"], found["state"], may, found["expires_at"] or "never", used
