"""How late is late, at every second around each boundary."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskwatch.model import sla
from taskwatch.model.sla import Statistics, judge, latest_slot, next_slot, percent, verdict

TIMEOUTS = st.integers(1, 5_256_000)


def test_exactly_on_time_is_on_time_and_one_second_more_is_not():
    assert not judge(1800, 30).exceeded
    assert judge(1801, 30).exceeded
    assert judge(1801, 30).exceeded_by_minutes == 0
    assert judge(1801, 30).remaining_minutes == -1


@pytest.mark.parametrize("timeout", [1, 2, 3, 7, 30, 33, 480])
def test_every_second_around_each_boundary_has_exactly_one_standing(timeout):
    whole = timeout * 60
    for elapsed in {
        b + d for share in (0, 50, 80, 90, 100) for b in [whole * share // 100] for d in range(-3, 4)
    }:
        standing = judge(elapsed, timeout)
        left = Fraction(whole - elapsed, whole)
        assert standing.exceeded == (left < 0)
        assert standing.at_risk == (0 <= left < Fraction(1, 5))
        expected = next(
            name
            for name, limit in (
                ("exceeded", 0),
                ("critical", 10),
                ("high", 20),
                ("medium", 50),
                ("low", 10_000),
            )
            if left < Fraction(limit, 100)
        )
        assert standing.risk_level == expected
        assert (elapsed >= sla.at_risk_after(timeout)) == (standing.at_risk or standing.exceeded)


@given(TIMEOUTS, st.integers(0, 400_000_000))
def test_on_time_at_risk_and_exceeded_exclude_each_other_and_leave_nothing_out(timeout, elapsed):
    standing = judge(elapsed, timeout)
    on_time = standing.risk_level in {"low", "medium"}
    assert on_time + standing.at_risk + standing.exceeded == 1
    assert (standing.alert_level is not None) == standing.exceeded


@given(TIMEOUTS, st.integers(1, 99))
def test_at_risk_begins_at_the_first_second_with_less_than_the_share_left(timeout, share):
    first = sla.at_risk_after(timeout, share)
    whole = timeout * 60
    assert (whole - first) * 100 < share * whole <= (whole - first + 1) * 100


@pytest.mark.parametrize(
    ("minutes", "level"),
    [(0, "low"), (30, "low"), (31, "medium"), (60, "medium"), (61, "high"), (120, "high"), (121, "critical")],
)
def test_the_level_follows_the_floored_minutes(minutes, level):
    assert judge(600 + max(1, minutes * 60), 10).alert_level == level
    assert judge(600 + minutes * 60 + 59, 10).alert_level == level


def test_the_alert_calendar_of_an_ignored_task():
    slots = [None]
    for _ in range(7):
        slots.append(next_slot(slots[-1]))
    assert [slot // 60 for slot in slots[1:]] == [0, 60, 90, 120, 135, 150, 165]


def test_on_rise_alerts_as_well_when_the_level_rises():
    slots = [None]
    for _ in range(7):
        slots.append(next_slot(slots[-1], on_rise=True))
    assert [slot // 60 for slot in slots[1:]] == [0, 31, 61, 91, 121, 136, 151]


@given(st.none() | st.integers(0, 500_000), st.integers(1, 600_000), st.booleans())
def test_missed_slots_collapse_into_the_latest(last, exceeded, on_rise):
    slots, slot = [], next_slot(last, on_rise=on_rise)
    while slot <= exceeded:
        slots.append(slot)
        slot = next_slot(slot, on_rise=on_rise)
    if slots:
        assert latest_slot(last, exceeded, on_rise=on_rise) == (slots[-1], len(slots) - 1)
    else:
        with pytest.raises(ValueError, match="no alert is due"):
            latest_slot(last, exceeded, on_rise=on_rise)


def test_the_first_alert_waits_for_the_first_full_second():
    assert sla.alert_at(1_000_000, 0) == 1_001_000
    assert sla.alert_at(1_000_000, 3600) == 4_600_000
    with pytest.raises(ValueError, match="no alert is due"):
        latest_slot(None, 0)


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_per_cents_have_two_decimals_and_round_half_up(part, whole):
    exact = Fraction(part * 100, whole)
    hundredths = (exact * 100 + Fraction(1, 2)).__floor__()
    assert percent(part, whole) == hundredths / 100


def test_the_compliance_rate_counts_what_is_on_time_and_is_full_when_there_is_nothing():
    statistics = Statistics(on_time=10, at_risk=3, exceeded=2, untracked=4, on_hold=1)
    assert (statistics.total, statistics.compliance_rate, statistics.breach_free_rate) == (15, 66.67, 86.67)
    assert Statistics(0, 0, 0, 9, 9).compliance_rate == 100.0


@pytest.mark.parametrize(
    ("outcome", "exceeded", "timeout", "expected"),
    [
        ("completed", False, 30, "met"),
        ("completed", True, 30, "missed"),
        ("completed", False, None, "untracked"),
        ("failed", True, 30, "missed"),
        ("failed", False, 30, "failed"),
        ("skipped", True, 30, "skipped"),
        ("cancelled", False, None, "cancelled"),
    ],
)
def test_a_finished_cycle_counts_by_how_it_ended(outcome, exceeded, timeout, expected):
    assert verdict(outcome, exceeded, timeout) == expected


def minutes_left(seconds):
    return sla.judge(30 * 60 - seconds, 30).remaining_minutes


def test_minutes_are_rounded_down_on_both_sides_of_zero():
    assert [minutes_left(n) for n in (-61, -60, -1, 0, 59, 60, 119)] == [-2, -1, -1, 0, 0, 1, 1]
    assert all(small <= large for small, large in pairwise(map(minutes_left, range(-200, 200))))
