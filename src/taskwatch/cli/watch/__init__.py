"""`taskwatch watch`: what moves, what is at risk and by how much, live."""

import click

from taskwatch.cli.command import command
from taskwatch.cli.remote.options import server_options
from taskwatch.cli.session import Session, pass_session


@command(
    "watch",
    shape="taskwatch.cli.watch.state:WatchShape",
    examples=[
        "taskwatch watch",
        "taskwatch watch --topic 'workflow.bc.*'",
        "taskwatch watch --once --json",
        'taskwatch watch --jsonl | while read change; do echo "$change"; done',
        "taskwatch watch --server https://tasks.example.org --token-file ~/.taskwatch-token",
    ],
)
@click.option("--once", is_flag=True, help="Show it once and end.")
@click.option("--jsonl", is_flag=True, help="One JSON object a line for every change.")
@click.option(
    "--topic", "topics", metavar="TOPIC", multiple=True,
    help="Only events of this topic, and tasks if it names workflows or tasks; repeatable.",
)  # fmt: skip
@click.option(
    "-n", "count", type=click.IntRange(0, 200), default=20, show_default=True, help="Events to begin with."
)
@server_options
@pass_session
def watch(session: Session, topics: tuple[str, ...], count: int, *, once: bool, jsonl: bool) -> None:
    """Watch the statistics, the tasks at risk and late, and the latest events.

    On a terminal the view is redrawn in place until Ctrl-C; elsewhere every change is one line.
    """
    from taskwatch.cli.watch.running import run, run_once

    if once:
        run_once(session, topics, count, jsonl=jsonl)
    else:
        run(session, topics, count)
