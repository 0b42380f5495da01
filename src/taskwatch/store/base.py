"""What the floors above ask of a database: a store that opens transactions, and the transaction."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

from taskwatch.errors import InvalidInput

APPLICATION_ID = 0x7461_736B  # "task"
SCHEMA_VERSION = 1
EVERYTHING = 2**62  # the horizon of a log that is complete as it is

Record = TypeVar("Record", bound=tuple[Any, ...])
Level = Literal["ok", "warn", "fail"]


class BrokenRow(Exception):
    """One of many rows breaks a rule of the database: its number from 0 on, and the engine's words."""

    def __init__(self, number: int, rule: str) -> None:
        super().__init__(f"row {number}: {rule}")
        self.number = number
        self.rule = rule


def half_a_character() -> InvalidInput:
    """What is told of a text that no database keeps, such as one from bytes that are not UTF-8."""
    return InvalidInput("a text holds half a character", hint="give it in UTF-8")


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
    """One transaction. A question is named `file.heading`, as in `tasks.by_id`; its values go by name.

    `alone`: nobody else writes as long as it is open. One that is not alone locks, by the question
    `FILE.hold`, or guards what it depends on.
    """

    alone: bool

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
        """Run one question for each of many rows.

        Raises:
            BrokenRow: one of them cannot be kept.
        """
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
            InvalidInput: the file is the database itself, or the engine has tools of its own.
            StoreUnusable: the copy is not sound; nothing was replaced.
        """
        ...

    def migrate(self) -> list[str]:
        """Finish what opening the database began: take away what only the version before needed.

        Returns:
            The steps applied. Every process that uses the database has to be of this version.
        """
        ...

    def grants(self, role: str) -> list[str]:
        """The statements by which its owner lets a role do what a daemon does, and no more.

        Raises:
            InvalidInput: the engine has no roles.
        """
        ...

    def at_leisure(self) -> AbstractContextManager[None]:
        """Let transactions inside the block last, where the engine would end them."""
        ...

    def others(self) -> int:
        """How many more connections of taskwatch there are, as far as the engine knows."""
        ...

    def set_journal(self, mode: str) -> str:
        """Use `wal`, `truncate` or, by `auto`, what suits this engine's version; the mode now in force.

        Raises:
            Unavailable: another process uses the database.
            InvalidInput: the engine has none to choose.
        """
        ...

    def vacuum(self) -> None:
        """Give unused space back to the disk."""
        ...


class Store(Protocol):
    """A database. Transactions do not nest. `steps` are the migrations that opening it applied.

    `kept` counts the changes that it was told to keep: what failed while it stayed the same changed nothing.
    """

    url: str
    steps: list[str]
    kept: int

    def read(self) -> AbstractContextManager[Tx]:
        """A transaction that sees one snapshot and changes nothing."""
        ...

    def snapshot(self) -> AbstractContextManager[Tx]:
        """A transaction that sees one snapshot for as long as it likes and holds no writer up."""
        ...

    def sandbox(self) -> AbstractContextManager[Tx]:
        """A transaction on a private copy of one snapshot: a forecast may write there, and nothing is kept.

        It has all that alerting and planning need, but nothing of the log that was planned already.
        """
        ...

    def write(self, *, dry_run: bool = False, concurrent: bool = False) -> AbstractContextManager[Tx]:
        """A transaction that is kept when the block ends well, and undone when it raises or for a dry run.

        Nobody else writes meanwhile, unless it is `concurrent` and the engine can do better: see `Tx.alone`.
        """
        ...

    def horizon(self) -> int:
        """The seq up to which the event log is complete: nothing will appear in it at or below."""
        ...

    def now(self) -> int:
        """The time by which all who use the database go, in ms UTC."""
        ...

    def upkeep(self) -> Upkeep:
        """What takes care of it."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...
