"""`taskwatch notify test`: a real message, marked as a test."""

from typing import TYPE_CHECKING, TypedDict

import click

from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.session import Session, pass_session
from taskwatch.model.names import MAX_INTEGER

if TYPE_CHECKING:
    from taskwatch.actions.trial import Trial
    from taskwatch.plugin import Outcome
    from taskwatch.plugin.sender import Sender


class TestShape(TypedDict):
    """How a test ended; `detail` are the receiver's own words."""

    channel: str
    user_id: int
    delivery_id: int
    outcome: str
    detail: str
    provider_id: str | None


@command(
    "test",
    shape="taskwatch.cli.notify.test:TestShape",
    examples=["taskwatch notify test mail --to 5", "taskwatch notify test webhook --to 5 --json"],
)
@click.argument("channel")
@click.option(
    "--to", "user_id", required=True, type=click.IntRange(1, MAX_INTEGER), metavar="USER", help="For whom."
)
@click.option("--address", default="", metavar="ADDRESS", help="Where, if not at their usual one.")
@pass_session
def test(session: Session, channel: str, user_id: int, address: str) -> None:
    """Send somebody a real message that says it is a test. It is tried once and kept in the log.

    If it fails, the receiver's own words tell why, and the exit code is 5.
    """
    import asyncio

    done = asyncio.run(_test(session, channel, user_id, address))
    if session.json:
        output.emit(done)
    else:
        output.text(f"{channel}: taken over", f" as {done['provider_id']}" if done["provider_id"] else "")


async def _test(session: Session, name: str, user_id: int, address: str) -> TestShape:
    from taskwatch.actions.trial import Trial
    from taskwatch.cli.notify.channels import opened, public_url

    async with opened(session, name) as sender:
        where = sender.check_address(address) if address else ""
        trial = Trial(name, user_id, where, sender.channel.needs_address, public_url(session))
        delivery_id, outcome = await _try(session, sender, trial)
    check(name, outcome)
    return {
        "channel": name,
        "user_id": user_id,
        "delivery_id": delivery_id,
        "outcome": outcome.kind,
        "detail": outcome.detail,
        "provider_id": outcome.provider_id,
    }


async def _try(session: Session, sender: "Sender", trial: "Trial") -> "tuple[int, Outcome]":
    """Its delivery and how the only try ended."""
    from taskwatch.actions import deliveries
    from taskwatch.actions.trial import begin

    store = session.store(create=False)
    claimed = begin(store, trial, store.now(), round(1000 * sender.seconds))
    outcome = await sender.send(claimed.message)
    deliveries.record(store, claimed, outcome, store.now())
    return claimed.id, outcome


def check(channel: str, outcome: "Outcome") -> None:
    """Raise what a channel answered unless it is well: InvalidConfig if it is set up wrong."""
    from taskwatch.errors import InvalidConfig, Unavailable

    if outcome.kind == "ok":
        return
    message = f"{channel} answered {outcome.kind}: {outcome.detail}"
    facts = {"channel": channel, "outcome": outcome.kind}
    if outcome.kind == "misconfigured":
        raise InvalidConfig(message, hint=f"correct [channel.{channel}] in the configuration", **facts)
    raise Unavailable(message, hint="see: taskwatch notify status", **facts)
