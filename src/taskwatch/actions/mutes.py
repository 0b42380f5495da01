"""Mutes: keep a task, a workflow, a type or a role quiet for a while. Every mute ends."""

from typing import Any, TypedDict

from taskwatch.actions import lookup
from taskwatch.actions.change import Change
from taskwatch.actions.journal import record
from taskwatch.actions.roles import within
from taskwatch.errors import Conflict, InvalidInput, NotFound
from taskwatch.model import event, names
from taskwatch.model.mute import SCOPES, Mute, stands
from taskwatch.model.times import rfc3339
from taskwatch.store import Store, Tx

LONGEST_MS = 30 * 24 * 3_600_000


class MuteShape(TypedDict):
    """A mute, active or over. `target` is the id of a task or workflow, a type's code or a role's name."""

    id: int
    scope: str
    target: str
    state: str
    muted_by: int | None
    reason: str | None
    muted_at: str
    until: str
    ended_at: str | None


def standing(tx: Tx, now: int) -> list[Mute]:
    """The mutes that keep anything quiet at `now` (ms)."""
    return tx.all(Mute, "mutes.standing", now=now)


def mutes(store: Store, now: int, *, past: bool = False) -> list[MuteShape]:
    """The mutes that stand at `now` (ms), and with `past` also those that are over."""
    with store.read() as tx:
        found = tx.all(Mute, "mutes.all") if past else standing(tx, now)
    return [_shape(mute, now) for mute in found]


def add(store: Store, scope: str, target: str, until: int, change: Change) -> MuteShape:
    """Keep something quiet until an instant (ms). A task or workflow is named by id or code.

    Raises:
        InvalidInput: there is no such scope, or it would end in the past or never.
        NotFound: there is no such task, workflow, type or role.
    """

    def work(tx: Tx, change: Change) -> MuteShape:
        row: dict[str, Any] = {
            "scope": scope,
            "target": _found(tx, scope, target),
            "until": check_end(until, change.now),
        }
        row |= {"user_id": change.by, "reason": change.reason, "at": change.now}
        mute = Mute(id=tx.value("mutes.add", **row), ended_at=None, **row)
        _tell(tx, event.MUTE_ADDED, mute, change)
        return _shape(mute, change.now)

    made: MuteShape = within(store, ["mute add", scope, target, until], change, work)
    return made


def end(store: Store, mute_id: int, change: Change) -> MuteShape:
    """End a mute before its time.

    Raises:
        NotFound: there is no such mute.
        Conflict: it is over already.
    """

    def work(tx: Tx, change: Change) -> MuteShape:
        mute = tx.one(Mute, "mutes.by_id", id=mute_id)
        if mute is None:
            raise NotFound(f"there is no mute {mute_id}", hint="see: taskwatch mute list")
        if not tx.run("mutes.end", id=mute_id, at=change.now):
            raise Conflict(f"mute {mute_id} is over already", hint="see: taskwatch mute list")
        _tell(tx, event.MUTE_ENDED, mute, change)
        return _shape(mute._replace(ended_at=change.now), change.now)

    ended: MuteShape = within(store, ["mute end", mute_id], change, work)
    return ended


def check_end(until: int, now: int, longest_ms: int = LONGEST_MS) -> int:
    """The instant (ms) at which silence ends.

    Raises:
        InvalidInput: it is not in the future, or too far in it.
    """
    if until <= now:
        raise InvalidInput(f"{rfc3339(until)} is not in the future", hint="say how long, such as 2h")
    if until - now > longest_ms:
        days = longest_ms // 86_400_000
        raise InvalidInput(f"silence can last {days} days at most", hint="renew it when it ends")
    return until


def _found(tx: Tx, scope: str, target: str) -> str:
    if scope == "task":
        return str(lookup.task(tx, target).id)
    if scope == "workflow":
        return str(lookup.workflow(tx, target).id)
    if scope == "type":
        return lookup.workflow_type(tx, target).code
    if scope == "role":
        return _role(tx, target)
    hint = names.suggestion(scope, list(SCOPES)) or f"use {', '.join(SCOPES)}"
    raise InvalidInput(f"a mute cannot be by {names.shown(scope)}", hint=hint)


def _role(tx: Tx, name: str) -> str:
    known = [row[0] for row in tx.all(tuple, "people.roles")]
    if name in known:
        return name
    hint = names.suggestion(name, known) or "see: taskwatch role list"
    raise NotFound(f"there is no role {names.shown(name)}", hint=hint)


def _tell(tx: Tx, kind: str, mute: Mute, change: Change) -> None:
    facts: dict[str, Any] = {"mute_id": mute.id, "scope": mute.scope, "target": mute.target}
    facts |= {"until": rfc3339(mute.until), "reason": change.reason}
    record(tx, event.house_changed(kind, event.MUTES_TOPIC, by=change.by, at=change.now, **facts))


def _shape(mute: Mute, now: int) -> MuteShape:
    return {
        "id": mute.id,
        "scope": mute.scope,
        "target": mute.target,
        "state": "active" if stands(mute, now) else "over",
        "muted_by": mute.user_id,
        "reason": mute.reason,
        "muted_at": rfc3339(mute.at),
        "until": rfc3339(mute.until),
        "ended_at": None if mute.ended_at is None else rfc3339(mute.ended_at),
    }
