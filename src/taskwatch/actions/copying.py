"""A living database moved to another place or engine: all of it or nothing, and proved to be the same.

Nobody writes at either end meanwhile, so nothing is left behind. Unlike a dump it takes tokens and secrets
along; the copy is another event log, so that who followed the old one begins anew.
"""

import hashlib
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple, TypedDict

from taskwatch.actions.upkeep import carry_cursor
from taskwatch.errors import Conflict, InvalidInput, StoreUnusable
from taskwatch.store import Store, Tx
from taskwatch.store import dump as tables
from taskwatch.store.address import shown
from taskwatch.store.base import BrokenRow

BATCH = 1_000

Told = Callable[[int, int], None]


class TableCopied(TypedDict):
    """A table of which both sides hold the same rows: how many, and the SHA-256 of all of them in order."""

    name: str
    rows: int
    digest: str


class Copied(TypedDict):
    """A database that was moved; `epoch` is the new name of its event log."""

    source: str
    target: str
    epoch: str
    rows: int
    tables: list[TableCopied]


class _Content(NamedTuple):
    rows: int
    digest: str


def copy(source: Store, target: Store, told: Told) -> Copied:
    """Copy everything and prove it; `told` hears (done, in all): each row counts twice, as it is read again.

    Raises:
        Conflict: the target is not empty.
        StoreUnusable: the two have different schemas, or the copy is not the same; the target stays empty.
        InvalidInput: a text that the target's engine cannot keep.
    """
    _check_empty(target)
    with (
        source.upkeep().at_leisure(), target.upkeep().at_leisure(),
        source.write(dry_run=True) as old, target.write() as new,
    ):  # fmt: skip
        _check_empty_within(target, new)
        _check_schemas(old, new)
        move = _Move(old, new, told)
        done = [move.table(name) for name in tables.MOVED]
        _move_counters(old, new)
        epoch = new.value("events.epoch")
        if cursor := old.value("planning.cursor"):
            new.run("planning.set_cursor", value=cursor)
        carry_cursor(new, old.value("events.epoch"), epoch)
    return {
        "source": shown(source.url),
        "target": shown(target.url),
        "epoch": epoch,
        "rows": sum(table["rows"] for table in done),
        "tables": done,
    }


def _check_empty(target: Store) -> None:
    with target.read() as tx:
        _check_empty_within(target, tx)


def _check_empty_within(target: Store, tx: Tx) -> None:
    if tx.value("dump.size") or tx.value("dump.left_out"):
        raise Conflict(f"{shown(target.url)} is not empty", hint="name a new database")


def _check_schemas(old: Tx, new: Tx) -> None:
    for name in tables.MOVED:
        if [c.name for c in tables.columns(old, name)] != [c.name for c in tables.columns(new, name)]:
            raise StoreUnusable(
                f"the two databases have different schemas: {name}", hint="migrate both: taskwatch db migrate"
            )


class _Move:
    """Table after table, each written and read again."""

    def __init__(self, old: Tx, new: Tx, told: Told) -> None:
        self._old = old
        self._new = new
        self._told = told
        self._done = 0
        self._total = 2 * (old.value("dump.size") + old.value("dump.left_out"))

    def table(self, name: str) -> TableCopied:
        there = self._read(tables.moved(self._old, name), lambda batch: self._write(name, batch))
        here = self._read(tables.moved(self._new, name), lambda _batch: None)
        if there != here:
            raise StoreUnusable(
                f"the copy of {name} is not the same: {there.rows} rows there, {here.rows} here",
                hint="nothing was kept; report this as a fault",
            )
        return {"name": name, "rows": here.rows, "digest": here.digest}

    def _read(
        self, rows: Iterator[tuple[Any, ...]], use: Callable[[list[tuple[Any, ...]]], None]
    ) -> _Content:
        count, digest = 0, hashlib.sha256()
        while batch := list(islice(rows, BATCH)):
            use(batch)
            for row in batch:
                digest.update(repr(row).encode())
            count += len(batch)
            self._done += len(batch)
            self._told(self._done, self._total)
        return _Content(count, digest.hexdigest())

    def _write(self, name: str, batch: list[tuple[Any, ...]]) -> None:
        columns = [column.name for column in tables.columns(self._new, name)]
        try:
            self._new.many(f"dump.add_{name}", [dict(zip(columns, row, strict=True)) for row in batch])
        except InvalidInput as error:
            raise InvalidInput(f"a row of {name} cannot be kept: {error.message}", hint=error.hint) from error
        except BrokenRow as error:
            raise InvalidInput(f"a row of {name} cannot be kept: {error.rule}") from error


def _move_counters(old: Tx, new: Tx) -> None:
    for table, last in old.all(tuple, "dump.counters"):
        if last:
            tables.set_counter(new, table, last)
