"""What a person wants: the most exact preference decides; quiet hours are read and written alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskwatch.errors import InvalidInput
from taskwatch.model.preference import (
    EVERY_DAY,
    Preference,
    Quiet,
    checked,
    parse_quiet,
    spell_days,
    spell_quiet,
    wants,
)

READY, LATE = "task.became.ready", "task.sla.exceeded"


def test_without_a_preference_everything_is_wanted():
    assert wants([], READY, "mail")


def test_the_most_exact_preference_decides():
    known = [
        Preference("*", "*", 0),
        Preference("*", "mail", 1),
        Preference(LATE, "*", 0),
        Preference(LATE, "mail", 1),
    ]
    assert [wants(known[:count], LATE, "mail") for count in range(5)] == [True, False, True, False, True]
    assert not wants(known, LATE, "webhook")
    assert wants(known, READY, "mail")
    assert not wants(known, READY, "webhook")


def test_a_preference_is_about_a_kind_that_there_is_and_a_channel_that_can_be():
    assert checked(LATE, "mail") == (LATE, "mail")
    assert checked("*", "*") == ("*", "*")
    with pytest.raises(InvalidInput, match="no kind of event") as error:
        checked("task.sla.exeeded", "mail")
    assert error.value.hint == "did you mean task.sla.exceeded?"
    for channel in ("", "ma il", "a\nb", "-x"):
        with pytest.raises(InvalidInput, match="a channel cannot be called"):
            checked(LATE, channel)


@pytest.mark.parametrize(
    ("hours", "days", "found"),
    [
        ("22:00-07:00", None, Quiet(1320, 420, EVERY_DAY)),
        ("9:30 - 17:00", "mon-fri", Quiet(570, 1020, "12345")),
        ("00:00 to 23:59", "Sat,Sunday", Quiet(0, 1439, "67")),
        ("22:00-07:00", "fri-mon", Quiet(1320, 420, "1567")),
        ("22:00-07:00", "wed, mon", Quiet(1320, 420, "13")),
    ],
)
def test_quiet_hours_are_read(hours, days, found):
    assert parse_quiet(hours, days) == found


@pytest.mark.parametrize(
    ("hours", "days"),
    [
        ("22-7", None),
        ("24:00-07:00", None),
        ("22:00-07:60", None),
        ("07:00-07:00", None),
        ("\u0662\u0662:00-07:00", None),
        ("22:00-07:00\n", "x"),
        ("22:00-07:00", ""),
        ("22:00-07:00", "mon-"),
        ("22:00-07:00", "mon,,tue"),
    ],
)
def test_other_hours_and_days_are_refused(hours, days):
    with pytest.raises(InvalidInput) as error:
        parse_quiet(hours, days)
    assert error.value.hint.startswith("write them as")


@given(
    st.tuples(st.integers(0, 1439), st.integers(0, 1439)).filter(lambda span: span[0] != span[1]),
    st.sets(st.integers(1, 7), min_size=1),
)
def test_what_is_written_is_read_back(span, days):
    quiet = Quiet(*span, "".join(map(str, sorted(days))))
    assert parse_quiet(spell_quiet(quiet), ",".join(spell_days(quiet))) == quiet
