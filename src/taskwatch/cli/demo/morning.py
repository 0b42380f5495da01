"""A morning of orders on a throw-away database, judged once: `taskwatch demo --once`."""

import os
from typing import TYPE_CHECKING, NamedTuple, NotRequired, TypedDict

from taskwatch.actions.shown import TaskShape
from taskwatch.actions.standing import StatisticsShape
from taskwatch.cli import output
from taskwatch.cli.session import Session

if TYPE_CHECKING:
    from taskwatch.actions.change import Change
    from taskwatch.store import Store

DEFINITION = os.path.join(os.path.dirname(__file__), "morning.toml")
BUSY = ("ready", "in_progress")
PEOPLE = ((5, "dana", "adv"), (6, "kim", "dispatcher"), (7, "robin", "driver"))


class Deed(NamedTuple):
    """What happened so many minutes ago: a verb of `task`, or `open` for the start of an order's workflow."""

    minutes_ago: int
    verb: str
    order: str
    template: str = ""
    by: int | None = None


class DemoShape(TypedDict):
    """The tasks under way, the pass's result, and where the database is unless it was removed.

    `address` is the base URL of the daemon that serves it, absent with --once.
    """

    tasks: list[TaskShape]
    alerts_sent: int
    statistics: StatisticsShape
    database: str | None
    address: NotRequired[str]


# In order of time. Each order ends in another standing: see the names in the comments.
MORNING = (
    Deed(190, "open", "114"),
    Deed(185, "start", "114", "ADV_REVIEW", 5),
    Deed(165, "complete", "114", "ADV_REVIEW", 5),
    Deed(160, "start", "114", "CONVERT_TO_BL", 6),
    Deed(140, "complete", "114", "CONVERT_TO_BL", 6),
    Deed(130, "start", "114", "DELIVER", 7),
    Deed(110, "open", "116"),
    Deed(105, "start", "116", "ADV_REVIEW", 5),
    Deed(85, "complete", "116", "ADV_REVIEW", 5),
    Deed(80, "open", "115"),
    Deed(75, "start", "115", "ADV_REVIEW", 5),  # exceeded by 45 minutes
    Deed(50, "complete", "114", "DELIVER", 7),  # the whole way, every step in time
    Deed(45, "start", "116", "CONVERT_TO_BL", 6),  # exceeded by 15 minutes
    Deed(40, "open", "117"),
    Deed(25, "start", "117", "ADV_REVIEW", 5),  # at risk: 5 of 30 minutes left
    Deed(20, "open", "118"),
    Deed(10, "start", "118", "ADV_REVIEW", 5),  # on time
    Deed(5, "open", "119"),  # ready, nobody has begun
)


def show_once(session: Session) -> None:
    """Play the morning, judge who is late, show the statistics, and remove the database again."""
    from tempfile import TemporaryDirectory

    from taskwatch.store import open_store

    with TemporaryDirectory(prefix="taskwatch-demo-", ignore_cleanup_errors=True) as folder:
        store = open_store(os.path.join(folder, "demo.db"))
        try:
            play(store, session.now)
            _show(session, store)
        finally:
            store.close()


def play(store: "Store", now: int) -> None:
    """Let the morning happen, every deed at its minute before `now` (ms)."""
    from taskwatch import tomlfile
    from taskwatch.actions import people, workflows
    from taskwatch.actions.change import Change
    from taskwatch.model.definition import check

    wanted, _problems = check(tomlfile.read(DEFINITION).data)
    if wanted is not None:
        workflows.define(store, wanted, Change(now, at=now - 200 * 60_000))
    for user_id, name, role in PEOPLE:
        new = people.NewUser(name, id=user_id, roles=(role,))
        people.add(store, new, Change(now, at=now - 195 * 60_000))
    for deed in MORNING:
        _do(store, deed, Change(now, at=now - deed.minutes_ago * 60_000, by=deed.by))


def _do(store: "Store", deed: Deed, change: "Change") -> None:
    from taskwatch.actions import transitions, workflows

    if deed.verb == "open":
        workflows.start(store, "bc", "Order", deed.order, change)
    else:
        transitions.transition(store, deed.verb, [f"{deed.template}_BC{deed.order}"], change)


def _show(session: Session, store: "Store") -> None:
    from taskwatch.actions import alerts, listing, standing
    from taskwatch.cli.sla.monitor import show_findings
    from taskwatch.cli.task.listing import show_tasks

    sent = alerts.monitor(store, session.now).sent
    found = standing.survey(store, session.now, session.now)
    begun = listing.list_tasks(store, listing.Filters(statuses=BUSY), session.now)
    if session.json:
        output.emit({"tasks": begun, "alerts_sent": sent, "statistics": found.statistics, "database": None})
        return
    output.text("Order 114 went all the way: reviewed, converted, delivered. Under way now:\n")
    show_tasks(session, begun)
    output.text("")
    show_findings(found)
    output.text("")
    output.text("Look around in it yourself: taskwatch demo")
