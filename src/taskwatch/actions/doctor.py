"""Looking for trouble: the engine's own findings, then whether the record agrees with itself."""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple, TypedDict

from taskwatch.actions.reach import (
    Wished,
    judge_addresses,
    judge_deliveries,
    judge_people,
    judge_selectors,
    some,
)
from taskwatch.errors import NotFound, TaskwatchError
from taskwatch.model.times import rfc3339
from taskwatch.store import Finding, Store
from taskwatch.store.address import shown

TOLERANCE_MS = 2_000


class FindingShape(TypedDict):
    """One line of the doctor's report."""

    name: str
    status: Literal["ok", "warn", "fail"]
    message: str
    fix: str | None


class _Role(NamedTuple):
    name: str
    members: int
    waiting: int


def examine(
    open_it: Callable[[], Store], now: int, *, full: bool = False, wished: Wished | None = None
) -> Iterator[Finding]:
    """Every finding about a database, one by one; an error is a finding, too.

    `now` is in ms, `wished` is what the configuration wants of channels and rules.
    """
    try:
        store = open_it()
        yield Finding("database", "ok", shown(store.url))
        yield from store.upkeep().examine(full=full)
    except NotFound as error:
        yield Finding("database", "warn", error.message, "the first change makes one: taskwatch task add")
        return
    except TaskwatchError as error:
        yield Finding("database", "fail", error.message, error.hint)
        return
    wishes = wished or Wished()
    for judge in (
        *_JUDGES,
        lambda store, _now: judge_people(store, wishes.ways),
        lambda store, _now: judge_selectors(store, wishes.to),
    ):
        yield _dare(judge, store, now)


def judge_files(files: Iterable[tuple[str, bool]]) -> Finding:
    """Which configuration files were found; `files` are the paths searched and whether each is there."""
    found = [path for path, there in files if there]
    return Finding("configuration", "ok", ", ".join(found) or "no file; the defaults are in force")


def shape(finding: Finding) -> FindingShape:
    """A finding for JSON."""
    return {
        "name": finding.name,
        "status": finding.level,
        "message": finding.message,
        "fix": finding.fix,
    }


def _dare(judge: "Callable[[Store, int], Finding]", store: Store, now: int) -> Finding:
    try:
        return judge(store, now)
    except TaskwatchError as error:
        return Finding("record", "fail", error.message, error.hint)


def _judge_state(store: Store, now: int) -> Finding:
    del now
    with store.read() as tx:
        rows = tx.all(tuple, "events.disagreeing")
    wrong = [f"{code} is {status}, its log says {told}" for code, status, told in rows]
    return _judge("state", wrong, "every task is what its last event says")


def _judge_ledger(store: Store, now: int) -> Finding:
    del now
    with store.read() as tx:
        rows = tx.all(tuple, "upkeep.misbanked")
    wrong = [f"{code} counts {counted} ms, its ledger {added} ms" for code, counted, added in rows]
    return _judge("ledger", wrong, "every clock is what its segments add up to")


def _judge_clock(store: Store, now: int) -> Finding:
    with store.read() as tx:
        newest = tx.value("events.newest_at")
    if newest is None or newest <= now + TOLERANCE_MS:
        return Finding("clock", "ok", "no event lies in the future")
    message = f"the newest event is of {rfc3339(newest)}, the clock says {rfc3339(now)}"
    return Finding("clock", "fail", message, "set this machine's clock right")


def _judge_roles(store: Store, now: int) -> Finding:
    del now
    with store.read() as tx:
        roles = tx.all(_Role, "people.roles")
    idle = [role.name for role in roles if role.waiting and not role.members]
    if not idle:
        return Finding("roles", "ok", "somebody has every role that open tasks wait for")
    message = f"open tasks wait for roles nobody has: {some(idle)}"
    return Finding("roles", "warn", message, f"run: taskwatch role grant {idle[0]} USER")


_JUDGES = (_judge_state, _judge_ledger, _judge_clock, _judge_roles, judge_addresses, judge_deliveries)


def _judge(name: str, wrong: list[str], well: str) -> Finding:
    if not wrong:
        return Finding(name, "ok", well)
    return Finding(name, "fail", some(wrong), "restore a backup, and report this as a fault")
