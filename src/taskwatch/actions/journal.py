"""Writing events: the one place where a fact enters the log."""

import json

from taskwatch.model.event import Event
from taskwatch.store import Tx


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
    }
