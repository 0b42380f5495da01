"""The record table by table: every row as it is kept, for a dump and from one."""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from taskwatch.errors import InvalidFile
from taskwatch.store.base import Tx

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


def add(tx: Tx, table: str, numbered: Iterable[Numbered]) -> None:
    """Insert rows, each with the number of the line it comes from.

    Raises:
        InvalidFile: a row breaks a rule of the database; the message names its line.
    """
    line = 0

    def told() -> Iterator[dict[str, Any]]:
        nonlocal line
        for line, row in numbered:  # noqa: B007 - the line at which the database stops reading is at fault
            yield row

    try:
        tx.many(f"dump.add_{table}", told())
    except (sqlite3.IntegrityError, sqlite3.DataError) as error:
        raise InvalidFile(f"line {line} breaks a rule of the database: {error}") from error
    except UnicodeEncodeError as error:
        raise InvalidFile(f"line {line} holds half a character") from error


def set_counter(tx: Tx, table: str, last: int) -> None:
    """Let a table go on with the ids behind this one."""
    if not tx.run("dump.set_counter", table=table, last=last):
        tx.run("dump.add_counter", table=table, last=last)
