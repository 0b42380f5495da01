"""The inbox: what a person was told. Entries are new, then seen, read and archived; nothing is taken back."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypedDict

from taskwatch.actions import lookup
from taskwatch.actions.change import Change
from taskwatch.actions.journal import record
from taskwatch.actions.roles import within
from taskwatch.errors import InvalidInput, NotFound
from taskwatch.model import event
from taskwatch.model.link import PRIVATE
from taskwatch.model.names import MAX_INTEGER
from taskwatch.model.times import rfc3339
from taskwatch.store import Store, Tx

SEEN, READ, ARCHIVED = "seen", "read", "archived"


class _Mark(NamedTuple):
    """A way to mark entries: the question for all that can be, the one that does it, and what is told."""

    every: str
    mark: str
    kind: str


MARKS = {
    SEEN: _Mark("inbox.unseen", "inbox.mark_seen", event.NOTIFICATION_SEEN),
    READ: _Mark("inbox.unread", "inbox.mark_read", event.NOTIFICATION_READ),
    ARCHIVED: _Mark("inbox.read", "inbox.mark_archived", event.NOTIFICATION_ARCHIVED),
}


class EntryShape(TypedDict):
    """An entry of an inbox. `data` is the notification as front ends know it; `reason` is why it came."""

    id: int
    kind: str
    reason: str
    level: str | None
    task_id: int | None
    workflow_id: int | None
    title: str
    text: str
    url: str
    data: dict[str, Any]
    occurred_at: str
    created_at: str
    seen_at: str | None
    read_at: str | None
    archived_at: str | None


class CountsShape(TypedDict):
    """How many entries of a user's inbox are unread, and how many of those they never saw."""

    user_id: int
    unread_count: int
    unseen_count: int


class MarkedShape(CountsShape):
    """The entries that were marked, and the counts after it."""

    notifications: list[int]


class Wish(NamedTuple):
    """Which entries to list: older than an id, the unread alone, the archived instead of the others."""

    unread: bool = False
    archived: bool = False
    before: int | None = None
    limit: int = 50


class _Entry(NamedTuple):
    id: int
    kind: str
    reason: str
    level: str | None
    task_id: int | None
    workflow_id: int | None
    title: str
    text: str
    url: str
    data: str
    occurred_at: int
    created_at: int
    seen_at: int | None
    read_at: int | None
    archived_at: int | None


def entries(store: Store, user_id: int, wish: Wish) -> list[EntryShape]:
    """The entries of a user's inbox, the newest first.

    Raises:
        NotFound: there is no such user.
    """
    filters = {"unread": int(wish.unread), "archived": int(wish.archived), "limit": wish.limit}
    before = MAX_INTEGER if wish.before is None else wish.before
    with store.read() as tx:
        user = lookup.user(tx, user_id)
        found = tx.all(_Entry, "inbox.entries", user_id=user.id, before=before, **filters)
    return [_shape(entry) for entry in found]


def counts(store: Store, user_id: int) -> CountsShape:
    """How many entries of a user's inbox wait.

    Raises:
        NotFound: there is no such user.
    """
    with store.read() as tx:
        return _counts(tx, lookup.user(tx, user_id).id)


def mark(store: Store, user_id: int, how: str, ids: Sequence[int] | None, change: Change) -> MarkedShape:
    """Mark entries as seen, read or archived, all of them or none.

    Args:
        store: where.
        user_id: whose.
        how: one of `MARKS`.
        ids: which; None for every entry that can be: read ones are archived, others stay.
        change: the circumstances.

    Raises:
        NotFound: there is no such user, or one of the entries is not in their inbox.
        InvalidInput: no entry was named.
    """

    def work(tx: Tx, change: Change) -> MarkedShape:
        user = lookup.user(tx, user_id)
        wanted = _all(tx, MARKS[how].every, user.id) if ids is None else _chosen(tx, user.id, ids)
        marked = [each for each in wanted if tx.run(MARKS[how].mark, id=each, at=change.now)]
        if marked:
            announce(tx, MARKS[how].kind, {user.id: marked}, change.now)
        return {**_counts(tx, user.id), "notifications": marked}

    done: MarkedShape = within(store, [f"inbox {how}", user_id, ids], change, work)
    return done


def announce(tx: Tx, kind: str, changed: Mapping[int, list[int]], now: int) -> None:
    """Tell whose inbox changed, with the counts as they are now: entries by user, one event for each user."""
    for user_id, ids in changed.items():
        unread, unseen = _waiting(tx, user_id)
        told: dict[str, Any] = {"unread_count": unread, "unseen_count": unseen}
        if kind == event.NOTIFICATION_CREATED:
            told["broadcast"] = _broadcast(tx, ids)
        record(tx, event.inbox_changed(kind, user_id, ids, told, now))


def _broadcast(tx: Tx, ids: Sequence[int]) -> list[dict[str, Any]]:
    """What open pages show of these entries at once: the data of those that go there."""
    rows = tx.all(tuple, "inbox.broadcast", ids=json.dumps(list(ids)))
    return [_without_links(data) for (data,) in rows]


def _without_links(data: str) -> dict[str, Any]:
    return {key: value for key, value in json.loads(data).items() if key not in PRIVATE}


def _all(tx: Tx, question: str, user_id: int) -> list[int]:
    return [row[0] for row in tx.all(tuple, question, user_id=user_id)]


def _chosen(tx: Tx, user_id: int, ids: Sequence[int]) -> list[int]:
    if not ids:
        raise InvalidInput("no entry was named", hint="give ids of: taskwatch inbox list, or --all")
    found = [row[0] for row in tx.all(tuple, "inbox.chosen", user_id=user_id, ids=json.dumps(list(ids)))]
    if missing := sorted(set(ids) - set(found)):
        raise NotFound(
            f"the inbox of user {user_id} has no entry {missing[0]}", hint="see: taskwatch inbox list"
        )
    return found


def _counts(tx: Tx, user_id: int) -> CountsShape:
    unread, unseen = _waiting(tx, user_id)
    return {"user_id": user_id, "unread_count": unread, "unseen_count": unseen}


def _waiting(tx: Tx, user_id: int) -> tuple[int, int]:
    row: tuple[int, int] = tx.all(tuple, "inbox.counts", user_id=user_id)[0]
    return row


def _shape(entry: _Entry) -> EntryShape:
    return {
        "id": entry.id,
        "kind": entry.kind,
        "reason": entry.reason,
        "level": entry.level,
        "task_id": entry.task_id,
        "workflow_id": entry.workflow_id,
        "title": entry.title,
        "text": entry.text,
        "url": entry.url,
        "data": _without_links(entry.data),
        "occurred_at": rfc3339(entry.occurred_at),
        "created_at": rfc3339(entry.created_at),
        "seen_at": _stamp(entry.seen_at),
        "read_at": _stamp(entry.read_at),
        "archived_at": _stamp(entry.archived_at),
    }


def _stamp(at: int | None) -> str | None:
    return None if at is None else rfc3339(at)
