"""What a person wants to be told, on which channel, and when they are to be left alone."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from taskwatch.errors import InvalidInput
from taskwatch.model import names
from taskwatch.model.event import KINDS as EVENTS
from taskwatch.model.notice import DIGEST, RESOLVED

ANY = "*"
EVERY_DAY = "1234567"
KINDS = (*EVENTS, RESOLVED, DIGEST)

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9]) *(?:-|to) *([01]?[0-9]|2[0-3]):([0-5][0-9])")


class Preference(NamedTuple):
    """Whether (1 or 0) events of a kind are wanted on a channel; `*` is any."""

    kind: str
    channel: str
    wanted: int


class Quiet(NamedTuple):
    """Hours of the person's own day, in minutes from midnight; those that end before they begin pass it.

    `days` are the days they begin on, 1 (Monday) to 7, as a text such as `12345`.
    """

    begins: int
    ends: int
    days: str = EVERY_DAY


def wants(preferences: Iterable[Preference], kind: str, channel: str) -> bool:
    """Whether a person wants events of a kind on a channel: the most exact preference decides, else yes."""
    found = deciding(preferences, kind, channel)
    return found is None or bool(found.wanted)


def deciding(preferences: Iterable[Preference], kind: str, channel: str) -> Preference | None:
    """The preference that decides: one of this kind before one of any, then one of this channel."""
    known = {(each.kind, each.channel): each for each in preferences}
    places = ((kind, channel), (kind, ANY), (ANY, channel), (ANY, ANY))
    return next((known[place] for place in places if place in known), None)


def checked(kind: str, channel: str) -> tuple[str, str]:
    """A kind of events and a channel that a preference can be about.

    Raises:
        InvalidInput: there is no such kind, or no channel can be called so.
    """
    if kind != ANY and kind not in KINDS:
        hint = names.suggestion(kind, list(KINDS)) or "say task.sla.exceeded, or * for any"
        raise InvalidInput(f"there is no kind of event {names.shown(kind)}", hint=hint)
    if channel != ANY and not names.WORD.fullmatch(channel):
        raise InvalidInput(
            f"a channel cannot be called {names.shown(channel)}", hint="say mail, or * for any"
        )
    return kind, channel


def parse_quiet(hours: str, days: str | None = None) -> Quiet:
    """Quiet hours from `22:00-07:00`, on some days such as `mon-fri` or `sat,sun`.

    Raises:
        InvalidInput: they cannot be read, or begin when they end.
    """
    found = _SPAN.fullmatch(hours.strip())
    if not found:
        raise InvalidInput(f"quiet hours cannot be {names.shown(hours)}", hint="write them as 22:00-07:00")
    begin_hour, begin_minute, end_hour, end_minute = map(int, found.groups())
    begins, ends = begin_hour * 60 + begin_minute, end_hour * 60 + end_minute
    if begins == ends:
        raise InvalidInput("quiet hours cannot begin when they end", hint="write them as 22:00-07:00")
    return Quiet(begins, ends, EVERY_DAY if days is None else _parse_days(days))


def spell_quiet(quiet: Quiet) -> str:
    """Quiet hours as they are typed: `22:00-07:00`."""
    return f"{quiet.begins // 60:02}:{quiet.begins % 60:02}-{quiet.ends // 60:02}:{quiet.ends % 60:02}"


def spell_days(quiet: Quiet) -> list[str]:
    """The days quiet hours begin on: `["mon", "tue"]`."""
    return [_DAYS[int(day) - 1] for day in quiet.days]


def _parse_days(text: str) -> str:
    chosen = {day for part in text.lower().split(",") for day in _span_days(part.strip(), text)}
    return "".join(str(day + 1) for day in sorted(chosen))


def _span_days(part: str, text: str) -> list[int]:
    """`fri-mon` passes the end of the week."""
    first, dash, last = part.partition("-")
    if first[:3] not in _DAYS or (dash and last[:3] not in _DAYS):
        raise InvalidInput(f"days cannot be {names.shown(text)}", hint="write them as mon-fri or sat,sun")
    begin = _DAYS.index(first[:3])
    end = _DAYS.index(last[:3]) if dash else begin
    return [(begin + step) % 7 for step in range((end - begin) % 7 + 1)]
