"""Numbers become pictures that tell the truth about them."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from taskwatch.model.report import summarise
from taskwatch.server.dashboard.charts import HEIGHT, WIDTH, columns, reaches, shares

BLANK = summarise([], "day", None)[1]
COUNTS = st.integers(0, 10**6)


@given(st.lists(st.tuples(COUNTS, COUNTS), min_size=1, max_size=40))
def test_a_day_is_as_high_as_its_rate_and_stays_inside(days):
    drawn = columns(
        [BLANK._replace(group=str(n), met=met, missed=missed) for n, (met, missed) in enumerate(days)]
    )
    for column, (met, missed) in zip(drawn, days, strict=True):
        judged = met + missed
        assert abs(column.met_height - (HEIGHT * met / judged if judged else 0)) < 0.02
        assert abs(column.met_height + column.missed_height - (HEIGHT if judged else 0)) < 0.02
        assert column.x >= 0
        assert column.x + column.width <= WIDTH
    assert all(a.x + a.width <= b.x for a, b in pairwise(drawn))


@given(st.lists(st.lists(COUNTS, min_size=3, max_size=3).map(sorted), max_size=20))
def test_durations_share_one_scale_that_the_longest_fills(spans):
    lines = [BLANK._replace(group="t", p50_seconds=a, p90_seconds=b, p95_seconds=c) for a, b, c in spans]
    drawn = reaches(lines)
    assert all(0 <= each.p50 <= each.p90 <= each.p95 <= 100 for each in drawn)
    if any(c for *_, c in spans):
        assert max(each.p95 for each in drawn) == 100


def test_a_type_that_nothing_was_completed_of_has_no_durations():
    assert reaches([BLANK._replace(group="bc", skipped=3)]) == []


def test_shares_lie_end_to_end():
    assert shares([1, 1, 2]) == [(0.0, 25.0), (25.0, 25.0), (50.0, 50.0)]
    assert shares([0, 0, 0]) == [(0.0, 0.0)] * 3
