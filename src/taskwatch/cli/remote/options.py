"""The options of commands that can ask a server in place of the local database."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from taskwatch.cli.session import Session
from taskwatch.errors import InvalidInput

if TYPE_CHECKING:
    from taskwatch.cli.remote.link import Server

Callback = Callable[..., None]


def server_options(callback: Callback) -> Callback:
    """The options --server and --token-file; they set the keys server.url and server.token_file."""
    for name, metavar, about in (
        ("--token-file", "FILE", "The token for that server, in a file that only you can read."),
        ("--server", "URL", "Ask this taskwatch server, not the database."),
    ):
        option = click.option(name, metavar=metavar, help=about, expose_value=False, callback=_note)
        callback = option(callback)
    return callback


def find_server(session: Session) -> "Server | None":
    """The server to ask, None for the database; --db goes before a configured server.

    Raises:
        InvalidInput: both --server and --db were given.
        InvalidConfig: the address is none, or the token file may not be used.
    """
    if "server" in session.flags and "db" in session.flags:
        raise InvalidInput("--server and --db exclude each other", hint="leave one of them out")
    url = "" if "db" in session.flags else session.config.text("server.url")
    if not url:
        return None
    from taskwatch.cli.remote.link import Server
    from taskwatch.config.net import parse_url
    from taskwatch.config.secret import read_secret

    token = read_secret(session.config, "server.token_file", session.environ)
    return Server(parse_url(url), token)


def _note(ctx: click.Context, option: click.Parameter, value: Any) -> None:
    if not value:
        return
    if "@" in value and option.name == "server":  # not shown: it may hold a password
        raise InvalidInput(
            "the address of a server may not hold a user or a password",
            hint="keep the token in a file and name it with --token-file",
        )
    ctx.ensure_object(Session).note(option.opts[0].removeprefix("--"), value)
