"""What may be done with a task by who asks, and what not, with the reason: all checked, nothing done."""

from collections.abc import Callable
from functools import partial
from typing import TypedDict

from taskwatch.actions import acknowledgements, holders, lookup, transitions
from taskwatch.actions.change import Change, check_sight, expect
from taskwatch.errors import Conflict, InvalidInput, TaskwatchError
from taskwatch.model.ack import ACK, SNOOZE
from taskwatch.model.task import VERBS, Task
from taskwatch.store import Store, Tx

UNACK = "unack"
_Check = Callable[[Tx, Task, Change], object]


class ChoiceShape(TypedDict):
    """A deed by its name in REST. `leads_to` is the status it gives; `reason` tells why it is not allowed."""

    verb: str
    allowed: bool
    leads_to: str | None
    reason: str | None


def choices(store: Store, ref: str, change: Change) -> list[ChoiceShape]:
    """Every deed on a task, judged for who asks under the circumstances of `change`.

    Raises:
        NotFound: there is no such task, or who asks may not see it.
    """
    with store.read() as tx:
        task = lookup.task(tx, ref)
        check_sight(task.workflow_type, change)
        return [_choice(tx, task, change, verb, check) for verb, check in CHECKS.items()]


def _choice(tx: Tx, task: Task, change: Change, verb: str, check: _Check) -> ChoiceShape:
    try:
        found = check(tx, task, change)
    except TaskwatchError as error:
        return {"verb": verb, "allowed": False, "leads_to": None, "reason": error.message}
    leads_to = found.status if isinstance(found, Task) else None
    return {"verb": verb, "allowed": True, "leads_to": leads_to, "reason": None}


def _move(verb: str, tx: Tx, task: Task, change: Change) -> Task:
    return transitions.judge(tx, task, VERBS[verb], change)


def _check_claim(tx: Tx, task: Task, change: Change) -> None:
    if change.by is None:
        raise InvalidInput("nobody in particular is signed in, so there is nobody to claim it for")
    holders.check_claim(tx, task, change)
    if task.claimed_by is not None:
        raise Conflict("you have claimed it already")


def _check_unassign(tx: Tx, task: Task, change: Change) -> None:
    expect(tx, task, change)
    if not lookup.assignments(tx, task.id):
        raise Conflict(f"{task.code} is assigned to nobody")


def _check_unack(tx: Tx, task: Task, change: Change) -> None:
    expect(tx, task, change)
    if not acknowledgements.standing(tx, task.id, change.now):
        raise Conflict(f"nobody takes care of {task.code}")


CHECKS: dict[str, _Check] = {
    **{verb.name: partial(_move, verb.name) for verb in VERBS.values() if not verb.automatic},
    "claim": _check_claim,
    "release": holders.check_release,
    "assign": holders.check_assign,
    "unassign": _check_unassign,
    ACK: acknowledgements.check_late,
    SNOOZE: acknowledgements.check_late,
    UNACK: _check_unack,
}
