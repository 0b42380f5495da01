"""Whether and when a message goes out to a person on a channel: now, later, in a summary, or not at all.

The checks come in one order: address, preference, mute, acknowledgement, age, quiet hours, daily cap and
grouping. The first that says no decides. What only defers or gathers a message never loses it.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Literal, NamedTuple

from taskwatch.model import mute as muting
from taskwatch.model import sla
from taskwatch.model.ack import Ack, covering
from taskwatch.model.event import SLA_EXCEEDED
from taskwatch.model.mute import Mute
from taskwatch.model.preference import ANY, Preference, Quiet, deciding
from taskwatch.model.routing import Step, Wish
from taskwatch.model.times import local, rfc3339

# Those that disturb nobody: a row in the inbox, and what only an open page shows.
SILENT = frozenset({"database", "broadcast"})
NEWS = frozenset({"first", "level_raised"})
DAY_MS = 86_400_000
# How old what happened may be to disturb anybody with it. The inbox takes it at any age.
FRESH_MS = DAY_MS

QUIET_HOURS, DAILY_CAP, GROUPED = "quiet_hours", "daily_cap", "grouped"
GATHERED = (DAILY_CAP, GROUPED)


class Decision(NamedTuple):
    """What becomes of a message.

    `reason` is a code such as `quiet_hours`, None if it goes out at once. `until` (ms) is when a deferred one
    goes out, or when the summary comes that a gathered one will be in.
    """

    state: Literal["pending", "suppressed"]
    reason: str | None
    until: int | None
    steps: tuple[Step, ...]


class Person(NamedTuple):
    """What a person wants; `zone` is where their day is lived."""

    zone: tzinfo
    preferences: Sequence[Preference] = ()
    quiet: Quiet | None = None


class Matter(NamedTuple):
    """What a message is about. `at` (ms) is when it happened.

    `reason` is first, repeat, level_raised or resolved.
    """

    kind: str
    reason: str
    level: str | None
    at: int
    cycle: int
    subject: muting.Subject
    acks: Sequence[Ack] = ()
    mutes: Sequence[Mute] = ()


class Limits(NamedTuple):
    """How much is enough; 0 is without limit.

    `daily_cap` are messages a day for a person on a channel, `group_seconds` how long repeats are gathered.
    """

    daily_cap: int = 0
    group_seconds: int = 0


class Load(NamedTuple):
    """What a person has on a channel: messages on that day, and when that day and the open group end (ms)."""

    today: int
    day_end: int
    group_until: int | None = None


def judge(wish: Wish, address: str | None, person: Person, matter: Matter, now: int) -> Decision:
    """Whether a message goes out, and when, as long as nothing limits how many."""
    steps: list[Step] = []
    for reason, step in (
        ("no_address", _address(wish, address)),
        ("preference", _preference(wish, person, matter)),
        ("muted", _mute(wish, matter, now)),
        ("acknowledged", _ack(matter, now)),
        ("too_old", _age(wish, matter, now)),
    ):
        steps += [step] if step else []
        if step and not step.passed:
            return Decision("suppressed", reason, None, tuple(steps))
    return _defer(wish, person, matter, now, tuple(steps))


def limit(decision: Decision, matter: Matter, limits: Limits, load: Load, now: int) -> Decision:
    """The same decision, unless the person has had enough: then the message waits for a summary."""
    if limits.daily_cap and load.today >= limits.daily_cap:
        if matter.level == sla.CRITICAL.name and matter.reason in NEWS:
            return _pass(decision, "daily cap", "reached, but a first critical alert passes")
        sentence = (
            f"{load.today} messages of {limits.daily_cap} a day are used; the summary of the day has it"
        )
        return _gather(decision, DAILY_CAP, load.day_end, Step("daily cap", False, sentence))
    if limits.group_seconds and not (matter.kind == SLA_EXCEEDED and matter.reason in NEWS):
        end = load.group_until or now + limits.group_seconds * sla.SECOND
        return _gather(decision, GROUPED, end, Step("grouping", False, f"gathered until {rfc3339(end)}"))
    return decision


def quiet_until(quiet: Quiet, at: int, zone: tzinfo) -> int | None:
    """When the quiet hours end that the instant `at` (ms) lies in; None if it lies in none.

    They are local times: one that a clock change skips moves forward by the gap, one that comes twice counts
    the first time.
    """
    end = None
    while (later := _span_end(quiet, at, zone)) is not None:
        at = end = later
    return end


def day_bounds(at: int, zone: tzinfo) -> tuple[int, int]:
    """When the local day of an instant begins and the next one does (ms)."""
    day = _local_date(at, zone)
    return _instant(day, 0, zone), _instant(day + timedelta(days=1), 0, zone)


def _address(wish: Wish, address: str | None) -> Step | None:
    if address is None:
        return Step("address", False, f"there is no working address for {wish.channel}")
    return Step("address", True, address) if address else None


def _preference(wish: Wish, person: Person, matter: Matter) -> Step | None:
    found = deciding(person.preferences, matter.kind, wish.channel)
    if found is None:
        return None
    said = f"{'wants' if found.wanted else 'does not want'} {_any(found.kind)} on {_any(found.channel)}"
    if not found.wanted and wish.mandatory:
        return Step("preference", True, f"{said}, but the rule is mandatory")
    return Step("preference", bool(found.wanted), said)


def _any(word: str) -> str:
    return "anything" if word == ANY else word


def _mute(wish: Wish, matter: Matter, now: int) -> Step | None:
    """A mute of a role silences who would be told by way of muted roles alone."""
    roles = [way.removeprefix("role:") if way.startswith("role:") else None for way in wish.ways] or [None]
    found = [muting.silencing(matter.mutes, matter.subject._replace(role=role), now) for role in roles]
    first = found[0]
    if first is None or not all(found):
        return None
    because = f": {first.reason}" if first.reason else ""
    return Step("mute", False, f"{first.scope} {first.target} is muted until {rfc3339(first.until)}{because}")


def _ack(matter: Matter, now: int) -> Step | None:
    if matter.kind != SLA_EXCEEDED or not matter.acks:
        return None
    found = covering(matter.acks, cycle=matter.cycle, level=matter.level, now=now)
    if found is None:
        return Step("acknowledgement", True, f"it does not hold any longer, or not for level {matter.level}")
    who = f" by user {found.user_id}" if found.user_id is not None else ""
    did = "acknowledged" if found.kind == "ack" else "snoozed"
    return Step("acknowledgement", False, f"{did}{who} until {rfc3339(found.until)}")


def _age(wish: Wish, matter: Matter, now: int) -> Step | None:
    if wish.channel in SILENT or now - matter.at <= FRESH_MS:
        return None
    return Step("age", False, f"it happened at {rfc3339(matter.at)}, more than a day ago")


def _defer(wish: Wish, person: Person, matter: Matter, now: int, steps: tuple[Step, ...]) -> Decision:
    decision = Decision("pending", None, None, steps)
    until = quiet_until(person.quiet, now, person.zone) if person.quiet else None
    if until is None or wish.channel in SILENT:
        return decision
    if matter.level == sla.CRITICAL.name:
        return _pass(decision, "quiet hours", "a critical alert passes them")
    sentence = f"quiet hours until {local(until, person.zone)} {person.zone}"
    return Decision("pending", QUIET_HOURS, until, (*steps, Step("quiet hours", False, sentence)))


def _pass(decision: Decision, about: str, sentence: str) -> Decision:
    return decision._replace(steps=(*decision.steps, Step(about, True, sentence)))


def _gather(decision: Decision, reason: str, until: int, step: Step) -> Decision:
    return Decision("suppressed", reason, until, (*decision.steps, step))


def _span_end(quiet: Quiet, at: int, zone: tzinfo) -> int | None:
    today = _local_date(at, zone)
    for day in (today - timedelta(days=1), today):
        if str(day.isoweekday()) in quiet.days:
            last = day if quiet.begins < quiet.ends else day + timedelta(days=1)
            begin, end = _instant(day, quiet.begins, zone), _instant(last, quiet.ends, zone)
            if begin <= at < end:
                return end
    return None


def _local_date(at: int, zone: tzinfo) -> date:
    return datetime.fromtimestamp(at // 1000, zone).date()


def _instant(day: date, minutes: int, zone: tzinfo) -> int:
    clock = datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, tzinfo=zone)
    return int(clock.astimezone(UTC).timestamp()) * 1000
