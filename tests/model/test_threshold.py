"""Threshold ranges mean what monitoring plugins mean by them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskwatch.errors import InvalidInput
from taskwatch.model.threshold import parse


@pytest.mark.parametrize(
    ("text", "quiet", "alerting"),
    [
        ("10", [0, 5, 10], [-1, 10.01, 11]),
        ("0", [0], [-1, 1]),
        ("10:", [10, 99], [9.99, 0]),
        ("~:10", [-99, 10], [10.5, 11]),
        ("10:20", [10, 20], [9, 21]),
        ("@10:20", [9, 21], [10, 15, 20]),
        ("@0", [1], [0]),
        ("80:", [80.0, 100], [79.99]),
        (":10", [0, 10], [11]),
        ("-5:5", [-5, 5], [-6, 6]),
        (" 66.67: ", [66.67], [66.66]),
        ("~:", [-1, 0, 1], []),
    ],
)
def test_a_range_alerts_outside_or_with_an_at_sign_inside(text, quiet, alerting):
    found = parse(text)
    assert [value for value in quiet if found.alerts(value)] == []
    assert [value for value in alerting if not found.alerts(value)] == []


@pytest.mark.parametrize(
    "text",
    ["", " ", "@", "x", "10 20", "20:10", "1e5", "~", "~10", "1,5", "::", "10:~", "٣", "9" * 400, "nan"],
)
def test_what_is_no_range_is_refused_with_a_hint(text):
    with pytest.raises(InvalidInput) as error:
        parse(text)
    assert "@10:20 (inside)" in error.value.hint


@given(st.text(max_size=20))
def test_any_text_is_a_range_or_refused(text):
    try:
        found = parse(text)
    except InvalidInput:
        return
    assert found.alerts(1) in {True, False}
    assert parse(found.text) == found
