import pytest

from taskwatch.actions import people
from taskwatch.actions.card import MOST_ROLES, card
from taskwatch.errors import NotFound


def test_a_card_tells_a_name_and_roles_and_nothing_else(store, clock):
    roles = tuple(f"role{number:02}" for number in range(MOST_ROLES + 1))
    people.add(
        store, people.NewUser("dana", id=7, email="dana@example.com", admin=True, roles=roles), clock.change()
    )
    assert card(store, 7) == {"id": 7, "name": "dana", "roles": list(roles[:MOST_ROLES])}


def test_who_is_not_there_has_no_card(store):
    with pytest.raises(NotFound):
        card(store, 7)
