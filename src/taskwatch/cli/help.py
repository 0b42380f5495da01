"""`taskwatch help`: a command's help, or a topic that belongs to no single command."""

from typing import TypedDict

import click

from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.outcome import EXIT_CODES
from taskwatch.cli.session import Session, pass_session

_TIME = """\
A duration counts from large to small units, each once; months and years are refused.
  45s  30m  1h30m  2 hours 5 min  1.5h  2d  1w  PT1H30M
  A day is 24 hours. A bare number is refused, except that a timeout of 30 is 30 minutes.

A time is an instant, a date, a time of day, or a step from now.
  2026-11-23T10:00:00Z  2026-11-23T10:00+01:00  2026-11-23 10:00  2026-11-23
  14:30  yesterday  tomorrow 09:00  now  2h ago  in 30m  -2h  +30m
  Without an offset it is read in the configured time zone, else the machine's; --utc reads and shows UTC.
  A local time that a clock change skips moves forward by the gap; of two equal ones the earlier is meant."""


class HelpShape(TypedDict):
    """What was asked about, and what there is to say."""

    subject: str
    text: str


@command(
    "help",
    examples=[
        "taskwatch help",
        "taskwatch help task list",
        "taskwatch help exit-codes",
        "taskwatch help time",
    ],
    shape="taskwatch.cli.help:HelpShape",
)
@click.argument("words", nargs=-1, metavar="[COMMAND|TOPIC]...")
@pass_session
def help_(session: Session, words: tuple[str, ...]) -> None:
    """Explain a command or a topic.

    The topics are exit-codes and time.
    """
    topic = _TOPICS.get(" ".join(words))
    explanation = topic() if topic else _explain_command(words)
    if session.json:
        output.emit({"subject": " ".join(words), "text": explanation})
        return
    for line in explanation.splitlines():
        output.text(line)


def _explain_command(words: tuple[str, ...]) -> str:
    ctx = click.get_current_context().find_root()
    for word in words:
        ctx = click.Context(_find(ctx, word), info_name=word, parent=ctx)
    return ctx.get_help()


def _find(ctx: click.Context, word: str) -> click.Command:
    group = ctx.command
    if not isinstance(group, click.Group):
        raise click.UsageError(f"{ctx.command_path} has no command {word!r}", ctx)
    found = group.get_command(ctx, word)
    if found is None:
        names = group.list_commands(ctx) + ([] if ctx.parent else list(_TOPICS))
        raise click.exceptions.NoSuchCommand(word, possibilities=names, ctx=ctx)
    return found


def _explain_exit_codes() -> str:
    rows = [f"{code:>3}  {meaning}" for code, meaning in EXIT_CODES.items()]
    return "\n".join(
        [*rows, "", "taskwatch check alone: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN and any failure"]
    )


def _explain_time() -> str:
    return _TIME


_TOPICS = {"exit-codes": _explain_exit_codes, "time": _explain_time}
