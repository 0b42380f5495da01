"""Mutes: for a while nobody is told of a task, a workflow, a type of workflows, or by way of a role."""

from collections.abc import Iterable
from typing import NamedTuple

SCOPES = ("task", "workflow", "type", "role")


class Mute(NamedTuple):
    """A mute as it is kept; it always ends. Instants are ms.

    `target` is the id of a task or workflow as text, the code of a type, or the name of a role.
    """

    id: int
    scope: str
    target: str
    user_id: int | None
    reason: str | None
    at: int
    until: int
    ended_at: int | None


class Subject(NamedTuple):
    """What somebody would be told of. `role` is the one they would be told by way of, if any."""

    task_id: int | None = None
    workflow_id: int | None = None
    workflow_type: str | None = None
    role: str | None = None


def silencing(mutes: Iterable[Mute], subject: Subject, now: int) -> Mute | None:
    """The mute that keeps a subject quiet at `now` (ms), or None."""
    return next((mute for mute in mutes if stands(mute, now) and _concerns(mute, subject)), None)


def stands(mute: Mute, now: int) -> bool:
    """Whether it has neither run out nor been ended at `now` (ms)."""
    return mute.at <= now < mute.until and (mute.ended_at is None or now < mute.ended_at)


def _concerns(mute: Mute, subject: Subject) -> bool:
    value = dict(zip(SCOPES, subject, strict=True))[mute.scope]
    return value is not None and mute.target == str(value)
