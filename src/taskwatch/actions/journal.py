"""Writing events: the one place where a fact enters the log."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from taskwatch.model.event import Event
from taskwatch.store import Tx

_origin: ContextVar[str | None] = ContextVar("origin", default=None)


@contextmanager
def caused_by(socket_id: str | None) -> Iterator[None]:
    """What is recorded inside of the block was caused by the client of that socket; None is nobody's."""
    before = _origin.set(socket_id)
    try:
        yield
    finally:
        _origin.reset(before)


def record(tx: Tx, event: Event) -> None:
    """Store an event in the transaction that made it true."""
    tx.run("events.record", **row(event))


def row(event: Event) -> dict[str, str | int | None]:
    """An event as its table keeps it: the payload as the JSON text that is sent, topics between spaces."""
    return {
        "kind": event.kind,
        "at": event.at,
        "task_id": event.task_id,
        "workflow_id": event.workflow_id,
        "status": event.status,
        "topics": f" {' '.join(dict.fromkeys(event.topics))} " if event.topics else " ",
        "payload": json.dumps(event.payload, ensure_ascii=False, separators=(",", ":")),
        "origin": _origin.get(),
    }
