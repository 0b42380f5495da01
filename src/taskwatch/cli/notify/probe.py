"""`taskwatch notify probe`: would a channel work."""

from typing import TypedDict

import click

from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.notify.test import check
from taskwatch.cli.session import Session, pass_session


class ProbeShape(TypedDict):
    """What a channel answered that would work."""

    channel: str
    outcome: str
    detail: str


@command(
    "probe",
    shape="taskwatch.cli.notify.probe:ProbeShape",
    examples=["taskwatch notify probe mail", "taskwatch notify probe webhook --json"],
)
@click.argument("channel")
@pass_session
def probe(session: Session, channel: str) -> None:
    """Ask a channel whether it would work, without a message that anybody sees: it connects and signs in.

    Exit 5 if it would not, 78 if it is set up wrong.
    """
    import asyncio

    done = asyncio.run(_probe(session, channel))
    if session.json:
        output.emit(done)
    else:
        output.text(f"{channel}: works", f", {done['detail']}" if done["detail"] else "")


async def _probe(session: Session, name: str) -> ProbeShape:
    from taskwatch.cli.notify.channels import opened

    async with opened(session, name) as sender:
        outcome = await sender.probe()
    check(name, outcome)
    return {"channel": name, "outcome": outcome.kind, "detail": outcome.detail}
