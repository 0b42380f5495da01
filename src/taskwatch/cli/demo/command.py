"""`taskwatch demo`: what one shows a colleague."""

import click

from taskwatch.cli.command import command
from taskwatch.cli.session import Session, pass_session

_SLOWEST, _FASTEST = 0.1, 20.0


@command(
    "demo",
    short_help="Show it all on a throw-away database.",
    shape="taskwatch.cli.demo.morning:DemoShape",
    examples="""
        taskwatch demo --once
        taskwatch demo
        taskwatch demo --open --speed 3
    """,
)
@click.option("--once", is_flag=True, help="Print a morning, judged once, and end; the rest is not for this.")
@click.option("--open", "show", is_flag=True, help="Open the dashboard in your browser.")
@click.option(
    "--speed",
    type=click.FloatRange(_SLOWEST, _FASTEST),
    metavar="FACTOR",
    help="How fast orders come in and people turn to them (1).",
)
@click.option("--port", type=click.IntRange(0, 65_535), help="The port to serve on; else any free one.")
@click.option("--seed", type=int, metavar="NUMBER", help="What chance begins with (1): another, another day.")
@pass_session
def demo(
    session: Session, *, once: bool, show: bool, speed: float | None, port: int | None, seed: int | None
) -> None:  # fmt: skip
    """Let a simulated team work through orders before your eyes, until Ctrl-C.

    It serves the dashboard on a port of this machine alone, with a database of its own that is removed in the
    end; your own database and configuration are left alone. A minute there stands for half an hour: what is
    at risk, late and forgotten shows up at once. You are one of the team, and nobody does your work for you.
    """
    if once:
        from taskwatch.cli.demo.morning import show_once

        _refuse(open=show or None, speed=speed, port=port, seed=seed)
        show_once(session)
    else:
        from taskwatch.cli.demo.stage import Wishes, perform

        perform(session, Wishes(port or 0, 1 if seed is None else seed, speed or 1.0, show=show))


def _refuse(**given: object) -> None:
    for name, value in given.items():
        if value is not None:
            raise click.UsageError(f"--once and --{name} exclude each other", click.get_current_context())
