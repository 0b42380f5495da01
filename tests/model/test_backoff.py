"""What follows a try: every outcome, the last one, the receiver's wish, the expiry."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskwatch.errors import InvalidInput
from taskwatch.model.backoff import Course, Patience, course, pause

NOW = 1_000_000
FOREVER = 10**15
PATIENCE = Patience(tries=3, first=10.0, longest=3_600.0)


def follow(outcome, attempt=1, *, expires_at=FOREVER, chance=1.0, after=None):
    return course(
        outcome,
        attempt=attempt,
        now=NOW,
        expires_at=expires_at,
        patience=PATIENCE,
        chance=chance,
        after=after,
    )


@pytest.mark.parametrize(
    ("outcome", "attempt", "state", "reason", "made"),
    [
        ("ok", 1, "sent", None, 1),
        ("permanent", 1, "dead", "refused", 1),
        ("gone", 1, "dead", "address_gone", 1),
        ("retry", 2, "pending", None, 2),
        ("unknown", 2, "pending", None, 2),
        ("retry", 3, "dead", "tries_exhausted", 3),
        ("unknown", 3, "dead", "tries_exhausted", 3),
        ("rate_limited", 3, "pending", None, 2),
        ("misconfigured", 3, "pending", None, 2),
    ],
)
def test_each_outcome_has_its_course(outcome, attempt, state, reason, made):
    assert follow(outcome, attempt)[:3] == (state, reason, made)


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 10), (2, 20), (3, 40), (9, 2_560), (10, 3_600), (99, 3_600)]
)
def test_the_longest_pause_of_each_step_doubles_up_to_the_longest_of_all(attempt, seconds):
    assert pause(attempt, PATIENCE, 1.0) == seconds


@given(st.integers(1, 10_000), st.floats(0, 1), st.floats(0.1, 100), st.floats(0.1, 10_000))
def test_a_pause_is_never_shorter_than_a_second_nor_longer_than_the_longest(attempt, chance, first, longest):
    assert 1.0 <= pause(attempt, Patience(5, first, longest), chance) <= max(1.0, longest)


def test_what_failed_together_comes_back_spread_over_the_whole_step():
    pauses = [pause(4, PATIENCE, n / 1000) for n in range(1001)]
    assert (min(pauses), max(pauses)) == (1.0, 80.0)
    assert sum(pauses) / len(pauses) == pytest.approx(40, rel=0.01)


@pytest.mark.parametrize(("after", "seconds"), [(120, 120), (3, 10), (86_400, 3_600), (None, 60)])
def test_a_receiver_is_given_the_time_it_asks_for_up_to_an_hour(after, seconds):
    assert follow("rate_limited", after=after).due_at == NOW + seconds * 1000


def test_a_retry_waits_as_long_as_asked():
    assert follow("retry", after=300).due_at == NOW + 300_000


def test_what_could_only_be_tried_after_its_end_has_expired_now():
    assert follow("retry", expires_at=NOW + 10_000) == Course("expired", "too_late", 1, NOW)
    assert follow("retry", expires_at=NOW + 10_001).state == "pending"


@pytest.mark.parametrize(("attempt", "chance"), [(0, 0.5), (1, -0.1), (1, 1.1)])
def test_there_is_no_pause_without_a_try_or_beyond_chance(attempt, chance):
    with pytest.raises(InvalidInput):
        pause(attempt, PATIENCE, chance)
