"""Quiet hours through clock changes, the order of the checks, and that nothing which waits is lost."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskwatch.model.ack import Ack
from taskwatch.model.calm import (
    DAY_MS,
    Decision,
    Limits,
    Load,
    Matter,
    Person,
    day_bounds,
    judge,
    limit,
    quiet_until,
)
from taskwatch.model.event import BECAME_READY, SLA_EXCEEDED
from taskwatch.model.mute import Mute, Subject
from taskwatch.model.preference import Preference, Quiet, parse_quiet
from taskwatch.model.routing import Wish

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]
NIGHT = parse_quiet("22:00-07:00")
WISH = Wish(5, "mail", "overdue", ("user:5",), mandatory=False)


def ms(text, zone=BERLIN):
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC).timestamp()) * 1000


NOON = ms("2026-11-23T12:00")


def matter(kind=SLA_EXCEEDED, reason="first", level="high", at=NOON, **more):
    return Matter(kind, reason, level, at, 1, Subject(1, 2, "bc"), **more)


ANYBODY = Person(BERLIN)


def decided(wish=WISH, address="dana@example.com", person=ANYBODY, about=None, now=NOON):
    decision = judge(wish, address, person, about or matter(), now)
    return decision.state, decision.reason, decision.until


@pytest.mark.parametrize(
    ("at", "end"),
    [
        ("2026-11-23T21:59", None),
        ("2026-11-23T22:00", "2026-11-24T07:00"),
        ("2026-11-24T03:00", "2026-11-24T07:00"),
        ("2026-11-24T06:59", "2026-11-24T07:00"),
        ("2026-11-24T07:00", None),
        ("2026-03-29T00:30", "2026-03-29T07:00"),  # a night of eight hours
        ("2026-10-25T00:30", "2026-10-25T07:00"),  # a night of ten hours
    ],
)
def test_quiet_hours_end_on_the_persons_own_clock(at, end):
    assert quiet_until(NIGHT, ms(at), BERLIN) == (end and ms(end))


def test_quiet_hours_that_end_in_the_hour_a_clock_change_skips_end_after_it():
    assert quiet_until(parse_quiet("22:00-02:30"), ms("2026-03-28T23:00"), BERLIN) == ms("2026-03-29T03:30")


def test_quiet_hours_that_end_in_the_hour_that_comes_twice_end_the_first_time():
    end = quiet_until(parse_quiet("22:00-02:30"), ms("2026-10-24T23:00"), BERLIN)
    assert datetime.fromtimestamp(end / 1000, UTC).isoformat() == "2026-10-25T00:30:00+00:00"


def test_quiet_hours_hold_on_the_days_they_begin_on():
    weekend = parse_quiet("22:00-07:00", "fri,sat")
    assert quiet_until(weekend, ms("2026-11-21T03:00"), BERLIN) == ms("2026-11-21T07:00")  # began on Friday
    assert quiet_until(weekend, ms("2026-11-22T23:00"), BERLIN) is None  # Sunday


quiets = st.tuples(st.integers(0, 1439), st.integers(0, 1439)).filter(lambda pair: pair[0] != pair[1])
instants = st.integers(ms("2026-01-01T00:00"), ms("2027-12-31T00:00"))


@given(quiets, st.sets(st.sampled_from("1234567")), instants, st.sampled_from(ZONES))
def test_the_end_of_quiet_hours_is_ahead_within_reach_and_not_quiet(pair, days, at, name):
    quiet, zone = Quiet(*pair, "".join(sorted(days))), ZoneInfo(name)
    end = quiet_until(quiet, at, zone)
    if end is not None:
        assert at < end <= at + 3 * DAY_MS
        assert quiet_until(quiet, end, zone) is None


@given(quiets, instants, st.sampled_from(ZONES))
def test_every_local_minute_inside_is_quiet_on_days_without_clock_change(pair, at, name):
    quiet, zone = Quiet(*pair), ZoneInfo(name)
    local = datetime.fromtimestamp(at // 1000, zone)
    offsets = {
        (local + timedelta(days=day)).astimezone(UTC).astimezone(zone).utcoffset() for day in (-2, 0, 2)
    }
    minute = local.hour * 60 + local.minute
    begins, ends = pair
    inside = begins <= minute < ends if begins < ends else minute >= begins or minute < ends
    if len(offsets) == 1:
        assert (quiet_until(quiet, at, zone) is not None) == inside


@given(instants, st.sampled_from(ZONES))
def test_a_day_holds_its_instant_and_the_next_day_begins_where_it_ends(at, name):
    zone = ZoneInfo(name)
    begin, end = day_bounds(at, zone)
    assert begin <= at < end
    assert day_bounds(end, zone)[0] == end


def test_a_day_of_a_clock_change_has_23_or_25_hours():
    spring, autumn = day_bounds(ms("2026-03-29T12:00"), BERLIN), day_bounds(ms("2026-10-25T12:00"), BERLIN)
    assert [(end - begin) // 3_600_000 for begin, end in (spring, autumn)] == [23, 25]


def test_without_anything_against_it_a_message_goes_out_at_once():
    assert decided() == ("pending", None, None)


def test_without_an_address_nothing_goes_out():
    assert decided(address=None) == ("suppressed", "no_address", None)


def test_a_preference_declines_unless_the_rule_is_mandatory():
    person = Person(BERLIN, [Preference(SLA_EXCEEDED, "mail", 0)])
    assert decided(person=person) == ("suppressed", "preference", None)
    assert decided(person=person, wish=WISH._replace(mandatory=True)) == ("pending", None, None)


def test_a_mute_keeps_even_a_critical_and_mandatory_message_back():
    mute = Mute(1, "type", "bc", None, None, NOON - 1, NOON + 1, None)
    about = matter(level="critical", mutes=[mute])
    assert decided(about=about, wish=WISH._replace(mandatory=True)) == ("suppressed", "muted", None)
    assert decided(about=about, now=NOON + 1) == ("pending", None, None)


def test_a_mute_of_a_role_leaves_those_who_are_reached_otherwise():
    about = matter(mutes=[Mute(1, "role", "driver", None, None, NOON - 1, NOON + 1, None)])
    assert decided(about=about, wish=WISH._replace(ways=("role:driver",)))[1] == "muted"
    assert decided(about=about, wish=WISH._replace(ways=("role:driver", "admins")))[1] is None


def test_an_ack_stops_alerts_up_to_its_level_and_nothing_else():
    acks = [Ack(1, 1, 1, "ack", "high", 5, None, NOON - 1, NOON + 1, None)]
    assert decided(about=matter(acks=acks)) == ("suppressed", "acknowledged", None)
    assert decided(about=matter(level="critical", acks=acks)) == ("pending", None, None)
    assert decided(about=matter(BECAME_READY, level=None, acks=acks)) == ("pending", None, None)


def test_what_is_older_than_a_day_disturbs_nobody():
    assert decided(now=NOON + DAY_MS + 1) == ("suppressed", "too_old", None)
    assert decided(now=NOON + DAY_MS + 1, wish=WISH._replace(channel="database")) == ("pending", None, None)


def test_quiet_hours_defer_all_but_critical_alerts_and_silent_channels():
    person, night = Person(BERLIN, (), NIGHT), ms("2026-11-23T23:00")
    assert decided(person=person, now=night) == ("pending", "quiet_hours", ms("2026-11-24T07:00"))
    assert decided(person=person, now=night, about=matter(level="critical")) == ("pending", None, None)
    assert decided(person=person, now=night, wish=WISH._replace(channel="broadcast")) == (
        "pending",
        None,
        None,
    )
    mandatory = WISH._replace(mandatory=True)
    assert decided(person=person, now=night, wish=mandatory)[1] == "quiet_hours"


def test_the_sentence_names_the_end_of_quiet_hours_in_the_persons_zone():
    decision = judge(WISH, "", Person(BERLIN, (), NIGHT), matter(), ms("2026-11-23T23:00"))
    assert decision.steps[-1].sentence == "quiet hours until 2026-11-24 07:00 Europe/Berlin"


GOING = Decision("pending", None, None, ())


limits = st.builds(Limits, st.integers(0, 5), st.integers(0, 3_600))
loads = st.builds(
    Load, st.integers(0, 8), st.just(NOON + DAY_MS // 2), st.none() | st.integers(NOON + 1, NOON + DAY_MS)
)
reasons = st.sampled_from(["first", "repeat", "level_raised"])
levels = st.sampled_from(["low", "high", "critical"])


@given(limits, loads, reasons, levels)
def test_limits_gather_and_never_lose(limits, load, reason, level):
    decision = limit(GOING, matter(reason=reason, level=level), limits, load, NOON)
    passes = level == "critical" and reason != "repeat"
    is_full = 0 < limits.daily_cap <= load.today
    assert (decision.reason == "daily_cap") == (is_full and not passes)
    if decision.state == "suppressed":
        assert decision.reason in {"daily_cap", "grouped"}
        assert decision.until > NOON
    if passes:
        assert decision == decision._replace(state="pending", reason=None, until=None)


def test_a_message_joins_the_group_that_is_open():
    load = Load(0, NOON + DAY_MS, NOON + 60_000)
    about = matter(reason="repeat")
    assert limit(GOING, about, Limits(0, 600), load, NOON).until == NOON + 60_000
    assert limit(GOING, about, Limits(0, 600), load._replace(group_until=None), NOON).until == NOON + 600_000
