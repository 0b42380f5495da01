"""The verbs of `taskwatch events`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.remote.options import server_options
from taskwatch.cli.session import Session, pass_session

if TYPE_CHECKING:
    from taskwatch.actions.events import EventShape
    from taskwatch.cli.events.log import Log

SHAPE = "list[taskwatch.actions.events:EventShape]"


def filters(callback: Callable[..., None]) -> Callable[..., None]:
    """The options that say which events, and whose."""
    for option in (
        server_options,
        click.option("--jsonl", is_flag=True, help="One JSON object a line."),
        click.option(
            "--after", metavar="CURSOR", help="Only what follows this event (its id or seq), without a gap."
        ),
        click.option("--since", metavar="TIME", help="Only events from this time on."),
        click.option(
            "--topic", "topics", metavar="TOPIC", multiple=True,
            help="Only this topic; workflow.bc.* means all of bc; repeatable.",
        ),
        click.option("--kind", "kinds", metavar="KIND", multiple=True, help="Only this kind; repeatable."),
    ):  # fmt: skip
        callback = option(callback)
    return callback


@command(
    "list",
    shape=SHAPE,
    examples=[
        "taskwatch events list --kind task.sla.exceeded --since yesterday",
        "taskwatch events list --topic workflow.bc.114 --json",
        "taskwatch events list --after 4f1c09ab-120 --jsonl",
    ],
)
@filters
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="At most so many.")
@pass_session
def list_(session: Session, /, limit: int, after: str | None, jsonl: bool, **wanted: Any) -> None:
    """List events: the newest, or with --after the first that follow the cursor."""
    found = _open(session, **wanted).read(after, limit).events
    if session.json and not jsonl:
        output.emit(found)
        return
    _print(session, found)
    if not found and not session.json:
        output.say("There are no such events.")


@command(
    "tail",
    shape=SHAPE,
    examples=[
        "taskwatch events tail -f",
        "taskwatch events tail -f --jsonl --after 4f1c09ab-120 >> events.ndjson",
        "taskwatch events tail -n 5 --kind task.status.changed",
        "taskwatch events tail -f --server https://tasks.example.org --token-file ~/.taskwatch-token",
    ],
)
@filters
@click.option(
    "-n", "count", type=click.IntRange(min=0), default=20, show_default=True, help="Begin so far back."
)
@click.option("-f", "--follow", is_flag=True, help="Go on with what happens from now on.")
@pass_session
def tail(
    session: Session, /, count: int, follow: bool, after: str | None, jsonl: bool, **wanted: Any
) -> None:
    """Print the last events, or with --after all that follow the cursor; with -f go on as they happen."""
    from taskwatch.cli.events.log import read_all

    batches = read_all(_open(session, **wanted), after, count, follow=follow)
    if session.json and not (jsonl or follow):
        output.emit([found for batch in batches for found in batch])
        return
    for batch in batches:
        _print(session, batch)


def _open(session: Session, kinds: tuple[str, ...], topics: tuple[str, ...], since: str | None) -> "Log":
    from taskwatch.actions.events import Filter
    from taskwatch.cli.events.log import open_log

    return open_log(session, Filter(kinds, topics, session.at(since) if since else None))


def _print(session: Session, found: "list[EventShape]") -> None:
    from taskwatch.cli.events.line import event_line

    for shape in found:
        if session.json:
            output.emit_line(shape)
        else:
            output.text(*event_line(shape, session.zone))
            output.flush()
