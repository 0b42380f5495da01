"""The verbs of `taskwatch db`."""

from typing import Any

import click

from taskwatch.actions import retention, upkeep
from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.db.bar import Bar
from taskwatch.cli.session import Session, pass_session

_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000


@command(
    "info",
    examples=["taskwatch db info", "taskwatch db info --json"],
    shape="taskwatch.actions.upkeep:Info",
)
@pass_session
def info(session: Session) -> None:
    """Show where the database is, how large, and what is in it."""
    known = upkeep.describe(session.store(create=False))
    if session.json:
        output.emit(known)
        return
    facts: dict[str, Any] = {**known, **{f"rows in {table}": rows for table, rows in known["rows"].items()}}
    del facts["rows"]
    for name, fact in facts.items():
        output.text(f"{name.replace('_', ' '):<24}{fact}")


@command(
    "backup",
    examples=["taskwatch db backup taskwatch-monday.db", "taskwatch db backup --force /backup/taskwatch.db"],
    shape="taskwatch.actions.upkeep:BackedUp",
)
@click.argument("file", type=click.Path())
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@pass_session
def backup(session: Session, file: str, force: bool) -> None:
    """Copy the database to FILE, and verify the copy.

    It may be in use meanwhile. The copy is one moment's state, complete in one file that only you can read.
    Never copy the database with cp: that can lose what others are writing.
    """
    with Bar("Copying") as bar:
        done = upkeep.backup(session.store(create=False), file, force=force, told=bar.reach)
    if session.json:
        output.emit(done)
    else:
        output.text(f"{done['path']}: {done['size_bytes']} bytes, verified")


@command(
    "migrate",
    examples=["taskwatch db migrate", "taskwatch db migrate --pre", "taskwatch db migrate --journal auto"],
    shape="taskwatch.actions.upkeep:Migrated",
)
@click.option("--pre", "half", flag_value="pre", help="Only add what this version needs.")
@click.option("--post", "half", flag_value="post", help="Only take away what the version before needed.")
@click.option(
    "--journal",
    type=click.Choice(["wal", "truncate", "auto"]),
    help="Switch SQLite's journal; auto is wal where this SQLite is free of the WAL-reset bug.",
)
@pass_session
def migrate(session: Session, half: str | None, journal: str | None) -> None:
    """Upgrade the database's schema to this version of taskwatch, or switch its journal.

    A step has two halves. While machines are upgraded one by one, run it with --pre before the first and
    with --post after the last: in between, this version and the one before work side by side. Without either
    it does both. A command that changes something adds what it lacks by itself, if it may; back up first.
    """
    done = upkeep.migrate(session.store(create=half != "post"), journal, finish=half != "pre")
    if session.json:
        output.emit(done)
        return
    steps = ", ".join(done["applied"]) or "nothing to do"
    journaling = f", journal {done['journal_mode']}" if done["journal_mode"] else ""
    output.text(f"{steps}: schema {done['schema_version']}{journaling}")


@command(
    "vacuum",
    examples=["taskwatch db prune --events-older-than 90d && taskwatch db vacuum"],
    shape="taskwatch.actions.upkeep:Vacuumed",
)
@pass_session
def vacuum(session: Session) -> None:
    """Give unused space back to the disk; others wait meanwhile, and it needs as much space again."""
    done = upkeep.vacuum(session.store(create=False))
    if session.json:
        output.emit(done)
    else:
        output.text(f"{done['path']}: {done['size_before_bytes']} bytes, now {done['size_after_bytes']}")


@command(
    "prune",
    examples=["taskwatch db prune --events-older-than 90d --dry-run", "taskwatch db prune"],
    shape="taskwatch.actions.retention:PrunedShape",
)
@click.option(
    "--events-older-than", metavar="DURATION",
    help="Forget events of before; by default retention.events_days of the configuration.",
)  # fmt: skip
@click.option("-n", "--dry-run", is_flag=True, help="Only say how much it would forget.")
@pass_session
def prune(session: Session, events_older_than: str | None, dry_run: bool) -> None:
    """Forget old events, idempotency keys, tries to deliver, deliveries that ended, and read messages.

    What could not be delivered stays until it is discarded, and the last status event of every task, too: it
    proves the task's present state.
    """
    store = session.store(create=False)
    before, keys_before = _events_before(session, events_older_than), _keys_before(session)
    if dry_run:
        done, _ = upkeep.prunable(store, before, keys_before)
    else:
        done = upkeep.prune(store, before, keys_before)
    told = retention.forget(store, session.now, retention.keep(session.config), dry_run=dry_run)
    if session.json:
        output.emit({**done, **told})
        return
    verb = "would forget" if dry_run else "forgot"
    output.text(f"{verb} {done['events']} events and {done['idempotency_keys']} idempotency keys")
    if any(told.values()):
        output.text(
            f"{verb} {told['attempts']} tries, {told['deliveries']} deliveries"
            f" and {told['notifications']} messages"
        )


def _events_before(session: Session, duration: str | None) -> int | None:
    """The instant before which events are forgotten; None keeps all of them."""
    if duration is not None:
        from taskwatch.model.times import parse_duration

        return session.now - parse_duration(duration) * 1000
    days = session.config.number("retention.events_days")
    return session.now - days * _DAY_MS if days else None


def _keys_before(session: Session) -> int:
    return session.now - session.config.number("retention.idempotency_hours") * _HOUR_MS
