"""`taskwatch db copy` and `epoch`: another place, another event log."""

from contextlib import closing
from typing import TYPE_CHECKING

import click

from taskwatch.actions import copying, upkeep
from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.db.bar import Bar
from taskwatch.cli.session import Session, pass_session
from taskwatch.errors import Conflict

if TYPE_CHECKING:
    from taskwatch.store import Store


@command(
    "copy",
    examples=[
        "taskwatch db copy ~/.local/share/taskwatch/taskwatch.db postgresql://db.example.org/work",
        "taskwatch db copy --live taskwatch.db rehearsal.db",
    ],
    shape="taskwatch.actions.copying:Copied",
)
@click.argument("source")
@click.argument("target")
@click.option("--live", is_flag=True, help="Copy while daemons run: what they do afterwards stays behind.")
@pass_session
def copy(session: Session, source: str, target: str, live: bool) -> None:
    """Copy the database SOURCE to TARGET, which is new or empty, and prove that both hold the same.

    Either is the path of a SQLite file or a postgresql:// URL. Nobody can write at either end until it is
    done. Tokens and secrets go along. The copy has a new epoch, so that clients that reconnect begin anew.
    It copies everything, or nothing.

    Stop the daemons first, and start them with the new database: it refuses while one runs, unless --live.
    """
    with closing(_open(session, source, create=False)) as old:
        if not live:
            _check_idle(old)
        with closing(_open(session, target, create=True)) as new, Bar("Moving") as bar:
            done = copying.copy(old, new, bar.reach)
    if session.json:
        output.emit(done)
        return
    output.text(f"{done['target']}: {done['rows']} rows in {len(done['tables'])} tables, proved the same")
    output.say(f"set the database of daemons and commands to {done['target']}")


@command(
    "epoch",
    examples=["taskwatch db epoch", "taskwatch db epoch --renew"],
    shape="taskwatch.actions.upkeep:Epoch",
)
@click.option("--renew", is_flag=True, help="Give the log a new name, after a backup was restored.")
@pass_session
def epoch(session: Session, renew: bool) -> None:
    """Show the epoch, the name of the event log that every cursor begins with.

    A database that was restored from a backup lacks events that clients may have seen. Renew its epoch before
    daemons start: then clients are told to begin anew, and none takes a new event for an old one.
    """
    store = session.store(create=False)
    done = upkeep.renew_epoch(store) if renew else upkeep.epoch(store)
    if session.json:
        output.emit(done)
    else:
        output.text(done["epoch"])


def _open(session: Session, url: str, *, create: bool) -> "Store":
    from taskwatch.config.places import expand
    from taskwatch.store import open_store

    return open_store(url if "://" in url else expand(url, session.environ), create=create)


def _check_idle(store: "Store") -> None:
    from taskwatch.daemon.asking import ask_all

    if ask_all(store.url, "status") or store.upkeep().others():
        raise Conflict(
            "the database to copy is in use, and what is written afterwards would stay behind",
            hint="stop its daemons: taskwatch daemon stop; or copy this moment's state with --live",
        )
