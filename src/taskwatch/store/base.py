"""What the floors above ask of a database: a store that opens transactions, and the transaction."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

APPLICATION_ID = 0x7461_736B  # "task"
SCHEMA_VERSION = 1

Record = TypeVar("Record", bound=tuple[Any, ...])
Level = Literal["ok", "warn", "fail"]


class Finding(NamedTuple):
    """What an examination found in one place: how bad it is, in a sentence, and how to mend it."""

    name: str
    level: Level
    message: str
    fix: str | None = None


class Description(NamedTuple):
    """A database as its engine sees it; `journal_mode` is None for an engine that has no such thing."""

    engine: str
    engine_version: str
    path: str
    size_bytes: int
    schema_version: int
    journal_mode: str | None


class Tx(Protocol):
    """One transaction. A question is named `file.heading`, as in `tasks.by_id`; its values go by name."""

    def one(self, record: type[Record], name: str, /, **values: Any) -> Record | None:
        """The first row as a record, or None."""
        ...

    def all(self, record: type[Record], name: str, /, **values: Any) -> list[Record]:
        """Every row as a record."""
        ...

    def stream(self, record: type[Record], name: str, /, **values: Any) -> Iterator[Record]:
        """Row after row, for what may not fit in memory. Read it to the end: it holds the snapshot."""
        ...

    def value(self, name: str, /, **values: Any) -> Any:
        """The first column of the first row, or None."""
        ...

    def run(self, name: str, /, **values: Any) -> int:
        """Change rows; how many were changed."""
        ...

    def many(self, name: str, rows: Iterable[Mapping[str, Any] | tuple[Any, ...]]) -> None:
        """Run one question for each of many rows."""
        ...


class Upkeep(Protocol):
    """The care of a database, outside of any transaction and differently for every engine."""

    def describe(self) -> Description:
        """Engine, place, size and versions."""
        ...

    def examine(self, *, full: bool = False) -> Iterator[Finding]:
        """What could go wrong with the engine, the place and the bytes; `full` reads every index, too."""
        ...

    def backup(self, target: str, *, force: bool = False, told: Callable[[int, int], None]) -> int:
        """Copy one snapshot to a new file and verify it; its size. `told` hears (pages done, pages in all).

        Raises:
            Conflict: the file is there already, and not `force`.
            InvalidInput: the file is the database itself.
            StoreUnusable: the copy is not sound; nothing was replaced.
        """
        ...

    def set_journal(self, mode: str) -> str:
        """Use `wal`, `truncate` or, by `auto`, what suits this engine's version; the mode now in force.

        Raises:
            Unavailable: another process uses the database.
        """
        ...

    def vacuum(self) -> None:
        """Give unused space back to the disk."""
        ...


class Store(Protocol):
    """A database. Transactions do not nest. `steps` are the migrations that opening it applied."""

    url: str
    steps: list[str]

    def read(self) -> AbstractContextManager[Tx]:
        """A transaction that sees one snapshot and changes nothing."""
        ...

    def snapshot(self) -> AbstractContextManager[Tx]:
        """A transaction that sees one snapshot for as long as it likes and holds no writer up."""
        ...

    def write(self, *, dry_run: bool = False) -> AbstractContextManager[Tx]:
        """A transaction that is kept when the block ends well, and undone when it raises or for a dry run."""
        ...

    def upkeep(self) -> Upkeep:
        """What takes care of it."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...
