"""A trial is a real message in the log, tried once; it counts nowhere and leaves no dead letter."""

import pytest

from outbox import column, user
from taskwatch.actions import contacts, dead, resting
from taskwatch.actions.deliveries import claim, record
from taskwatch.actions.trial import Trial, begin
from taskwatch.errors import NotFound
from taskwatch.plugin import misconfigured, ok, retry


def test_it_goes_to_the_usual_address_and_says_that_it_is_a_test(store, clock):
    user(store, clock)
    contacts.add(store, 1, "pager", "555", clock.change())
    claimed = begin(store, Trial("pager", 1), clock.now, 5_000)
    assert (claimed.message.address, claimed.message.is_test, claimed.message.reason) == ("555", True, "test")
    assert claimed.message.title.startswith("[TEST]")
    assert record(store, claimed, ok("p-9"), clock.now) == "sent"
    assert (column(store, "provider_id", 1), len(dead.show(store, 1)["log"])) == ("p-9", 1)


@pytest.mark.parametrize("outcome", [retry("busy"), misconfigured("no password")])
def test_a_failure_is_not_tried_again_and_no_fault_of_the_channel(store, clock, outcome):
    user(store, clock)
    claimed = begin(store, Trial("pager", 1, "555"), clock.now, 5_000)
    assert record(store, claimed, outcome, clock.now) == "cancelled"
    assert (dead.dead(store), resting.status(store, [], clock.now)) == ([], [])
    assert dead.show(store, 1)["log"][0]["detail"] == outcome.detail


def test_nobody_else_sends_it_meanwhile_nor_after_a_crash_for_ever(store, clock):
    user(store, clock)
    begin(store, Trial("pager", 1, "555"), clock.now, 5_000)
    assert claim(store, "w", {"pager": 9}, clock.now, 1000) == []
    clock.advance(seconds=6)
    assert claim(store, "w", {"pager": 9}, clock.now, 1000) == []
    assert column(store, "state", 1) == "expired"


def test_who_has_no_address_is_told_how_to_get_one(store, clock):
    user(store, clock)
    with pytest.raises(NotFound, match="no working address") as caught:
        begin(store, Trial("pager", 1), clock.now, 5_000)
    assert "user contact add 1 pager" in caught.value.hint


def test_nobody_is_tried_who_is_not_there(store, clock):
    with pytest.raises(NotFound):
        begin(store, Trial("pager", 7), clock.now, 5_000)
