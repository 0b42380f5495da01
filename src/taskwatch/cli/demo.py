"""`taskwatch demo`: a throw-away database in which it is a busy morning already."""

import os
from typing import TYPE_CHECKING, NamedTuple, TypedDict

import click

from taskwatch.actions.shown import TaskShape
from taskwatch.actions.standing import StatisticsShape
from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.session import Session, pass_session

if TYPE_CHECKING:
    from taskwatch.actions.change import Change
    from taskwatch.store import Store

DEFINITION = os.path.join(os.path.dirname(__file__), "demo.toml")
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
    """The tasks under way, the pass's result, and where the database is unless it was removed."""

    tasks: list[TaskShape]
    alerts_sent: int
    statistics: StatisticsShape
    database: str | None


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


@command(
    "demo",
    short_help="Show it all on a throw-away database.",
    shape="taskwatch.cli.demo:DemoShape",
    examples="""
        taskwatch demo --once
        taskwatch demo
    """,
)
@click.option("--once", is_flag=True, help="Show it and remove the database again.")
@pass_session
def demo(session: Session, *, once: bool) -> None:
    """Play a morning of orders on a throw-away database, judge who is late, and show the statistics.

    Without --once the database stays, and its path is printed, so that you can look around in it.
    """
    from tempfile import mkdtemp

    from taskwatch.store import open_store

    path = os.path.join(mkdtemp(prefix="taskwatch-demo-"), "demo.db")
    store = open_store(path)
    try:
        play(store, session.now)
        _show(session, store, path, once=once)
    finally:
        store.close()
        if once:
            _remove(path)


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


def _show(session: Session, store: "Store", path: str, *, once: bool) -> None:
    from taskwatch.actions import alerts, listing, standing
    from taskwatch.cli.sla.monitor import show_findings
    from taskwatch.cli.task.listing import show_tasks

    sent = alerts.monitor(store, session.now).sent
    found = standing.survey(store, session.now, session.now)
    begun = listing.list_tasks(store, listing.Filters(statuses=BUSY), session.now)
    kept = None if once else path
    if session.json:
        output.emit({"tasks": begun, "alerts_sent": sent, "statistics": found.statistics, "database": kept})
        return
    output.text("Order 114 went all the way: reviewed, converted, delivered. Under way now:\n")
    show_tasks(session, begun)
    output.text("")
    show_findings(found)
    output.text("")
    for line in _what_next(kept):
        output.text(line)


def _what_next(path: str | None) -> list[str]:
    if path is None:
        return ["Look around in it yourself: taskwatch demo"]
    return [
        "The database stays; try:",
        f"  export TASKWATCH_DB={path}",
        "  taskwatch workflow show bc.116",
        "  taskwatch sla explain ADV_REVIEW_BC115",
        "  taskwatch task complete ADV_REVIEW_BC117 --by 5",
        "  taskwatch sla stats --json",
    ]


def _remove(path: str) -> None:
    import shutil

    shutil.rmtree(os.path.dirname(path), ignore_errors=True)
