"""A fact as it travels from the log to live clients: made once, shared by all of them."""

from typing import NamedTuple

from taskwatch.actions.events import FactRow


class Fact(NamedTuple):
    """An event: `id` is the cursor `epoch-seq`, `at` is in ms UTC, `payload` is JSON text.

    `origin` is the socket id of the client whose request made it true, or None.
    """

    seq: int
    id: str
    kind: str
    at: int
    topics: tuple[str, ...]
    payload: str
    origin: str | None = None


def read(row: FactRow, epoch: str) -> Fact:
    """The fact of a row of the log."""
    topics = tuple(row.topics.split())
    return Fact(row.seq, f"{epoch}-{row.seq}", row.kind, row.at, topics, row.payload, row.origin)
