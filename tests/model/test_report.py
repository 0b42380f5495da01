"""A report counts every finished cycle once, and its percentiles are values that occurred."""

import math
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskwatch.model.report import GROUPINGS, Finished, nearest_rank, summarise

NOON = 1_795_435_200_000
ROW = Finished(1, "completed", "met", NOON, 600_000, 0, "Pack", "task", "bc", "dana", "packer")
VERDICTS = ("met", "missed", "untracked", "skipped", "cancelled", "failed")


def only(rows, by="activity", zone=UTC):
    lines, total = summarise(rows, by, zone)
    assert len(lines) == 1
    assert lines[0]._replace(group=None) == total
    return lines[0]


def test_the_rate_is_met_of_met_and_missed_alone():
    found = only([ROW._replace(verdict=verdict) for verdict in ("met", "met", *VERDICTS)])
    assert (found.cycles, found.met, found.missed, found.untracked) == (8, 3, 1, 1)
    assert (found.skipped, found.cancelled, found.failed, found.rate) == (1, 1, 1, 75.0)


def test_without_anything_met_or_missed_there_is_no_rate():
    assert only([ROW._replace(verdict="untracked")]).rate is None


def test_durations_are_those_of_completed_cycles_that_were_started():
    rows = [ROW._replace(elapsed_ms=minutes * 60_000) for minutes in range(1, 21)]
    noise = [
        ROW._replace(elapsed_ms=0, implicit_start=1),
        ROW._replace(elapsed_ms=10**9, outcome="failed", verdict="missed"),
        ROW._replace(elapsed_ms=10**9, outcome="skipped", verdict="skipped"),
    ]
    found = only([*noise, *rows])
    assert (found.p50_seconds, found.p90_seconds, found.p95_seconds) == (600, 1080, 1140)
    assert only(noise[:1]).p50_seconds is None


def test_the_reopen_rate_is_the_share_of_cycles_beyond_the_first():
    assert only([ROW, ROW, ROW._replace(cycle=2)]).reopen_rate == 33.33


@pytest.mark.parametrize(
    ("by", "group"),
    [
        ("activity", "Pack"), ("type", "task"), ("workflow", "bc"),
        ("assignee", "dana"), ("role", "packer"), ("day", "2026-11-23"),
    ],
)  # fmt: skip
def test_cycles_are_grouped_by_what_was_asked(by, group):
    assert only([ROW, ROW], by).group == group


def test_a_day_is_one_of_the_zone():
    late = ROW._replace(ended_at=NOON + 11 * 3_600_000 + 1_800_000)
    assert only([late], "day").group == "2026-11-23"
    assert only([late], "day", ZoneInfo("Europe/Berlin")).group == "2026-11-24"


def test_groups_come_in_order_and_what_has_none_comes_last():
    rows = [ROW._replace(role=role) for role in (None, "b", "a", None)]
    lines, total = summarise(rows, "role", UTC)
    assert [line.group for line in lines] == ["a", "b", None]
    assert total.cycles == 4


def test_nothing_makes_no_group_and_an_empty_total():
    lines, total = summarise([], "day", UTC)
    assert (lines, total.cycles, total.rate, total.reopen_rate) == ([], 0, None, None)


@given(st.lists(st.integers(0, 10**6), min_size=1), st.sampled_from([1, 50, 90, 95, 100]))
def test_a_percentile_is_the_smallest_value_that_enough_do_not_exceed(values, percent):
    ordered = sorted(values)
    found = nearest_rank(ordered, percent)
    assert found == ordered[math.ceil(len(ordered) * percent / 100) - 1]
    assert sum(value <= found for value in values) * 100 >= percent * len(values)


@given(st.lists(st.tuples(st.sampled_from(VERDICTS), st.sampled_from("abc"))), st.sampled_from(GROUPINGS))
def test_every_cycle_is_counted_exactly_once(cycles, by):
    rows = [ROW._replace(verdict=verdict, activity=name, role=name) for verdict, name in cycles]
    lines, total = summarise(rows, by, UTC)
    assert sum(line.cycles for line in lines) == total.cycles == len(rows)
    assert all(line.cycles == sum(getattr(line, verdict) for verdict in VERDICTS) for line in lines)


def test_the_means_to_the_ack_and_to_the_end_are_over_what_alerted():
    end = ROW.ended_at
    rows = [
        ROW,
        ROW._replace(alerted_at=end - 60_000, acked_at=end - 30_000),
        ROW._replace(alerted_at=end - 120_500),
        ROW._replace(alerted_at=end - 60_000, acked_at=end - 70_000),
    ]
    found = only(rows)
    assert (found.alerted, found.acknowledged) == (3, 2)
    assert (found.mtta_seconds, found.mttr_seconds) == (15, 80)
    assert (only([ROW]).mtta_seconds, only([ROW]).mttr_seconds) == (None, None)
