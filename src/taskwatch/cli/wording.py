"""How answers for people say when, who and how late."""

from typing import TYPE_CHECKING

from taskwatch.cli.output import Kind, Styled, style
from taskwatch.cli.session import Session
from taskwatch.model.times import spell

if TYPE_CHECKING:
    from taskwatch.actions.shown import TaskShape

_RISK_STYLES: dict[str | None, Kind] = {"exceeded": "bad", "critical": "warn", "high": "warn", None: "dim"}


def when(session: Session, stamp: str | None) -> str | None:
    """`2h 05m ago`, or the instant itself if the configuration wants that; None stays None."""
    if stamp is None or session.config.text("output.time") == "iso":
        return stamp
    return f"{spell(max(0, session.now - session.at(stamp)) // 1000)} ago"


def assigned(task: "TaskShape") -> str:
    """`user:5, role:dispatcher`."""
    return ", ".join(f"{a['type']}:{a['user_id'] or a['role_name']}" for a in task["assignments"])


def lateness(task: "TaskShape") -> Styled | None:
    """`12m left` or `1h 05m over`, coloured by risk; None without a clock to judge."""
    if task["remaining_seconds"] is None:
        return None
    over = task["exceeded_by_seconds"]
    words = f"{spell(over)} over" if over else f"{spell(task['remaining_seconds'])} left"
    return style(words, _RISK_STYLES.get(task["risk_level"], "good"))


def counted(number: int, noun: str) -> str:
    """`1 task`, `3 tasks`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
