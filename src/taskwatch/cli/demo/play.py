"""The play: what the team decides is done by actions, as real users do it, at the instants it chose."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING, cast

from taskwatch import tomlfile
from taskwatch.actions import acknowledgements, alerts, holders, listing, people, transitions, workflows
from taskwatch.actions.change import Change
from taskwatch.cli.demo.cards import GIVE_UP, Deed, Seen
from taskwatch.cli.demo.staff import KINDS, PEOPLE
from taskwatch.cli.demo.team import LOOKED_AT, OPEN, Arrival, Team
from taskwatch.errors import Conflict, Forbidden, InvalidInput, NotFound
from taskwatch.model.definition import check
from taskwatch.model.task import IN_PROGRESS

if TYPE_CHECKING:
    from taskwatch.actions.shown import TaskShape
    from taskwatch.store import Store, Tx

TYPES = os.path.join(os.path.dirname(__file__), "types")
MINUTE = 60_000
HOUR = 60 * MINUTE
DAYS = 14
ORDERS_A_DAY = 2
SLOW_MINUTES = (180, 5)  # from when to when before now it was a quiet day
SLOW_PAUSE = 9 * MINUTE
PAUSE = 12_000
NEGLECTED_MINUTES = (165, 100, 55)  # so that every level of lateness is there when the curtain rises
AT_ONCE = 8_000  # what lies so close together is done in one go
CARE_MS = {"ack": 2 * HOUR, "snooze": HOUR}


def set_stage(store: "Store", now: int) -> None:
    """Define the workflow types and add the people."""
    begun = Change(now - (DAYS + 1) * 24 * HOUR)
    for kind in KINDS:
        wanted, _problems = check(tomlfile.read(os.path.join(TYPES, f"{kind.code}.toml")).data)
        if wanted is not None:
            workflows.define(store, wanted, begun)
    for person in PEOPLE:
        new = people.NewUser(person.name, id=person.id, roles=person.roles, admin=person.admin)
        people.add(store, new, begun)


@contextmanager
def in_one_go(store: "Store") -> Iterator["Store"]:
    """The store with all of the block in one transaction: two weeks pass without waiting for the disk."""
    with store.write() as tx:
        yield cast("Store", _Within(tx))


def arrivals(seed: int, now: int, speed: float = 1.0) -> Iterator[Arrival]:
    """What comes in, in order: two weeks of it, a quiet morning and, from just before `now`, for ever."""
    chance = Random(seed)  # noqa: S311  a play, no secret
    yield from sorted(Arrival(at) for at in _days(chance, now))
    yield from sorted([*_morning(chance, now), *_neglected(now)])
    at = now - SLOW_MINUTES[1] * MINUTE
    while True:
        yield Arrival(at)
        at += int(chance.uniform(0.4, 1.6) * PAUSE / (speed if at > now else 1))


def rehearse(store: "Store", team: Team, now: int) -> None:
    """Let everything happen that lies before `now` (ms)."""
    while (at := team.next_at()) <= now:
        until = min(at + AT_ONCE, now)
        advance(store, team, until)
        alerts.monitor(store, until)


def advance(store: "Store", team: Team, until: int) -> list[Deed]:
    """Do what is due up to an instant (ms) and what follows from it; what was done."""
    done: list[Deed] = []
    while deeds := team.due(look(store, until), until):
        done += [deed for deed in deeds if enact(store, deed)]
    return done


def look(store: "Store", now: int) -> list[Seen]:
    """The tasks that wait for somebody."""
    return [_seen(task, now) for task in listing.list_tasks(store, listing.Filters(statuses=LOOKED_AT), now)]


def enact(store: "Store", deed: Deed) -> bool:
    """Do it; False if somebody else was first."""
    change = Change(deed.at, by=deed.by, reason=deed.reason)
    try:
        _DEEDS.get(deed.verb, _move)(store, deed, change)
    except (Conflict, Forbidden, InvalidInput, NotFound):
        return False
    return True


class _Within:
    """As much of a store as actions use, inside a transaction that is open."""

    def __init__(self, tx: "Tx") -> None:
        self._tx = tx

    @contextmanager
    def read(self) -> Iterator["Tx"]:
        yield self._tx

    @contextmanager
    def write(self, *, dry_run: bool = False, concurrent: bool = False) -> Iterator["Tx"]:
        del dry_run, concurrent  # nobody rehearses a rehearsal, and nobody else is there
        yield self._tx


def _days(chance: Random, now: int) -> Iterator[int]:
    for day in range(1, DAYS + 1):
        for _ in range(ORDERS_A_DAY):
            yield now - day * 24 * HOUR + int(chance.uniform(-3, 3) * HOUR)


def _morning(chance: Random, now: int) -> Iterator[Arrival]:
    first, last = SLOW_MINUTES
    for at in range(now - first * MINUTE, now - last * MINUTE, SLOW_PAUSE):
        yield Arrival(at + int(chance.uniform(0, SLOW_PAUSE)))


def _neglected(now: int) -> Iterator[Arrival]:
    for minutes in NEGLECTED_MINUTES:
        yield Arrival(now - minutes * MINUTE, neglected=True)


def _seen(task: "TaskShape", now: int) -> Seen:
    since = round(datetime.fromisoformat(task["changed_at"]).timestamp() * 1000)
    running = (now - since) // 1000 if task["status"] == IN_PROGRESS else 0
    return Seen(
        code=task["code"],
        status=task["status"],
        since=since,
        timeout_minutes=task["timeout_minutes"],
        roles=tuple(entry["role_name"] for entry in task["assignments"] if entry["role_name"]),
        holder=task["claimed_by"],
        workflow=f"{task['workflow_type']}.{task['taskable_id']}",
        spent=max(0, task["elapsed_seconds"] - running),
    )


def _open(store: "Store", deed: Deed, change: Change) -> None:
    code, _, number = deed.target.partition(".")
    subject = next(kind.subject for kind in KINDS if kind.code == code)
    workflows.start(store, code, subject, number, change)


def _give_up(store: "Store", deed: Deed, change: Change) -> None:
    workflows.cancel(store, deed.target, change)


def _claim(store: "Store", deed: Deed, change: Change) -> None:
    holders.claim(store, [deed.target], change)


def _release(store: "Store", deed: Deed, change: Change) -> None:
    holders.release(store, [deed.target], change)


def _care(store: "Store", deed: Deed, change: Change) -> None:
    until = deed.at + CARE_MS[deed.verb]
    acknowledgements.acknowledge(store, [deed.target], until, change, kind=deed.verb)


def _move(store: "Store", deed: Deed, change: Change) -> None:
    transitions.transition(store, deed.verb, [deed.target], change)


_DEEDS: dict[str, Callable[["Store", Deed, Change], None]] = {
    OPEN: _open,
    GIVE_UP: _give_up,
    "claim": _claim,
    "release": _release,
    "ack": _care,
    "snooze": _care,
}
