"""The breaker of a channel as a state machine: what opens it, what closes it, how many it lets through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskwatch.model.breaker import CLOSED, FAILURES, after

MINUTE = 60_000
KINDS = ["ok", "retry", "rate_limited", "permanent", "gone", "misconfigured", "unknown"]


def failed(times, kind="retry", now=0, breaker=CLOSED):
    for _ in range(times):
        breaker = after(breaker, kind, "no route", now)
    return breaker


@pytest.mark.parametrize("kind", ["retry", "unknown", "rate_limited"])
def test_five_failures_in_a_row_open_it_for_a_minute(kind):
    assert failed(FAILURES - 1, kind).room(16, 0, 0) == 16
    opened = failed(FAILURES, kind)
    assert (opened.open_until, opened.reason, opened.room(16, 0, 0)) == (MINUTE, "no route", 0)


@pytest.mark.parametrize("kind", ["ok", "permanent", "gone"])
def test_whatever_arrives_closes_it(kind):
    assert after(failed(FAILURES - 1), kind, "", 0) == CLOSED
    assert after(failed(FAILURES), kind, "", 0) == CLOSED


def test_a_channel_that_is_set_up_wrong_rests_at_once():
    assert failed(1, "misconfigured").room(16, 0, 0) == 0


def test_after_its_rest_one_at_a_time_tries_and_each_failure_doubles_the_rest_up_to_a_quarter_of_an_hour():
    breaker, now, rests = failed(FAILURES), 0, []
    for _ in range(7):
        rests.append((breaker.open_until - now) // MINUTE)
        now = breaker.open_until
        assert (breaker.room(16, 0, now), breaker.room(16, 1, now)) == (1, 0)
        breaker = failed(1, now=now, breaker=breaker)
    assert rests == [1, 2, 4, 8, 15, 15, 15]


def test_failures_of_what_was_under_way_when_it_opened_do_not_prolong_its_rest():
    opened = failed(FAILURES)
    assert failed(20, now=30_000, breaker=opened).open_until == opened.open_until


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 20 * MINUTE))))
def test_it_never_rests_longer_than_a_quarter_of_an_hour_and_works_after_a_success(tries):
    breaker, now = CLOSED, 0
    for kind, step in tries:
        now += step
        breaker = after(breaker, kind, "", now)
        assert (breaker.open_until or now) - now <= 15 * MINUTE
        assert breaker.room(4, 0, now) in {0, 1, 4}
    assert after(breaker, "ok", "", now).room(4, 0, now) == 4
