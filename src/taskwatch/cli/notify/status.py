"""`taskwatch notify status`: how each channel does."""

from typing import TYPE_CHECKING

from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.session import Session, pass_session

if TYPE_CHECKING:
    from taskwatch.actions.resting import ChannelShape

_STYLES: dict[str, output.Kind] = {"working": "good", "trying": "warn", "resting": "bad"}


@command(
    "status",
    shape="list[taskwatch.actions.resting:ChannelShape]",
    examples=["taskwatch notify status", "taskwatch notify status --json"],
)
@pass_session
def status(session: Session) -> None:
    """Show how each channel does, what waits for it, and what is dead.

    A channel that keeps failing rests for a while, its messages wait, and then one of them tries again.
    """
    from taskwatch.actions import resting
    from taskwatch.config.channels import channels

    configured = [channel.name for channel in channels(session.config)]
    found = resting.status(session.store(create=False), configured, session.now)
    if session.json:
        output.emit(found)
        return
    headers = ("channel", "state", "waiting", "under way", "dead", "why")
    output.table([_row(session, each) for each in found], headers)


def _row(session: Session, each: "ChannelShape") -> tuple[output.Cell, ...]:
    state = each["state"] if each["configured"] else "not set up"
    why = each["reason"]
    if each["resting_until"]:
        from taskwatch.model.times import spell

        left = max(0, session.at(each["resting_until"]) - session.now) // 1000
        why = f"{why}; tries again in {spell(left)}"
    cell = output.style(state, _STYLES.get(state, "dim"))
    return each["channel"], cell, each["pending"], each["leased"], each["dead"], why
