"""`taskwatch user prefer` and `taskwatch user quiet`: what a user wants to be told, and when not."""

from typing import TYPE_CHECKING

import click

from taskwatch.cli import output
from taskwatch.cli.changing import answer, changes
from taskwatch.cli.command import command
from taskwatch.cli.lazy import LazyGroup
from taskwatch.cli.session import Session, pass_session
from taskwatch.model.names import MAX_INTEGER

if TYPE_CHECKING:
    from taskwatch.actions.change import Change
    from taskwatch.actions.preferences import PreferencesShape, QuietShape

_HERE = "taskwatch.cli.prefer"

prefer = LazyGroup(
    "prefer",
    {
        "set": (f"{_HERE}:set_", "Want something on a channel, or not.", "Change"),
        "forget": (f"{_HERE}:forget", "Forget a preference.", "Change"),
        "list": (f"{_HERE}:list_", "List preferences and quiet hours.", "Look"),
    },
    help=(
        "Keep what a user wants to be told on which channel. Without a preference everything is wanted; "
        "what the rules make mandatory comes all the same."
    ),
    examples=["taskwatch user prefer set 5 mail no --kind task.became.ready", "taskwatch user prefer list 5"],
)
quiet = LazyGroup(
    "quiet",
    {
        "set": (f"{_HERE}:set_quiet", "Give a user quiet hours.", "Change"),
        "clear": (f"{_HERE}:clear_quiet", "Take them away.", "Change"),
    },
    help="Keep when a user is left alone: what comes in their quiet hours waits for the end of them.",
    examples=["taskwatch user quiet set 5 22:00-07:00", "taskwatch user quiet clear 5"],
)

_PREFERENCES = "taskwatch.actions.preferences:PreferencesShape"
_CHANGE = ("by", "reason", "key", "dry_run")
_user_id = click.argument("user_id", type=click.IntRange(1, MAX_INTEGER), metavar="USER")
_channel = click.argument("channel", metavar="CHANNEL")
_kind = click.option("--kind", default="*", metavar="KIND", help="Only events of this kind; * is any.")


@command(
    "set",
    shape=_PREFERENCES,
    examples=[
        "taskwatch user prefer set 5 mail no --kind task.became.ready",
        "taskwatch user prefer set 5 '*' yes --kind task.sla.exceeded",
    ],
)
@_user_id
@_channel
@click.argument("wish", type=click.Choice(("yes", "no")))
@_kind
@changes(*_CHANGE)
def set_(  # noqa: PLR0917  the arguments, by name
    session: Session, change: "Change", user_id: int, channel: str, wish: str, kind: str
) -> None:
    """Want events on a channel, or not; a channel `*` is any. The most exact preference decides."""
    from taskwatch.actions import preferences

    done = preferences.prefer(session.store(create=False), user_id, (kind, channel), wish == "yes", change)
    answer(session, done, _lines(done), change)


@command("forget", shape=_PREFERENCES, examples=["taskwatch user prefer forget 5 mail"])
@_user_id
@_channel
@_kind
@changes(*_CHANGE)
def forget(session: Session, change: "Change", user_id: int, channel: str, kind: str) -> None:
    """Forget a preference: a less exact one decides, or everything is wanted."""
    from taskwatch.actions import preferences

    done = preferences.prefer(session.store(create=False), user_id, (kind, channel), None, change)
    answer(session, done, _lines(done), change)


@command("list", shape=_PREFERENCES, examples=["taskwatch user prefer list 5 --json"])
@_user_id
@pass_session
def list_(session: Session, user_id: int) -> None:
    """List what a user wants, and when they are left alone."""
    from taskwatch.actions import preferences

    found = preferences.preferences(session.store(create=False), user_id)
    if session.json:
        output.emit(found)
        return
    for line in _lines(found):
        output.text(line)


@command(
    "set",
    shape=_PREFERENCES,
    examples=[
        "taskwatch user quiet set 5 22:00-07:00",
        "taskwatch user quiet set 5 00:00-23:59 --days sat,sun",
    ],
)
@_user_id
@click.argument("hours", metavar="HOURS")
@click.option("--days", metavar="DAYS", help="The days they begin on, such as mon-fri.  [default: every day]")
@changes(*_CHANGE)
def set_quiet(session: Session, change: "Change", user_id: int, hours: str, days: str | None) -> None:
    """Leave a user alone at these hours of their own time zone; only what is critical comes through."""
    from taskwatch.actions import preferences
    from taskwatch.model.preference import parse_quiet

    done = preferences.set_quiet(session.store(create=False), user_id, parse_quiet(hours, days), change)
    answer(session, done, _lines(done), change)


@command("clear", shape=_PREFERENCES, examples=["taskwatch user quiet clear 5"])
@_user_id
@changes(*_CHANGE)
def clear_quiet(session: Session, change: "Change", user_id: int) -> None:
    """Take a user's quiet hours away."""
    from taskwatch.actions import preferences

    done = preferences.set_quiet(session.store(create=False), user_id, None, change)
    answer(session, done, _lines(done), change)


def _lines(found: "PreferencesShape") -> list[str]:
    wishes = [
        f"{each['kind']} on {each['channel']}: {'yes' if each['wanted'] else 'no'}"
        for each in found["preferences"]
    ]
    return [*(wishes or ["everything on every channel: yes"]), _spell_quiet(found["quiet"])]


def _spell_quiet(hours: "QuietShape | None") -> str:
    if hours is None:
        return "quiet hours: none"
    return f"quiet hours: {hours['hours']} {', '.join(hours['days'])} in {hours['timezone'] or 'local time'}"
