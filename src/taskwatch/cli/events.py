"""`taskwatch events`: read and follow what happened."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from taskwatch import clock
from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.lazy import LazyGroup
from taskwatch.cli.session import Session, pass_session

if TYPE_CHECKING:
    from taskwatch.actions.events import EventShape, Filter, Page

POLL_SECONDS = 0.25
PAGE = 500
SHAPE = "list[taskwatch.actions.events:EventShape]"

events = LazyGroup(
    "events",
    {
        "list": ("taskwatch.cli.events:list_", "List events, the newest or those after a cursor.", "Verbs"),
        "tail": ("taskwatch.cli.events:tail", "Print the last events and follow the log.", "Verbs"),
    },
    help="Read and follow what happened. Every change is an event, numbered in order.",
    examples=["taskwatch events list --since 1h", "taskwatch events tail -f --topic 'workflow.bc.*'"],
)


def filters(callback: Callable[..., None]) -> Callable[..., None]:
    """The options that say which events."""
    for option in (
        click.option("--jsonl", is_flag=True, help="One JSON object a line."),
        click.option(
            "--after", metavar="CURSOR", help="Only what follows this event (its id or seq), without a gap."
        ),
        click.option("--since", metavar="TIME", help="Only events from this time on."),
        click.option("--topic", metavar="TOPIC", help="Only this topic; workflow.bc.* means all of bc."),
        click.option("--kind", "kinds", metavar="KIND", multiple=True, help="Only this kind; repeatable."),
    ):
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
    found = _read(session, _filter(session, **wanted), after, limit).events
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
    pages = _pages(session, _filter(session, **wanted), after, count, follow=follow)
    if session.json and not (jsonl or follow):
        output.emit([found for page in pages for found in page.events])
        return
    for page in pages:
        _print(session, page.events)


def _filter(session: Session, kinds: tuple[str, ...], topic: str | None, since: str | None) -> "Filter":
    from taskwatch.actions.events import Filter

    return Filter(kinds, topic, session.at(since) if since else None)


def _read(session: Session, wanted: "Filter", after: str | None, limit: int) -> "Page":
    from taskwatch.actions.events import following, newest

    store = session.store()
    return newest(store, wanted, limit) if after is None else following(store, wanted, after, limit)


def _pages(
    session: Session, wanted: "Filter", after: str | None, count: int, *, follow: bool
) -> "Iterator[Page]":
    """Page after page, each in a transaction of its own; a short one is the last, or is waited behind."""
    page = _read(session, wanted, after, count if after is None else PAGE)
    yield page
    while follow or (after is not None and len(page.events) == PAGE):
        if len(page.events) < PAGE:
            clock.sleep(POLL_SECONDS)
        page = _read(session, wanted, page.cursor, PAGE)
        yield page


def _print(session: Session, found: "list[EventShape]") -> None:
    for shape in found:
        if session.json:
            output.emit_line(shape)
        else:
            _print_line(session, shape)
            output.flush()


def _print_line(session: Session, shape: "EventShape") -> None:
    from taskwatch.model.times import local, parse_instant

    at = local(parse_instant(shape["at"], now=session.now, zone=session.zone), session.zone)
    output.text(output.style(f"{at}  {shape['seq']:>6}  ", "dim"), shape["sentence"])
