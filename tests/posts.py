"""Entries of inboxes, for tests of what reads them."""

import json

DATA = {"task_id": 1, "task_code": "A", "message": "Task 'A' is ready for you"}


def post(store, clock, user_id=5, *, title="Task ready: A", in_inbox=1):
    """Put an entry into a user's inbox; its id."""
    row = {
        "event_seq": None, "kind": "task.became.ready", "reason": "first", "level": None,
        "user_id": user_id, "task_id": None, "workflow_id": None, "cycle": 1, "title": title, "text": "Now.",
        "html": None, "url": "http://localhost/admin/tasks/1", "data": json.dumps(DATA), "event": "{}",
        "in_inbox": in_inbox, "occurred_at": clock.now, "created_at": clock.now,
        "seen_at": None, "read_at": None, "archived_at": None,
    }  # fmt: skip
    with store.write() as tx:
        entry_id = 1 + len(tx.all(tuple, "dump.notifications"))
        tx.run("dump.add_notifications", id=entry_id, key=f"k{entry_id}", **row)
    return entry_id
