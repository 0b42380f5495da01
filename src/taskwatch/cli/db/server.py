"""`taskwatch db grants`: what a server's database needs beside."""

import click

from taskwatch.actions import upkeep
from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.session import Session, pass_session


@command(
    "grants",
    examples=[
        "taskwatch db grants taskwatch_daemon",
        "taskwatch db grants taskwatch_daemon | psql postgresql://owner@db.example.org/work",
    ],
    shape="taskwatch.actions.upkeep:Grants",
)
@click.argument("role")
@pass_session
def grants(session: Session, role: str) -> None:
    """Print the SQL that lets ROLE do what daemons and commands do, and no more.

    It changes nothing: the owner of the PostgreSQL database runs what is printed. The role may read and write
    rows, but neither make nor change tables: migrating stays with the owner.
    """
    done = upkeep.grants(session.store(create=False), role)
    if session.json:
        output.emit(done)
        return
    for statement in done["statements"]:
        output.text(statement)
