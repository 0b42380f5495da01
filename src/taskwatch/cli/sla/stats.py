"""`taskwatch sla stats`: the statistics."""

from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.session import Session, pass_session
from taskwatch.cli.sla.common import now_option, show_statistics


@command(
    "stats",
    shape="taskwatch.actions.standing:StatisticsShape",
    examples=["taskwatch sla stats", "taskwatch sla stats --json", 'taskwatch sla stats --now "2 days ago"'],
)
@now_option
@pass_session
def stats(session: Session, now: str | None) -> None:
    """Count tasks in progress by standing. At risk is less than 20 % of the time left.

    The compliance rate is the share that is on time; tasks without timeout and tasks on hold are not in it.
    """
    from taskwatch.actions import standing

    found = standing.stats(session.store(create=False), session.at(now), session.now)
    if session.json:
        output.emit(found)
        return
    show_statistics(found)
    output.text(f"  Without timeout: {found['untracked']}")
    output.text(f"  On hold: {found['on_hold']}")
