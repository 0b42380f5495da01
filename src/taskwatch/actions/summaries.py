"""Summaries: one message for all that was held back, when a group ends or the day of a full quota."""

import json
from typing import NamedTuple

from taskwatch.actions.audience import Reader
from taskwatch.actions.deciding import Judge, Verdict
from taskwatch.actions.planner import Planner
from taskwatch.actions.posting import Post
from taskwatch.actions.words import Letter
from taskwatch.model.calm import GROUPED, QUIET_HOURS, Decision, quiet_until
from taskwatch.model.notice import DIGEST, digest
from taskwatch.model.preference import wants
from taskwatch.model.routing import Step, Wish
from taskwatch.store import Tx

MOST = 100


class _Group(NamedTuple):
    """What waits for one summary; `first` is the id of the first delivery in it."""

    user_id: int
    channel: str
    address: str
    reason: str
    first: int
    size: int

    @property
    def place(self) -> dict[str, int | str]:
        return {
            "user_id": self.user_id, "channel": self.channel, "address": self.address, "reason": self.reason
        }  # fmt: skip


class _Entry(NamedTuple):
    task_id: int | None
    kind: str
    data: str


def make(tx: Tx, judge: Judge, post: Post, planner: Planner, now: int) -> int:
    """Make the summaries that are due at `now` (ms); how many.

    What the daily cap held back comes when that day is over; a group that ends on a full day waits so long,
    too. Tasks that need nobody any more are left out, and a summary of nothing is not made.
    """
    made = 0
    for group in tx.all(_Group, "planning.gathered", now=now):
        reader = judge.audience.reader(group.user_id)
        if reader is None:
            continue
        load, cap = judge.load(reader, group.channel, group.address, now), planner.limits.daily_cap
        if group.reason == GROUPED and 0 < cap <= load.today:
            tx.run("planning.postpone_gathered", **group.place, due_at=load.day_end, now=now)
            continue
        made += _close(tx, post, reader, group, planner.public_url, now)
    return made


def _close(  # noqa: PLR0917  what a summary is made of
    tx: Tx, post: Post, reader: Reader, group: _Group, public_url: str, now: int
) -> bool:
    """Whether there is a summary of what waited: who wants none, has it all in the inbox."""
    is_wanted = wants(reader.person.preferences, DIGEST, group.channel)
    number = _summarise(tx, post, reader, group, public_url, now) if is_wanted else None
    closed = "digested" if number else "outdated" if is_wanted else "preference"
    detail = f"in the summary {number}" if number else None
    tx.run("planning.close_gathered", **group.place, closed=closed, detail=detail, now=now)
    return bool(number)


def _summarise(  # noqa: PLR0917  what a summary is made of
    tx: Tx, post: Post, reader: Reader, group: _Group, public_url: str, now: int
) -> int | None:
    """The id of the message; None if nothing is left to tell, or it was told before."""
    entries = tx.all(_Entry, "planning.entries", **group.place, now=now)
    data = digest(_latest(entries), len(entries), public_url)
    letter = Letter(f"digest:{group.first}:{group.user_id}", DIGEST, DIGEST, None, data, "{}", now)
    number = post.write(letter, reader, {group.channel}) if entries else None
    if number:
        wish = Wish(group.user_id, group.channel, group.reason, (), mandatory=False)
        post.deliver(letter, number, Verdict(wish, group.address, _when(reader, now)))
    return number


def _latest(entries: list[_Entry]) -> list[dict[str, str]]:
    """The latest of each task and kind, with the keys that a summary shows; the last `MOST` of them."""
    latest = {(entry.task_id, entry.kind): json.loads(entry.data) for entry in entries}
    return [{key: data[key] for key in ("message", "action_url")} for data in list(latest.values())[-MOST:]]


def _when(reader: Reader, now: int) -> Decision:
    quiet = reader.person.quiet
    until = quiet_until(quiet, now, reader.person.zone) if quiet else None
    if until is None:
        return Decision("pending", None, None, ())
    step = Step("quiet hours", False, "a summary waits for their end")
    return Decision("pending", QUIET_HOURS, until, (step,))
