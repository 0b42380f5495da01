"""What is forgotten of the queue and the inbox, and what never is."""

import pytest

from outbox import put, states
from taskwatch.actions import deliveries, retention
from taskwatch.actions.retention import Keep
from taskwatch.plugin import ok, permanent

DAYS = 24 * 60


@pytest.fixture
def ended(store, clock):
    """Twelve messages that arrived, one that is dead, one that waits; all were read."""
    put(store, clock, 13)
    for place, claimed in enumerate(deliveries.claim(store, "w", {"mail": 13}, clock.now, 1000)):
        deliveries.record(store, claimed, permanent("no") if place == 12 else ok(), clock.now)
    put(store, clock, 1, due_in=DAYS * 365 * 60_000)
    store.connection.execute("UPDATE notifications SET read_at = ?", (clock.now,))


def rows(store, table):
    return store.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_what_ended_long_ago_is_forgotten_stretch_by_stretch(store, clock, ended, monkeypatch):
    monkeypatch.setattr(retention, "STRETCH", 5)
    clock.advance(minutes=91 * DAYS)
    done = retention.forget(store, clock.now, Keep())
    assert done == {"attempts": 12, "deliveries": 12, "notifications": 12}
    assert states(store) == {"dead": 1, "pending": 1}
    assert (rows(store, "attempts"), rows(store, "notifications")) == (1, 2)


def test_tries_go_before_deliveries_do(store, clock, ended):
    clock.advance(minutes=31 * DAYS)
    done = retention.forget(store, clock.now, Keep())
    assert done == {"attempts": 12, "deliveries": 0, "notifications": 0}


def test_unread_messages_stay(store, clock, ended):
    store.connection.execute("UPDATE notifications SET read_at = NULL")
    clock.advance(minutes=400 * DAYS)
    assert retention.forget(store, clock.now, Keep())["notifications"] == 0


def test_zero_days_are_for_ever(store, clock, ended):
    clock.advance(minutes=400 * DAYS)
    assert retention.forget(store, clock.now, Keep(0, 0, 0)) == {
        "attempts": 0, "deliveries": 0, "notifications": 0,
    }  # fmt: skip


def test_a_dry_run_counts_and_forgets_nothing(store, clock, ended):
    clock.advance(minutes=91 * DAYS)
    done = retention.forget(store, clock.now, Keep(), dry_run=True)
    assert done == {"attempts": 12, "deliveries": 12, "notifications": 12}
    assert rows(store, "deliveries") == 14
