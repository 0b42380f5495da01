"""The inbox: entries by state, marks that are told with absolute counts, each only once."""

import re

import pytest

from posts import DATA, post
from taskwatch.actions import events, inbox, people
from taskwatch.actions.inbox import Wish, counts, entries, mark
from taskwatch.actions.people import NewUser
from taskwatch.errors import InvalidInput, NotFound
from taskwatch.store.queries import question


@pytest.fixture
def full(store, clock):
    """Three entries for user 5, one for user 6, and one that is in no inbox."""
    for number in (5, 6):
        people.add(store, NewUser(f"user {number}", id=number), clock.change())
    for user_id, in_inbox in ((5, 1), (5, 1), (6, 1), (5, 0), (5, 1)):
        post(store, clock, user_id, in_inbox=in_inbox)
    return store


def ids(store, **wish):
    return [entry["id"] for entry in entries(store, 5, Wish(**wish))]


def waiting(store):
    found = counts(store, 5)
    return found["unread_count"], found["unseen_count"]


def told(store):
    found = events.newest(store, events.Filter(topics=("user.5.tasks",)), 99).events
    return [(each["kind"], each["data"]["notifications"], each["data"]["unread_count"]) for each in found]


def test_the_newest_entry_comes_first_with_what_it_tells(full, clock):
    assert ids(full) == [5, 2, 1]
    (first,) = entries(full, 5, Wish(limit=1))
    assert (first["title"], first["data"], first["read_at"]) == ("Task ready: A", DATA, None)
    assert ids(full, before=5, limit=1) == [2]


def test_entries_are_seen_then_read_then_archived(full, clock):
    assert waiting(full) == (3, 3)
    assert mark(full, 5, "seen", None, clock.change())["notifications"] == [1, 2, 5]
    assert waiting(full) == (3, 0)
    assert mark(full, 5, "read", [2], clock.change())["unread_count"] == 2
    assert ids(full, unread=True) == [5, 1]
    assert mark(full, 5, "archived", [2, 5], clock.change())["unread_count"] == 1
    assert (ids(full), ids(full, archived=True)) == ([1], [5, 2])


def test_all_is_every_entry_it_can_be_done_to(full, clock):
    mark(full, 5, "read", [1, 2], clock.change())
    assert mark(full, 5, "archived", None, clock.change())["notifications"] == [1, 2]
    assert mark(full, 5, "read", None, clock.change())["notifications"] == [5]
    assert waiting(full) == (0, 0)
    assert counts(full, 6)["unread_count"] == 1


def test_reading_is_seeing(full, clock):
    mark(full, 5, "read", [1], clock.change())
    mark(full, 5, "archived", [2], clock.change())
    assert waiting(full) == (1, 1)
    assert {entry["seen_at"] is None for entry in entries(full, 5, Wish(archived=True))} == {False}


def test_a_change_is_told_once_with_the_count_as_it_is_then(full, clock):
    mark(full, 5, "read", [1], clock.change())
    mark(full, 5, "read", [1], clock.change())
    mark(full, 5, "read", [1, 2], clock.change())
    mark(full, 5, "archived", [5], clock.change())
    assert told(full) == [
        ("notification.read", [1], 2),
        ("notification.read", [2], 1),
        ("notification.archived", [5], 0),
    ]


def test_new_entries_are_told_to_each_person_by_themselves(full, clock):
    with full.write() as tx:
        inbox.announce(tx, "notification.created", {5: [2, 5], 6: [3]}, clock.now)
    assert told(full) == [("notification.created", [2, 5], 3)]
    (other,) = events.newest(full, events.Filter(topics=("user.6.tasks",)), 9).events
    assert (other["data"]["user_id"], other["data"]["unread_count"]) == (6, 1)


@pytest.mark.parametrize("wrong", [[1, 3], [4], [99]])
def test_what_is_not_in_the_inbox_cannot_be_marked(full, clock, wrong):
    with pytest.raises(NotFound, match="has no entry"):
        mark(full, 5, "read", wrong, clock.change())
    with pytest.raises(InvalidInput, match="no entry was named"):
        mark(full, 5, "read", [], clock.change())
    assert waiting(full) == (3, 3)
    assert told(full) == []


def test_nobody_s_inbox_is_not_found(full, clock):
    for ask in (lambda: entries(full, 7, Wish()), lambda: counts(full, 7)):
        with pytest.raises(NotFound, match="no user 7"):
            ask()
    with pytest.raises(NotFound, match="no user 7"):
        mark(full, 7, "read", None, clock.change())


@pytest.mark.parametrize("fresh", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("inbox.counts", "COVERING INDEX notifications_unread"),
        ("inbox.entries", "INDEX notifications_by_user"),
        ("acknowledgements.running", "INDEX acknowledgements_by_end"),
        ("acknowledgements.standing", "INDEX acknowledgements_by_task"),
    ],
)
def test_what_is_asked_often_is_found_by_an_index(store, name, index):
    sql = question(name)
    values = dict.fromkeys(re.findall(r":(\w+)", sql), 0)
    steps = [row[3] for row in store.connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
    assert index in steps[0]


def test_a_dry_run_tells_what_would_be_marked(full, clock):
    change = clock.change()._replace(dry_run=True)
    assert mark(full, 5, "read", None, change)["unread_count"] == 0
    assert waiting(full) == (3, 3)
