"""The record table by table: every row as it is kept, for a dump and from one."""

from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, NamedTuple

from taskwatch.errors import InvalidFile
from taskwatch.store.base import BrokenRow, Tx

# Nothing that lets anybody in is in a dump, nor how a channel does at the moment.
LEFT_OUT = ("credentials", "channel_states")
SECRETS = ("pusher_secret", "link_secret")

# What a row refers to comes before it.
TABLES = (
    "meta", "users", "user_roles", "workflow_types", "workflows", "tasks", "dependencies", "assignments",
    "ledger", "cycles", "alerts", "events", "idempotency", "imported",
    "notifications", "deliveries", "attempts", "contacts", "preferences", "quiet_hours", "acknowledgements",
    "mutes",
)  # fmt: skip

# What a move takes: all there is.
MOVED = (*TABLES, *LEFT_OUT)

Numbered = tuple[int, dict[str, Any]]


class Column(NamedTuple):
    """A column; `type` is INTEGER or TEXT, `required` is 1 where null is not possible."""

    name: str
    type: str
    required: int


def columns(tx: Tx, table: str) -> list[Column]:
    """The columns of a table, in order."""
    return tx.all(Column, "dump.columns", table=table)


def rows(tx: Tx, table: str) -> Iterator[tuple[Any, ...]]:
    """Every row of a table, in the order of its primary key."""
    return tx.stream(tuple, f"dump.{table}")


def moved(tx: Tx, table: str) -> Iterator[tuple[Any, ...]]:
    """Every row of a table that a move takes, secrets too, in the order of its primary key."""
    return tx.stream(tuple, "dump.moved_meta") if table == "meta" else rows(tx, table)


def add(tx: Tx, table: str, numbered: Iterator[Numbered]) -> None:
    """Insert rows of successive lines, each with the number of its own; there is one at least.

    Raises:
        InvalidFile: a row breaks a rule of the database; the message names its line.
    """
    first, *_ = ahead = list(islice(numbered, 1))
    rows = (row for _line, row in chain(ahead, numbered))
    try:
        tx.many(f"dump.add_{table}", rows)
    except BrokenRow as broken:
        line = first[0] + broken.number
        if isinstance(broken.__cause__, UnicodeEncodeError):
            raise InvalidFile(f"line {line} holds half a character") from broken
        raise InvalidFile(f"line {line} breaks a rule of the database: {broken.rule}") from broken


def counters(tx: Tx) -> list[tuple[str, int]]:
    """The tables that count by themselves and gave an id out, each with the last one."""
    return tx.all(tuple, "dump.counters")


def put_back(tx: Tx, before: list[tuple[str, int]]) -> None:
    """Let every table go on as before: what is undone does not undo its counters on every engine."""
    for table, _ in counters(tx):
        tx.run("dump.unset_counter", table=table)
    for table, last in before:
        set_counter(tx, table, last)


def set_counter(tx: Tx, table: str, last: int) -> None:
    """Let a table go on with the ids behind this one."""
    if not tx.run("dump.set_counter", table=table, last=last):
        tx.run("dump.add_counter", table=table, last=last)
