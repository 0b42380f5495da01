"""`taskwatch plugins new`: a package to begin with."""

import click

from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.session import Session, pass_session


@command(
    "new",
    shape="taskwatch.actions.skeleton:WrittenShape",
    examples=["taskwatch plugins new matrix", "taskwatch plugins new matrix --in ~/src --json"],
)
@click.argument("name")
@click.option("--in", "parent", default=".", type=click.Path(), metavar="FOLDER", help="Where to write it.")
@pass_session
def new(session: Session, name: str, parent: str) -> None:
    """Write a package taskwatch-NAME with a channel that works and tests that pass, into a new folder."""
    from taskwatch.actions import skeleton

    written = skeleton.write(name, parent)
    if session.json:
        output.emit(written)
        return
    for path in written["files"]:
        output.text(path)
    output.say(f"Next: pip install -e '{written['folder']}[test]' && pytest {written['folder']}")
