"""Who a user is to the others on a page: a name and roles, and nothing that is private."""

from typing import TypedDict

from taskwatch.actions import lookup
from taskwatch.actions.roles import roles_of
from taskwatch.store import Store

MOST_ROLES = 16  # a card has to fit into what the Pusher protocol lets a member tell: 2 KB


class Card(TypedDict):
    """What others see of somebody; `id` is a user's number, or the name of a credential without a user.

    `roles` are the first sixteen.
    """

    id: int | str
    name: str
    roles: list[str]


def card(store: Store, user_id: int) -> Card:
    """A user's card.

    Raises:
        NotFound: there is no such user.
    """
    with store.read() as tx:
        user = lookup.user(tx, user_id)
        return {"id": user.id, "name": user.name, "roles": roles_of(tx, user.id)[:MOST_ROLES]}
