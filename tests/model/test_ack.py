"""Which alerts an ack or a snooze stops: those of its cycle, until its end, at no higher a level."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskwatch.model.ack import ACK, SNOOZE, Ack, covering, covers, stands
from taskwatch.model.sla import LEVELS

AT, UNTIL = 1_000, 5_000
NAMES = [level.name for level in LEVELS]


def made(kind=ACK, level="medium", **changed):
    return Ack(1, 7, 2, kind, level, 5, None, AT, UNTIL, None)._replace(**changed)


def asked(ack, *, cycle=2, level="medium", now=AT):
    return covers(ack, cycle=cycle, level=level, now=now)


def test_an_ack_covers_a_repeat_of_its_level_from_its_beginning_to_before_its_end():
    assert [asked(made(), now=now) for now in (AT - 1, AT, UNTIL - 1, UNTIL)] == [False, True, True, False]


@pytest.mark.parametrize("known", NAMES)
@pytest.mark.parametrize("level", NAMES)
def test_an_ack_gives_way_when_the_level_rises(known, level):
    assert asked(made(level=known), level=level) == (NAMES.index(level) <= NAMES.index(known))


@pytest.mark.parametrize("level", NAMES)
def test_a_snooze_covers_every_level(level):
    assert asked(made(SNOOZE, "low"), level=level)


def test_another_cycle_is_not_covered():
    assert not asked(made(), cycle=3)


def test_what_was_taken_back_covers_nothing_from_then_on():
    ended = made(ended_at=3_000)
    assert asked(ended, now=2_999)
    assert not asked(ended, now=3_000)


def test_the_first_that_covers_is_the_one_that_stops_an_alert():
    acks = [made(id=3, level="low"), made(SNOOZE, id=2), made(id=1)]
    assert covering(acks, cycle=2, level="medium", now=AT).id == 2
    assert covering(acks, cycle=2, level="medium", now=UNTIL) is None


@given(st.integers(0, 6_000), st.sampled_from(NAMES), st.sampled_from((ACK, SNOOZE)))
def test_nothing_is_covered_by_what_does_not_stand(now, level, kind):
    ack = made(kind)
    assert stands(ack, now) or not asked(ack, level=level, now=now)
