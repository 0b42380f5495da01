"""Keeping the database: describe it, back it up, migrate it, make it smaller, forget what is old."""

import secrets
from collections.abc import Callable
from typing import TypedDict

from taskwatch.store import Store, Tx

STRETCH = 2_000


class Info(TypedDict):
    """A database. `epoch` changes when its event log is made anew."""

    path: str
    size_bytes: int
    engine: str
    engine_version: str
    schema_version: int
    journal_mode: str | None
    epoch: str
    rows: dict[str, int]


class BackedUp(TypedDict):
    """A backup that was verified."""

    path: str
    size_bytes: int


class Migrated(TypedDict):
    """The steps that were missing, and the journal now in use."""

    applied: list[str]
    schema_version: int
    journal_mode: str | None


class Epoch(TypedDict):
    """The name of the event log, the first part of every cursor, and whether it is new."""

    epoch: str
    renewed: bool


class Grants(TypedDict):
    """What the owner of the database has to run for a role."""

    role: str
    statements: list[str]


class Vacuumed(TypedDict):
    """The size before and after."""

    path: str
    size_before_bytes: int
    size_after_bytes: int


class Pruned(TypedDict):
    """How many events and idempotency keys were (or, in a dry run, would be) forgotten."""

    events: int
    idempotency_keys: int
    dry_run: bool


def describe(store: Store) -> Info:
    """What there is to know about a database."""
    known = store.upkeep().describe()
    with store.read() as tx:
        rows: dict[str, int] = dict(tx.all(tuple, "upkeep.row_counts"))
        epoch: str = tx.value("events.epoch")
    return {
        "path": known.path,
        "size_bytes": known.size_bytes,
        "engine": known.engine,
        "engine_version": known.engine_version,
        "schema_version": known.schema_version,
        "journal_mode": known.journal_mode,
        "epoch": epoch,
        "rows": rows,
    }


def backup(store: Store, target: str, *, force: bool, told: Callable[[int, int], None]) -> BackedUp:
    """Copy the database to a file and verify the copy; `told` hears (pages done, pages in all).

    Raises:
        Conflict: the file is there already, and not `force`.
    """
    size = store.upkeep().backup(target, force=force, told=told)
    return {"path": target, "size_bytes": size}


def migrate(store: Store, journal: str | None = None, *, finish: bool = True) -> Migrated:
    """What opening the store migrated and, to `finish`, the halves that take away what older versions needed.

    `journal` is what to switch to: `wal`, `truncate` or `auto`.
    """
    upkeep = store.upkeep()
    applied = [*store.steps, *(upkeep.migrate() if finish else [])]
    if journal is not None:
        upkeep.set_journal(journal)
    known = upkeep.describe()
    return {
        "applied": applied,
        "schema_version": known.schema_version,
        "journal_mode": known.journal_mode,
    }


def epoch(store: Store) -> Epoch:
    """What the event log is called."""
    with store.read() as tx:
        return {"epoch": tx.value("events.epoch"), "renewed": False}


def renew_epoch(store: Store) -> Epoch:
    """Give the event log a new name: who followed the old one begins anew, but what was planned stays so."""
    with store.write() as tx:
        old, new = tx.value("events.epoch"), secrets.token_hex(4)
        tx.run("events.renew_epoch", epoch=new)
        carry_cursor(tx, old, new)
    return {"epoch": new, "renewed": True}


def carry_cursor(tx: Tx, old: str, new: str) -> None:
    """Let planning go on where it was, in a log whose name alone has changed."""
    epoch, _, seq = str(tx.value("planning.cursor") or "").rpartition("-")
    if epoch == old:
        tx.run("planning.set_cursor", value=f"{new}-{seq}")


def grants(store: Store, role: str) -> Grants:
    """The SQL by which the owner of the database lets a role do what a daemon does, and no more.

    Raises:
        InvalidInput: the engine has no roles.
    """
    return {"role": role, "statements": store.upkeep().grants(role)}


def vacuum(store: Store) -> Vacuumed:
    """Give unused space back to the disk."""
    upkeep = store.upkeep()
    before = upkeep.describe()
    upkeep.vacuum()
    return {
        "path": before.path,
        "size_before_bytes": before.size_bytes,
        "size_after_bytes": upkeep.describe().size_bytes,
    }


def prunable(store: Store, events_before: int | None, keys_before: int) -> tuple[Pruned, int]:
    """What `prune` would forget, and the last event among it. Both instants are ms; None keeps all events."""
    with store.read() as tx:
        count, last = 0, 0
        if events_before is not None:
            count, last = tx.all(tuple, "events.prunable", before=events_before)[0]
        keys = tx.value("events.forgettable", before=keys_before)
    return {"events": count, "idempotency_keys": keys, "dry_run": True}, last or 0


def prune(store: Store, events_before: int | None, keys_before: int) -> Pruned:
    """Forget events and idempotency keys that are older, but nothing that proves a task's present state.

    In stretches, each a transaction of its own, so that others need not wait.
    """
    planned, last = prunable(store, events_before, keys_before)
    events = 0
    if events_before is not None and planned["events"]:
        with store.write() as tx:
            tx.run("events.note_pruned", seq=last)
            first = tx.value("events.first")
        events = _prune_events(store, events_before, first - 1, last)
    with store.write() as tx:
        keys = tx.run("events.forget", before=keys_before)
    return {"events": events, "idempotency_keys": keys, "dry_run": False}


def _prune_events(store: Store, before: int, after: int, last: int) -> int:
    pruned = 0
    for start in range(after, last, STRETCH):
        until = min(start + STRETCH, last)
        with store.write() as tx:
            pruned += tx.run("events.prune", after=start, until=until, before=before)
    return pruned
