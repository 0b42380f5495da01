"""What every change has in common: when, by whom, why, on which condition, with whose right, once per key."""

import hashlib
import json
from collections.abc import Callable
from typing import Any, NamedTuple

from taskwatch.errors import Conflict, Forbidden, InvalidInput, NotFound, Stale
from taskwatch.model import names
from taskwatch.model.access import Identity, may_move
from taskwatch.model.task import STATUSES, Task
from taskwatch.model.times import rfc3339
from taskwatch.store import Tx

KEY_LIFE_MS = 24 * 3600 * 1000


class Change(NamedTuple):
    """The circumstances of a change. `now` is the clock, `at` an earlier instant it happened at (both ms).

    `identity` is who asks for it from outside; None is whoever has the database at hand, who may do all.
    """

    now: int
    at: int | None = None
    by: int | None = None
    reason: str | None = None
    if_status: str | None = None
    if_version: int | None = None
    identity: Identity | None = None
    key: str | None = None
    dry_run: bool = False
    on_rise: bool = False
    key_life_ms: int = KEY_LIFE_MS

    @property
    def moment(self) -> int:
        """When it happened."""
        return self.now if self.at is None else self.at


def check(tx: Tx, change: Change) -> Change:
    """The change with its reason cleaned.

    Raises:
        InvalidInput: it lies in the future, or its condition names no status.
        NotFound: there is no such user.
    """
    from taskwatch.actions import lookup

    if change.moment > change.now:
        raise InvalidInput(
            f"{rfc3339(change.moment)} is in the future", hint="--at tells when something happened"
        )
    if change.if_status is not None and change.if_status not in STATUSES:
        hint = names.suggestion(change.if_status, list(STATUSES))
        raise InvalidInput(f"there is no status {names.shown(change.if_status)}", hint=hint)
    if change.by is not None:
        lookup.user(tx, change.by)
    return change._replace(reason=names.reason(change.reason))


def expect(tx: Tx, task: Task, change: Change) -> None:
    """Make sure that a task is in the state the change counts on, and that who asks may change it.

    Raises:
        Conflict: it is in another one.
        Stale: it has another version.
        Forbidden: it is somebody else's.
        NotFound: who asks may not even see it.
    """
    _check_right(tx, task, change)
    if change.if_version not in {None, task.version}:
        raise Stale(
            f"{task.code} is at version {task.version} and {task.status}",
            hint="look at it again, then decide",
            task_id=task.id,
            task_code=task.code,
            status=task.status,
            version=task.version,
        )
    if change.if_status is not None and task.status != change.if_status:
        raise Conflict(
            f"{task.code} is {task.status}, not {change.if_status}", hint="leave out --if-status to go on"
        )


def once(tx: Tx, change: Change, deed: list[Any], work: Callable[[], Any]) -> Any:
    """Do the work, or give the answer it gave before under the same idempotency key.

    Raises:
        Conflict: the key was used for another deed.
    """
    if change.key is None:
        return work()
    key = names.display_name(change.key, "an idempotency key")
    if not tx.alone:
        tx.all(tuple, "events.hold", key=key)
    fingerprint = hashlib.sha256(json.dumps([deed, change.by, change.reason]).encode()).hexdigest()
    known = tx.one(_Remembered, "events.remembered", key=key, since=change.now - change.key_life_ms)
    if known is None:
        answer = work()
        tx.run("events.forget", before=change.now - change.key_life_ms)
        tx.run("events.remember", key=key, fingerprint=fingerprint, answer=json.dumps(answer), at=change.now)
        return answer
    if known.fingerprint != fingerprint:
        raise Conflict("this idempotency key was used for something else", hint="use a new key per deed")
    return json.loads(known.answer)


def check_sight(workflow_type: str | None, change: Change) -> None:
    """Make sure that who asks may see a type of workflow.

    Raises:
        NotFound: it may not; for them there is no such thing.
    """
    if change.identity is not None and not change.identity.may_see_type(workflow_type):
        raise NotFound


def _check_right(tx: Tx, task: Task, change: Change) -> None:
    from taskwatch.actions import lookup

    if change.identity is None:
        return
    check_sight(task.workflow_type, change)
    assigned = lookup.assignments(tx, task.id)
    if not may_move(change.identity, task, assigned):
        whom = ", ".join(str(entry) for entry in assigned)
        raise Forbidden(f"{task.code} is assigned to {whom}", hint="they, or an admin, can change it")


class _Remembered(NamedTuple):
    fingerprint: str
    answer: str
