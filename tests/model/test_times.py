import re
import time
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones, reset_tzpath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from taskwatch.errors import InvalidInput
from taskwatch.model import times

PARIS = ZoneInfo("Europe/Paris")
SANTIAGO = ZoneInfo("America/Santiago")  # southern; its clocks change at midnight
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # southern; its clocks change by half an hour
LAST = 253_402_127_999_999  # 9999-12-29T23:59:59.999Z

instants = st.integers(0, LAST)
zones = st.sampled_from([UTC, PARIS, SANTIAGO, LORD_HOWE, timezone(timedelta(hours=14)), timezone.max])
# Text made of the grammar's own pieces gets further into the parsers than random characters do.
pieces = st.sampled_from(
    [
        *"0159smhdwMYPTZ:+-./ ",
        "2026-11-23",
        "14:30",
        "in ",
        " ago",
        "now",
        "today",
        "yesterday ",
        "²",
        "٣",
        "\0",
    ]
)
garbage = st.one_of(st.text(), st.lists(pieces, max_size=14).map("".join), st.text().map(lambda t: t * 50))


def at(stamp):
    """The instant of a stamp with an offset, by the standard library."""
    return round(datetime.fromisoformat(stamp).timestamp() * 1000)


NOW = at("2026-11-23T10:20:30.250Z")


def parse(text, *, now=NOW, zone=PARIS):
    return times.parse_instant(text, now=now, zone=zone)


def attempt(function, *args, **kwargs):
    """What the function returns, or its InvalidInput if it refuses properly."""
    try:
        return function(*args, **kwargs)
    except InvalidInput:
        return refusal(function, *args, **kwargs)


def refusal(function, *args, **kwargs):
    with pytest.raises(InvalidInput) as caught:
        function(*args, **kwargs)
    assert caught.value.hint
    assert caught.value.message.isprintable()
    assert not caught.value.message.endswith(".")
    return caught.value


# Durations


@pytest.mark.parametrize(
    ("seconds", "texts"),
    [
        (0, ["0s", "0d", "PT0S"]),
        (1, ["1 sec", "1second", "01s"]),
        (300, ["5 min", "5minutes", "300 seconds"]),
        (5_400, ["90m", "1h30m", "1h 30m", "1.5h", "1.50 hours", "PT1H30M", "PT1.5H"]),
        (7_500, ["  2 hours 5 min\n", "2 Hours 5m", "2hr5minute"]),
        (93_600, ["1d2h", "1 day 2 hour", "P1DT2H"]),
        (1_209_600, ["2w", "2 weeks", "14 days", "P2W"]),
        (777_600, ["1 week 2 days", "P1W2D"]),
        (36_525 * 86_400, ["36525d"]),
    ],
)
def test_a_duration_is_read_in_every_notation(seconds, texts):
    for text in texts:
        assert times.parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("reason", "texts"),
    [
        ("empty", ["", " \t"]),
        ("not a duration", ["2h30", "-2h", "h", "1,5h", ".5h", "1.h", "\u0663m", "P", "PT", "P1DT", "pt1h"]),
        ("unknown unit", ["5 parsecs", "1H"]),
        ("from large to small", ["30m1h", "1m 1m", "1h 1hour", "PT1M1H"]),
        ("decimal", ["1.5h 3m", "1h 1.5m", "PT1H1.5M"]),
        ("whole seconds", ["0.0001h", "1.5s"]),
        ("100 years", ["36526d", "36525d 1s", "9" * 90 + "w"]),
        ("months or years", ["1M", "2 months", "1mo", "1y", "3 Years", "P1M", "P1YT1H"]),
    ],
)
def test_what_is_no_duration_is_refused_with_its_reason(reason, texts):
    for text in texts:
        error = refusal(times.parse_duration, text)
        assert reason in error.message
        assert repr(text)[:59] in error.message


def test_a_bare_number_is_asked_for_its_unit():
    assert refusal(times.parse_duration, "30").hint == "did you mean 30m?"


def test_a_refusal_shows_hostile_text_escaped_and_cut():
    message = refusal(times.parse_duration, "\x1b[31m\u202e\n" + "x" * 5_000).message
    assert message.startswith("'\\x1b[31m\\u202e\\n")
    assert len(message.partition("…")[0]) == 59


@given(st.integers(0, times.LONGEST_DURATION), st.sampled_from(["", " "]), st.booleans())
def test_a_duration_written_out_in_units_reads_back(seconds, gap, long):
    parts, rest = [], seconds
    for unit, word, size in [
        ("w", "weeks", 604_800),
        ("d", "day", 86_400),
        ("h", "hr", 3_600),
        ("m", "min", 60),
    ]:
        count, rest = divmod(rest, size)
        parts += [f"{count}{gap}{word if long else unit}"] if count else []
    parts.append(f"{rest}s")
    assert times.parse_duration(gap.join(parts)) == seconds


@given(st.integers(0, 36_524), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_an_iso_duration_reads_as_its_parts(days, hours, minutes, seconds):
    text = f"P{days}DT{hours}H{minutes}M{seconds}S"
    wanted = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    assert times.parse_duration(text) == wanted.total_seconds()


@given(st.integers(0, 10**6))
def test_decimal_hours_are_exact(thousandths):
    text = f"{thousandths // 1000}.{thousandths % 1000:03d}h"
    if thousandths * 3600 % 1000:
        refusal(times.parse_duration, text)
    else:
        assert times.parse_duration(text) == thousandths * 3600 // 1000


# Timeouts


@pytest.mark.parametrize(
    ("value", "minutes"),
    [
        (1, 1),
        (30, 30),
        ("30", 30),
        (" 30 ", 30),
        ("1h30m", 90),
        ("60s", 1),
        ("PT2H", 120),
        ("3650d", 5_256_000),
    ],
)
def test_a_timeout_is_minutes_or_a_duration(value, minutes):
    assert times.parse_timeout(value) == minutes


@pytest.mark.parametrize("value", [0, -5, "0", "0s", "59s"])
def test_a_timeout_below_a_minute_is_refused(value):
    error = refusal(times.parse_timeout, value)
    assert error.message == "a timeout must be at least one minute"
    assert error.hint == "leave it out for a task without SLA"


def test_a_timeout_beyond_ten_years_is_refused():
    for value in (5_256_001, 10**5_000, "5256001", "3651d"):
        assert "at most 5256000 minutes" in refusal(times.parse_timeout, value).message


@pytest.mark.parametrize(
    "value", [True, False, 1.5, None, b"30", "", "90s", "1.5", "٣", "x", "-5", "9" * 101]
)
def test_what_is_no_whole_number_of_minutes_is_refused(value):
    refusal(times.parse_timeout, value)


# Instants


@pytest.mark.parametrize(
    ("stamp", "texts"),
    [
        ("2026-11-23T10:00:00Z", ["2026-11-23T10:00:00Z", "2026-11-23t10:00:00z", "2026-11-23 10:00Z"]),
        ("2026-11-23T10:00:00Z", ["2026-11-23T15:30:00+05:30", "2026-11-23 06:30-0330", "2026-11-23T11:00"]),
        ("2026-11-23T10:00:00.500Z", ["2026-11-23T10:00:00.5Z", "2026-11-23 11:00:00.500999999"]),
        ("2026-07-01T08:00:00Z", ["2026-07-01 10:00"]),
        ("2026-11-22T23:00:00Z", ["2026-11-23", "today", "00:00", "today 00:00"]),
        ("2026-11-23T13:30:00Z", ["14:30", "14:30:00", "today  14:30", "TODAY 14:30"]),
        ("2026-11-23T10:20:30.250Z", ["now", " NOW\n", "in 0s"]),
        ("2026-11-21T23:00:00Z", ["yesterday"]),
        ("2026-11-22T13:00:00Z", ["Yesterday 14:00"]),
        ("2026-11-23T23:00:00Z", ["tomorrow"]),
        ("2026-11-24T08:15:00Z", ["tomorrow 09:15"]),
        ("2026-11-23T08:20:30.250Z", ["2h ago", "2 hours AGO", "-2h", "- 2h", "-PT2H"]),
        ("2026-11-23T08:50:30.250Z", ["1h30m ago", "1 hour 30 min ago", "-1.5h"]),
        ("2026-11-23T11:50:30.250Z", ["in 1h30m", "In 90 minutes", "+1h30m", "+PT90M"]),
        ("1970-01-01T00:00:00Z", ["1970-01-01T00:00:00Z", "1970-01-01 01:00"]),
        ("9999-12-29T23:59:59.999Z", ["9999-12-29T23:59:59.999Z"]),
    ],
)
def test_an_instant_is_read_in_every_notation(stamp, texts):
    for text in texts:
        assert times.rfc3339(parse(text)) == stamp


@pytest.mark.parametrize(
    ("reason", "texts"),
    [
        ("empty", ["", "\n"]),
        ("has no unit", ["30", "1764000000", "20261123", "+30", "30 ago"]),
        ("two dates", ["3/4/2026", "2026/11/23", "3/4", "3/4/2026 10:00"]),
        ("is a duration, not a time", ["1h30m", "2 hours"]),
        ("months or years", ["2 months ago", "in 1y", "90 years ago"]),
        ("not a duration", ["in 2h ago", "--2h", "+-2h", "soon ago"]),
        ("not a time", ["9:30", "24:00", "23:60", "today14:00", "today tomorrow", "now 14:00", "in", "ago"]),
        ("not a time", ["2026-W48-1", "2026-11-23T", "2026-11-23Z", "2026-11-23T10:00:60Z"]),
        ("not a time", ["2026-11-23T10:00+24:00", "2026-11-23T10:00+01:60", "2026-11-23T10:00:00.Z"]),
        ("not in the calendar", ["2026-02-29", "2026-13-01T00:00Z", "0000-01-01"]),
        ("outside the years", ["0001-01-01", "1969-12-31T23:59:59.999Z", "36525d ago"]),
        ("outside the years", ["9999-12-31T23:59:59-14:00", "9999-12-30T00:00Z"]),
    ],
)
def test_what_is_no_instant_is_refused_with_its_reason(reason, texts):
    for text in texts:
        assert reason in refusal(parse, text).message


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("30", "30m"),
        ("3/4/2026", "2026-11-23"),
        ("1h30m", "1h30m ago or in 1h30m"),
        ("soon", "yesterday 14:00"),
    ],
)
def test_the_hint_shows_what_to_write_instead(text, hint):
    assert hint in refusal(parse, text).hint


@given(instants)
@example(0)
@example(LAST)
def test_an_instant_survives_being_printed(instant):
    text = times.rfc3339(instant)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", text)
    assert ("." in text) == bool(instant % 1000)
    assert parse(text, zone=LORD_HOWE) == instant


@given(instants, st.integers(-1439, 1439))
def test_an_offset_says_which_instant_is_meant(instant, offset):
    instant -= instant % 60_000
    sign, (hours, minutes) = "-" if offset < 0 else "+", divmod(abs(offset), 60)
    shifted = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=instant, minutes=offset)
    if shifted.year >= 1970:
        assert parse(f"{shifted.isoformat()[:-6]}{sign}{hours:02d}:{minutes:02d}") == instant


@given(instants, zones)
def test_a_local_time_reads_back_unless_the_clocks_showed_it_twice(instant, zone):
    text = times.local(instant, zone)
    read = parse(text, zone=zone)
    assert times.local(read, zone) == text
    assert read <= instant


@given(instants, zones, st.integers(0, times.LONGEST_DURATION))
def test_steps_from_now_are_exact_across_clock_changes(now, zone, seconds):
    later, earlier = now + seconds * 1000, now - seconds * 1000
    for text in (f"in {seconds}s", f"+{seconds}s"):
        if later <= LAST:
            assert parse(text, now=now, zone=zone) == later
    for text in (f"{seconds}s ago", f"-{seconds}s"):
        if earlier >= 0:
            assert parse(text, now=now, zone=zone) == earlier


@given(instants, zones)
def test_today_lies_between_yesterday_and_tomorrow(now, zone):
    days = [attempt(parse, word, now=now, zone=zone) for word in ("yesterday", "today", "now", "tomorrow")]
    within = [day for day in days if not isinstance(day, InvalidInput)]
    assert within == sorted(within)
    assert len(within) == 4 or not 3 * 86_400_000 < now < LAST - 3 * 86_400_000


# Clock changes


@pytest.mark.parametrize(
    ("zone", "text", "stamp"),
    [
        (PARIS, "2026-03-29 01:59", "2026-03-29T00:59:00Z"),
        (PARIS, "2026-03-29 02:30", "2026-03-29T01:30:00Z"),  # skipped: shown as 03:30
        (PARIS, "2026-03-29 03:00", "2026-03-29T01:00:00Z"),
        (PARIS, "2026-10-25 02:30", "2026-10-25T00:30:00Z"),  # twice: the summer one
        (PARIS, "2026-10-25 03:00", "2026-10-25T02:00:00Z"),
        (SANTIAGO, "2026-09-06", "2026-09-06T04:00:00Z"),  # no midnight: shown as 01:00
        (SANTIAGO, "2026-04-04 23:30", "2026-04-05T02:30:00Z"),  # twice: the summer one
        (SANTIAGO, "2026-04-05", "2026-04-05T04:00:00Z"),
        (LORD_HOWE, "2026-10-04 02:15", "2026-10-03T15:45:00Z"),  # skipped: shown as 02:45
        (LORD_HOWE, "2026-04-05 01:45", "2026-04-04T14:45:00Z"),  # twice: the summer one
    ],
)
def test_a_skipped_time_moves_forward_and_a_doubled_one_is_the_earlier(zone, text, stamp):
    assert times.rfc3339(parse(text, zone=zone)) == stamp


@pytest.mark.parametrize(("text", "shown"), [("2026-03-29 02:30", "03:30"), ("2026-03-29 02:00", "03:00")])
def test_a_skipped_time_is_shown_moved_by_the_gap(text, shown):
    assert times.local(parse(text), PARIS) == f"2026-03-29 {shown}"


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_a_calendar_day_is_as_long_as_its_clocks_say(day, hours):
    noon = parse(f"{day} 12:00")
    assert parse("tomorrow", now=noon) - parse("today", now=noon) == hours * 3_600_000


def test_a_day_ago_is_24_hours_and_yesterday_is_a_date():
    noon = parse("2026-03-29 12:00")
    assert times.local(parse("1d ago", now=noon), PARIS) == "2026-03-28 11:00"
    assert times.local(parse("yesterday 12:00", now=noon), PARIS) == "2026-03-28 12:00"


def test_the_day_is_that_of_the_zone():
    late = at("2026-11-23T23:30:00Z")
    assert times.rfc3339(parse("today", now=late, zone=PARIS)) == "2026-11-23T23:00:00Z"
    assert times.rfc3339(parse("today", now=late, zone=UTC)) == "2026-11-23T00:00:00Z"


# Hostile text


@given(garbage, instants, zones)
def test_garbage_never_raises_anything_but_invalid_input(text, now, zone):
    for read in (times.parse_duration, times.parse_timeout, lambda t: parse(t, now=now, zone=zone)):
        result = attempt(read, text)
        assert isinstance(result, InvalidInput) or result >= 0


@pytest.mark.parametrize("unit", ["1h ", "1", " ", "a", "1.", "P1D", "- ", "x ago ", "1h1h1h!"])
def test_long_text_costs_no_more_than_short(unit):
    texts = [unit * 30, unit * 1_000_000]
    started = time.process_time()
    for text in texts:
        refusal(times.parse_duration, text)
        refusal(parse, text)
    assert time.process_time() - started < 0.5


# Zones


def test_every_zone_of_the_database_is_found_by_name():
    for name in sorted(available_timezones())[::25]:
        assert times.parse_zone(name).key == name


def test_an_unknown_zone_is_refused_with_the_nearest():
    for name in ("Europe/Pariss", "europe/paris", "Paris"):
        assert refusal(times.parse_zone, name).hint == "did you mean Europe/Paris?"
    assert refusal(times.parse_zone, "utc").hint == "did you mean UTC?"
    assert refusal(times.parse_zone, "").hint == "use a name such as Europe/Paris or UTC"


def test_a_hostile_zone_name_is_refused():
    paths = [
        "../Europe/Paris",
        "/etc/localtime",
        "America",
        "Europe/",
        "tzdata.zi",
        "a//b",
        "..",
        "Europe/Paris/x",
    ]
    texts = ["UTC\n", "\0", "\ud800", "\x1b[2J", "x" * 100, "x" * 9_999, "a/" * 49 + "a"]
    for name in paths + texts:
        assert len(refusal(times.parse_zone, name).message) < 100


def test_a_deep_zone_name_is_refused_where_zones_come_from_the_tzdata_package():
    reset_tzpath(to=[])
    try:
        refusal(times.parse_zone, "a/" * 5_000 + "a")
    finally:
        reset_tzpath()


@given(
    st.one_of(st.text(), st.lists(st.sampled_from(["..", "/", "Europe", "UTC", "-", "+", "a"])).map("".join))
)
def test_any_zone_name_is_a_zone_or_invalid_input(name):
    result = attempt(times.parse_zone, name)
    assert isinstance(result, InvalidInput) or result.key == name


# Printing


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:00.001Z"),
        (1_766_571_300_000, "2025-12-24T10:15:00Z"),
        (1_766_571_300_250, "2025-12-24T10:15:00.250Z"),
    ],
)
def test_an_instant_is_printed_with_milliseconds_only_if_it_has_some(instant, text):
    assert times.rfc3339(instant) == text


def test_a_local_time_is_printed_to_the_minute():
    assert times.local(at("2026-11-23T09:15:59.999Z"), PARIS) == "2026-11-23 10:15"
    assert times.local(at("2026-07-01T22:30:00Z"), PARIS) == "2026-07-02 00:30"


def test_a_duration_is_spelt_in_two_units_at_most():
    spelt = {0: "0s", 45: "45s", 60: "1m", 779: "12m", 3_600: "1h 00m", 3_959: "1h 05m", 86_399: "23h 59m"}
    spelt |= {86_400: "1d 0h", 183_600: "2d 3h", -45: "-45s", -90: "-1m", -3_900: "-1h 05m"}
    assert {seconds: times.spell(seconds) for seconds in spelt} == spelt


@given(st.integers(0, times.LONGEST_DURATION))
def test_a_spelt_duration_reads_back_rounded_down(seconds):
    lost = seconds - times.parse_duration(times.spell(seconds))
    assert 0 <= lost < (1 if seconds < 60 else 60 if seconds < 86_400 else 3_600)
    assert times.spell(-seconds).lstrip("-") == times.spell(seconds)
