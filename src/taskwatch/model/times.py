"""Durations, instants and zones: one strict grammar for every surface, and how they are printed.

Durations are integer seconds, timeouts whole minutes, instants integer milliseconds since 1970 UTC.
A day is 24 hours in a duration and a calendar day in `yesterday`. Every refusal is an InvalidInput.
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from taskwatch.errors import InvalidInput

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

LONGEST_TEXT = 100
LONGEST_SHOWN = 60
LONGEST_DURATION = 36_525 * 86_400
LONGEST_TIMEOUT = 5_256_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
# Two days short of the last datetime there is, so that every zone can show any instant and its tomorrow.
_END_OF_TIME = (datetime(9999, 12, 30, tzinfo=UTC) - _EPOCH) // _MILLISECOND

_UNITS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3_600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
    **dict.fromkeys(("w", "week", "weeks"), 604_800),
}
_UNEVEN_UNITS = frozenset(("M", "mo", "month", "months", "y", "Y", "yr", "year", "years"))
_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1, None: 0}

# `re` compiles a pattern at its first use and keeps it: start-up pays for none of these.
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_QUANTITY = rf"({_NUMBER}) *([A-Za-z]+)"
_COMPOUND = rf"(?:{_QUANTITY} *)+"
_ISO_DURATION = rf"P((?:{_NUMBER}[YMWD])*)(?:T((?:{_NUMBER}[HMS])+))?"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?"
_OFFSET = r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9])"
_STAMP = rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:[Tt ]{_CLOCK}{_OFFSET}?)?"
_DAY = rf"(?:(yesterday|today|tomorrow)(?: +|$))?({_CLOCK})?"
_RELATIVE = r"(?ai:(?P<sign>[+-]) *(?P<shift>.+)|in +(?P<ahead>.+)|(?P<back>.+) +ago)"
_SLASHED = r"[0-9]+/[0-9]+(?:/[0-9]+)?.*"
_ZONE = r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*"

_DURATION_HINT = "write it as 45s, 30m, 1h30m, 1.5h, 2d or PT1H30M"
_INSTANT_HINT = "write it as 2026-11-23T10:00:00Z, 2026-11-23, 14:30, yesterday 14:00, 2h ago, in 30m or now"


def parse_duration(text: str) -> int:
    """Seconds ≥ 0 of `90m`, `1h 30m`, `2 hours 5 min`, `1.5h` or ISO 8601 `P1DT2H`.

    Units go from large to small, each once; a decimal stands alone and must come to whole seconds.

    Raises:
        InvalidInput: a bare number, an unknown unit, months or years, or more than 100 years.
    """
    quantities = _split_quantities(_trim(text))
    sizes = [size for _, size in quantities]
    if sizes != sorted(set(sizes), reverse=True):
        raise InvalidInput(
            f"{_show(text)} does not name each unit once, from large to small", hint=_DURATION_HINT
        )
    if len(sizes) > 1 and any("." in number for number, _ in quantities):
        raise InvalidInput(f"{_show(text)} has a decimal beside another unit", hint=_DURATION_HINT)
    seconds = sum(_count_seconds(number, size, text) for number, size in quantities)
    if seconds > LONGEST_DURATION:
        raise InvalidInput(f"{_show(text)} is longer than 100 years", hint="give a shorter duration")
    return seconds


def parse_timeout(value: int | str) -> int:
    """Whole minutes from 1 to 5,256,000 (10 years): an int or digits are minutes, other text is a duration.

    Raises:
        InvalidInput: anything else, such as true, 90s or 0.
    """
    minutes = _count_minutes(value)
    if minutes < 1:
        raise InvalidInput(
            "a timeout must be at least one minute", hint="leave it out for a task without SLA"
        )
    if minutes > LONGEST_TIMEOUT:
        raise InvalidInput(
            f"a timeout must be at most {LONGEST_TIMEOUT} minutes (10 years)",
            hint="leave it out for a task without SLA",
        )
    return minutes


def parse_instant(text: str, *, now: int, zone: tzinfo) -> int:
    """Milliseconds UTC of a stamp, a date, a time of day, a word such as `yesterday`, or a step from now.

    Without an offset, the text is read in `zone`: a local time that a clock change skips moves forward by
    the gap, one that occurs twice is the earlier. Digits below the millisecond are cut off.

    Raises:
        InvalidInput: any other text, a day that does not exist, or an instant outside 1970 to 9999.
    """
    at = _read_instant(_trim(text), now, zone)
    if not 0 <= at < _END_OF_TIME:
        raise InvalidInput(f"{_show(text)} is outside the years 1970 to 9999", hint="check the year")
    return at


def parse_zone(name: str) -> "ZoneInfo":
    """The time zone of an IANA name such as `Europe/Paris`.

    Raises:
        InvalidInput: the name is unknown or no name at all; the hint holds the nearest one.
    """
    from zoneinfo import ZoneInfo

    # Without a system zone database, a name is looked up as nested packages: a deep one exhausts the stack.
    if len(name) <= LONGEST_TEXT and re.fullmatch(_ZONE, name):
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):  # a folder or a stray file of the zone database
            pass
    raise InvalidInput(f"{_show(name)} is not a time zone", hint=_suggest_zone(name[:LONGEST_TEXT]))


def rfc3339(at: int) -> str:
    """`2025-12-24T10:15:00Z`, with three digits for the milliseconds if there are any."""
    seconds, milliseconds = divmod(at, 1000)
    stamp = datetime.fromtimestamp(seconds, UTC).isoformat()[:19]
    return f"{stamp}.{milliseconds:03d}Z" if milliseconds else f"{stamp}Z"


def local(at: int, zone: tzinfo) -> str:
    """`2026-11-23 10:15` on the clocks of that zone."""
    return datetime.fromtimestamp(at // 1000, zone).isoformat(" ")[:16]


def spell(seconds: int) -> str:
    """`45s`, `12m`, `1h 05m` or `2d 3h`: what is smaller is cut off; a negative one begins with `-`."""
    if seconds < 0:
        return f"-{spell(-seconds)}"
    minutes, hours, days = seconds // 60, seconds // 3_600, seconds // 86_400
    if days:
        return f"{days}d {hours % 24}h"
    if hours:
        return f"{hours}h {minutes % 60:02d}m"
    return f"{minutes}m" if minutes else f"{seconds}s"


def _split_quantities(text: str) -> list[tuple[str, int]]:
    iso = re.fullmatch(_ISO_DURATION, text)
    plain = (iso[1].replace("M", "mo") + (iso[2] or "")).lower() if iso else text
    if re.fullmatch(r"[0-9]+", text):
        raise InvalidInput(f"{_show(text)} has no unit", hint=f"did you mean {text}m?")
    if not re.fullmatch(_COMPOUND, plain):
        raise InvalidInput(f"{_show(text)} is not a duration", hint=_DURATION_HINT)
    return [(number, _size_unit(unit, text)) for number, unit in re.findall(_QUANTITY, plain)]


def _size_unit(unit: str, text: str) -> int:
    # A single letter keeps its case: `M` means months to many, so it must not pass for minutes.
    unit = unit if len(unit) == 1 else unit.lower()
    if unit in _UNEVEN_UNITS:
        raise InvalidInput(
            f"{_show(text)} counts in months or years, which differ in length",
            hint="count in days, such as 30d",
        )
    if unit not in _UNITS:
        raise InvalidInput(f"{_show(text)} has an unknown unit", hint="the units are s, m, h, d and w")
    return _UNITS[unit]


def _count_seconds(number: str, size: int, text: str) -> int:
    whole, _, decimals = number.partition(".")
    scale: int = 10 ** len(decimals)
    seconds, rest = divmod(int(whole + decimals) * size, scale)
    if rest:
        raise InvalidInput(f"{_show(text)} does not come to whole seconds", hint="use a smaller unit")
    return seconds


def _count_minutes(value: int | str) -> int:
    if type(value) not in (int, str):
        raise InvalidInput(
            f"{_show(str(value))} is not a timeout", hint="give whole minutes or text such as 1h30m"
        )
    if isinstance(value, int):
        return value
    text = _trim(value)
    if re.fullmatch(r"[0-9]+", text):
        return int(text)
    minutes, rest = divmod(parse_duration(text), 60)
    if minutes and rest:
        raise InvalidInput(
            f"{_show(text)} is not a whole number of minutes", hint=f"round it, such as {minutes + 1}m"
        )
    return minutes


def _read_instant(text: str, now: int, zone: tzinfo) -> int:
    if text.lower() == "now":
        return now
    if re.fullmatch(_STAMP, text):
        return _read_stamp(text, zone)
    if day := re.fullmatch(_DAY, text.lower()):
        return _read_day(day[1], day[2] or "00:00", now, zone)
    if step := re.fullmatch(_RELATIVE, text):
        sign = -1 if step["back"] or step["sign"] == "-" else 1
        seconds = parse_duration(step["shift"] or step["ahead"] or step["back"])
        return now + sign * 1000 * seconds
    raise _refuse_instant(text)


def _read_stamp(text: str, zone: tzinfo) -> int:
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        raise InvalidInput(
            f"{_show(text)} is not in the calendar", hint="check the month and the day"
        ) from None
    return _to_utc(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def _read_day(word: str | None, clock: str, now: int, zone: tzinfo) -> int:
    day = datetime.fromtimestamp(now // 1000, zone).date() + timedelta(days=_DAYS[word])
    return _to_utc(datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=zone))


def _to_utc(moment: datetime) -> int:
    # fold=0 (PEP 495) gives both rules for clock changes: over the gap forward, of two the earlier.
    return (moment - _EPOCH) // _MILLISECOND


def _refuse_instant(text: str) -> InvalidInput:
    if re.fullmatch(r"[0-9]+", text):
        return InvalidInput(
            f"{_show(text)} has no unit", hint=f"did you mean {text}m ago? A date is written 2026-11-23"
        )
    if re.fullmatch(_SLASHED, text):
        return InvalidInput(
            f"{_show(text)} can be read as two dates", hint="write year-month-day: 2026-11-23"
        )
    if re.fullmatch(_COMPOUND, text):
        return InvalidInput(f"{_show(text)} is a duration, not a time", hint=f"say {text} ago or in {text}")
    return InvalidInput(f"{_show(text)} is not a time", hint=_INSTANT_HINT)


def _suggest_zone(name: str) -> str:
    from difflib import get_close_matches
    from zoneinfo import available_timezones

    zones = sorted(available_timezones())
    known = {zone.rpartition("/")[2].lower(): zone for zone in zones} | {zone.lower(): zone for zone in zones}
    nearest = get_close_matches(name.lower(), known, n=1)
    return f"did you mean {known[nearest[0]]}?" if nearest else "use a name such as Europe/Paris or UTC"


def _trim(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise InvalidInput(f"{_show(text)} is longer than {LONGEST_TEXT} characters", hint=_DURATION_HINT)
    trimmed = text.strip(" \t\r\n")
    if not trimmed:
        raise InvalidInput(f"{_show(text)} is empty", hint=_DURATION_HINT)
    return trimmed


def _show(text: str) -> str:
    shown = repr(text[:LONGEST_SHOWN])
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[: LONGEST_SHOWN - 1]}…"
