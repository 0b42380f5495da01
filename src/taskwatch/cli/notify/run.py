"""`taskwatch notify run`: plan and deliver without a daemon."""

from typing import TYPE_CHECKING

import click

from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.session import Session, pass_session
from taskwatch.cli.wording import counted

if TYPE_CHECKING:
    import asyncio

    from taskwatch.services.notify import RunShape


@command(
    "run",
    shape="taskwatch.services.notify:RunShape",
    examples=[
        "*/5 * * * * taskwatch sla monitor -q; taskwatch notify run --once -q    # in a crontab",
        "taskwatch notify run --once --json",
        "taskwatch notify run",
    ],
)
@click.option("--once", is_flag=True, help="Deliver what is due now, then end.")
@pass_session
def run(session: Session, *, once: bool) -> None:
    """Turn what happened into messages, and deliver them; several may run at a time.

    The daemon does so by itself. Without --once it goes on until Ctrl-C or SIGTERM, then says what it did.
    """
    import asyncio

    done = asyncio.run(_run(session, once=once))
    if session.json:
        output.emit(done)
        return
    output.say(f"{counted(done['events'], 'event')} planned, {counted(done['sent'], 'message')} sent")
    if done["pending"] or done["dead"] or done["expired"]:
        failed = f"{done['pending']} to be tried again, {done['dead']} dead, {done['expired']} expired"
        output.say(failed, level=-1)


async def _run(session: Session, *, once: bool) -> "RunShape":
    from taskwatch.cli.notify.channels import notifying

    async with notifying(session) as notify:
        return await (notify.once() if once else notify.until(_ending()))


def _ending() -> "asyncio.Event":
    """Set by Ctrl-C or SIGTERM."""
    import asyncio
    import signal

    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    return told
