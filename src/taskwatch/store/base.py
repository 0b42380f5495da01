"""What the floors above ask of a database: a store that opens transactions, and the transaction."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

Record = TypeVar("Record", bound=tuple[Any, ...])


class Tx(Protocol):
    """One transaction. A question is named `file.heading`, as in `tasks.by_id`; its values go by name."""

    def one(self, record: type[Record], question: str, **values: Any) -> Record | None:
        """The first row as a record, or None."""
        ...

    def all(self, record: type[Record], question: str, **values: Any) -> list[Record]:
        """Every row as a record."""
        ...

    def stream(self, record: type[Record], question: str, **values: Any) -> Iterator[Record]:
        """Row after row, for what may not fit in memory. Read it to the end: it holds the snapshot."""
        ...

    def value(self, question: str, **values: Any) -> Any:
        """The first column of the first row, or None."""
        ...

    def run(self, question: str, **values: Any) -> int:
        """Change rows; how many were changed."""
        ...

    def many(self, question: str, rows: Iterable[Mapping[str, Any] | tuple[Any, ...]]) -> None:
        """Run one question for each of many rows."""
        ...


class Store(Protocol):
    """A database. Transactions do not nest."""

    url: str

    def read(self) -> AbstractContextManager[Tx]:
        """A transaction that sees one snapshot and changes nothing."""
        ...

    def write(self, *, dry_run: bool = False) -> AbstractContextManager[Tx]:
        """A transaction that is kept when the block ends well, and undone when it raises or for a dry run."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...
