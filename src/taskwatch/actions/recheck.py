"""A last look before a message goes out: is it still true and this person's, and is nobody at it already?"""

from typing import TYPE_CHECKING, NamedTuple

from taskwatch.actions import acknowledgements, lookup, mutes
from taskwatch.model import event
from taskwatch.model.ack import covering
from taskwatch.model.mute import Mute, Subject, silencing
from taskwatch.model.task import IN_PROGRESS, ON_HOLD, READY, Task
from taskwatch.store import Tx

if TYPE_CHECKING:
    from taskwatch.model.assignment import Assignment

ENDED = "no_longer_true"
TAKEN = "no_longer_assigned"
ACKED = "acknowledged"
MUTED = "muted"


class About(NamedTuple):
    """What a message is about: the kind and seq of its event, its level, and the task's cycle of then."""

    kind: str
    event_seq: int | None
    level: str | None
    task_id: int
    cycle: int | None
    user_id: int


class Recheck:
    """Looks into one transaction at `now` (ms); what it read once it does not read again."""

    def __init__(self, tx: Tx, now: int) -> None:
        self._tx = tx
        self._now = now
        self._tasks: dict[int, Task | None] = {}
        self._assigned: dict[int, list[Assignment]] = {}
        self._mutes: list[Mute] | None = None

    def objection(self, about: About) -> str | None:
        """Why a message about a task should no longer be sent, or None."""
        if about.kind not in {event.BECAME_READY, event.SLA_EXCEEDED}:
            return None
        task = self._task(about.task_id)
        if task is None or task.cycle != (about.cycle or task.cycle) or not self._is_true(task, about.kind):
            return ENDED
        if self._was_taken(about):
            return TAKEN
        if about.kind == event.SLA_EXCEEDED and self._is_acknowledged(task, about):
            return ACKED
        return MUTED if self._is_muted(task) else None

    def _is_true(self, task: Task, kind: str) -> bool:
        if kind == event.BECAME_READY:
            return task.status == READY
        standing = task.standing(self._now)
        return task.status in {IN_PROGRESS, ON_HOLD} and standing is not None and standing.exceeded

    def _was_taken(self, about: About) -> bool:
        """Whether the task was taken from somebody since, and is not this person's now."""
        if about.event_seq is None:
            return False
        if not self._tx.value("deliveries.taken_since", task_id=about.task_id, seq=about.event_seq):
            return False
        user = lookup.user(self._tx, about.user_id)
        return not (user.admin or self._is_assigned(about))

    def _is_assigned(self, about: About) -> bool:
        if about.task_id not in self._assigned:
            self._assigned[about.task_id] = lookup.assignments(self._tx, about.task_id)
        roles = {row[0] for row in self._tx.all(tuple, "people.roles_of", id=about.user_id)}
        return any(
            each.user_id == about.user_id or each.role_name in roles for each in self._assigned[about.task_id]
        )

    def _is_acknowledged(self, task: Task, about: About) -> bool:
        standing = acknowledgements.standing(self._tx, task.id, self._now)
        return covering(standing, cycle=task.cycle, level=about.level, now=self._now) is not None

    def _is_muted(self, task: Task) -> bool:
        if self._mutes is None:
            self._mutes = mutes.standing(self._tx, self._now)
        subject = Subject(task.id, task.workflow_id, task.workflow_type)
        return silencing(self._mutes, subject, self._now) is not None

    def _task(self, task_id: int) -> Task | None:
        if task_id not in self._tasks:
            self._tasks[task_id] = self._tx.one(Task, "tasks.by_id", id=task_id)
        return self._tasks[task_id]
