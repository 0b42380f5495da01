"""Who looks at a page: their name, and how much waits in their inbox."""

from typing import NamedTuple

from taskwatch.actions.lookup import User
from taskwatch.store import Store


class Visitor(NamedTuple):
    """A user who looks; `unread` counts the entries of their inbox that they have not read."""

    id: int
    name: str
    unread: int


def visitor(store: Store, user_id: int) -> Visitor | None:
    """The user with this id; None if there is none any more."""
    with store.read() as tx:
        user = tx.one(User, "people.user", id=user_id)
        unread = tx.value("inbox.counts", user_id=user_id)
    return Visitor(user.id, user.name, unread) if user else None
