"""Preferences, quiet hours and addresses of people: kept, told without details, gone with the person."""

import pytest

from taskwatch.actions import contacts, departure, events, lookup, people, preferences
from taskwatch.actions.people import NewUser
from taskwatch.errors import InvalidInput, NotFound
from taskwatch.model.preference import Preference, Quiet

READY = "task.became.ready"


@pytest.fixture
def dana(store, clock):
    people.add(store, NewUser("dana", id=5, email="d@example.org", timezone="Asia/Tokyo"), clock.change())
    return store


def told(store):
    return [each["data"].get("changed") for each in events.newest(store, events.Filter(), 99).events[1:]]


def reached(store, channel="mail"):
    with store.read() as tx:
        return contacts.addresses(tx, lookup.user(tx, 5), channel)


def mark(store, clock, state, channel="mail", address="d@example.org"):
    with store.write() as tx:
        contacts.mark(tx, (5, channel, address), state, "550 no such user", clock.now)


def test_preferences_are_set_changed_and_forgotten(dana, clock):
    preferences.prefer(dana, 5, (READY, "mail"), False, clock.change())
    found = preferences.prefer(dana, 5, ("*", "webhook"), True, clock.change())
    assert found["preferences"] == [
        {"kind": "*", "channel": "webhook", "wanted": True},
        {"kind": READY, "channel": "mail", "wanted": False},
    ]
    preferences.prefer(dana, 5, (READY, "mail"), True, clock.change())
    preferences.prefer(dana, 5, ("*", "webhook"), None, clock.change())
    with dana.read() as tx:
        assert preferences.of(tx, 5) == [Preference(READY, "mail", 1)]
    assert told(dana) == [["preferences"]] * 4


def test_forgetting_what_was_never_said_tells_nobody(dana, clock):
    preferences.prefer(dana, 5, (READY, "mail"), None, clock.change())
    assert told(dana) == []


def test_quiet_hours_are_kept_in_the_person_s_own_zone(dana, clock):
    found = preferences.set_quiet(dana, 5, Quiet(1320, 420, "15"), clock.change())
    assert found["quiet"] == {"hours": "22:00-07:00", "days": ["mon", "fri"], "timezone": "Asia/Tokyo"}
    preferences.set_quiet(dana, 5, Quiet(0, 60), clock.change())
    with dana.read() as tx:
        assert preferences.quiet_of(tx, 5) == Quiet(0, 60)
    assert preferences.set_quiet(dana, 5, None, clock.change())["quiet"] is None


def test_a_preference_that_cannot_be_changes_nothing(dana, clock):
    with pytest.raises(InvalidInput):
        preferences.prefer(dana, 5, ("task.nothing", "mail"), False, clock.change())
    with pytest.raises(NotFound, match="no user 6"):
        preferences.prefer(dana, 6, (READY, "mail"), False, clock.change())
    assert preferences.preferences(dana, 5)["preferences"] == []


def test_mail_goes_to_the_e_mail_address_unless_another_was_said(dana, clock):
    assert reached(dana) == ["d@example.org"]
    assert reached(dana, "webhook") == []
    shown = contacts.contacts(dana, 5)
    assert [(each["address"], each["changed_at"]) for each in shown] == [("d@example.org", None)]
    contacts.add(dana, 5, "mail", "work@example.org", clock.change())
    assert reached(dana) == ["work@example.org"]
    contacts.remove(dana, 5, "mail", "work@example.org", clock.change())
    assert reached(dana) == ["d@example.org"]


@pytest.mark.parametrize("state", ["gone"])
def test_an_address_that_failed_is_used_no_more_until_it_is_added_again(dana, clock, state):
    mark(dana, clock, state)
    assert reached(dana) == []
    (shown,) = contacts.contacts(dana, 5)
    assert (shown["state"], shown["detail"]) == (state, "550 no such user")
    contacts.add(dana, 5, "mail", "d@example.org", clock.change())
    assert reached(dana) == ["d@example.org"]


def test_a_new_e_mail_address_replaces_one_that_is_gone(dana, clock):
    mark(dana, clock, "gone")
    people.edit(dana, 5, {"email": "new@example.org"}, clock.change())
    assert reached(dana) == ["new@example.org"]


def test_addresses_are_in_no_event(dana, clock):
    contacts.add(dana, 5, "webhook", "https://example.org/secret", clock.change())
    assert told(dana) == [["contacts"]]
    assert "secret" not in str(events.newest(dana, events.Filter(), 99).events)


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("mail", "nobody"),
        ("mail", "a@example.org\nRCPT TO:<x@example.org>"),
        ("webhook", " "),
        ("webhook", "https://example.org/\u2028"),
        ("webhook", "x" * 501),
        ("web hook", "https://example.org"),
    ],
)
def test_an_address_that_cannot_be_is_refused(dana, clock, channel, address):
    with pytest.raises(InvalidInput):
        contacts.add(dana, 5, channel, address, clock.change())
    with pytest.raises(NotFound, match="has no address"):
        contacts.remove(dana, 5, "mail", "other@example.org", clock.change())
    assert told(dana) == []


def test_what_a_person_wanted_goes_with_them(dana, clock):
    preferences.prefer(dana, 5, (READY, "mail"), False, clock.change())
    preferences.set_quiet(dana, 5, Quiet(0, 60), clock.change())
    contacts.add(dana, 5, "mail", "work@example.org", clock.change())
    departure.remove(dana, 5, clock.change())
    people.add(dana, NewUser("eli", id=5), clock.change())
    assert preferences.preferences(dana, 5) == {"user_id": 5, "preferences": [], "quiet": None}
    assert contacts.contacts(dana, 5) == []
