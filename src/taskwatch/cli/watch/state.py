"""What a watch knows, and what is new in it: pure, the same for a database and for a server."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TypedDict

from taskwatch.actions.events import EventShape
from taskwatch.actions.standing import AtRiskShape, StatisticsShape
from taskwatch.model import topic

KEPT = 200


class WatchShape(TypedDict):
    """What `--once` answers: who stands where, the tasks at risk or late, the latest events.

    A token that may not see everything gets no statistics from its server.
    """

    statistics: StatisticsShape | None
    tasks: list[AtRiskShape]
    events: list[EventShape]


class Survey(NamedTuple):
    """Who stands where at an instant (ms), and every task that is at risk or late, the most urgent first."""

    at: int
    statistics: StatisticsShape | None
    tasks: tuple[AtRiskShape, ...]


class State(NamedTuple):
    """A survey, the latest events in order, and why the line to the server is lost if it is."""

    survey: Survey
    events: tuple[EventShape, ...] = ()
    trouble: str | None = None


class Happened(NamedTuple):
    """An event."""

    told: EventShape


class Risen(NamedTuple):
    """A task whose risk is another one now."""

    told: AtRiskShape


class Counted(NamedTuple):
    """Other statistics than before."""

    told: StatisticsShape


Change = Happened | Risen | Counted
_TYPES: dict[type[Change], str] = {Happened: "event", Risen: "risk", Counted: "statistics"}


def add_events(state: State, events: Iterable[EventShape]) -> State:
    """The state with later events; only the latest are kept."""
    return state._replace(events=(*state.events, *events)[-KEPT:])


def narrow(survey: Survey, topics: tuple[str, ...]) -> Survey:
    """Only tasks of the topics that name workflows or tasks; all of them if no topic does."""
    telling = [pattern for pattern in topics if pattern.startswith(("workflow.", "task."))]
    if not telling:
        return survey
    return survey._replace(tasks=tuple(task for task in survey.tasks if _is_of(task, telling)))


def compare(before: Survey | None, after: Survey) -> Iterator[Change]:
    """What a survey tells that the one before did not."""
    if after.statistics and (before is None or before.statistics != after.statistics):
        yield Counted(after.statistics)
    known = {task["task_id"]: task["risk_level"] for task in before.tasks} if before else {}
    for task in after.tasks:
        if known.get(task["task_id"]) != task["risk_level"]:
            yield Risen(task)


def remaining(task: AtRiskShape, survey: Survey, now: int) -> int:
    """Seconds left of a task at `now` (ms), as counted since the survey: its clock may be another's."""
    return task["remaining_seconds"] - (now - survey.at) // 1000


def show_change(change: Change) -> dict[str, Any]:
    """A change as programs get it: `type` says which, the other keys are those of its shape."""
    return {"type": _TYPES[type(change)], **change.told}


def answer(state: State) -> WatchShape:
    """The state as programs get it."""
    return {
        "statistics": state.survey.statistics,
        "tasks": list(state.survey.tasks),
        "events": list(state.events),
    }


def _is_of(task: AtRiskShape, patterns: list[str]) -> bool:
    own = (f"task.{task['task_id']}", f"workflow.{task['workflow_type']}.{task['taskable_id']}")
    return any(topic.matches(pattern, name) for pattern in patterns for name in own)
