"""Changes that carry an identity or a version: they are judged in the transaction that makes them."""

import pytest

from taskwatch.actions import holders, people, tasks, transitions, workflows
from taskwatch.actions.people import NewUser
from taskwatch.actions.tasks import NewTask
from taskwatch.errors import Conflict, Forbidden, NotFound, Stale
from taskwatch.model import assignment, definition
from taskwatch.model.access import OWNER, Identity
from taskwatch.model.task import Task

ELI = Identity(user_id=5)
HR = {
    "workflow": {"code": "hr", "name": "Hiring"},
    "task": [
        {"code": "CALL", "name": "Call", "assign": ["user:5"]},
        {"code": "MEET", "name": "Meet", "assign": ["user:6"]},
    ],
}


@pytest.fixture
def change(store, clock):
    plain = clock.change()
    for number, name in ((5, "eli"), (6, "kim")):
        people.add(store, NewUser(name, id=number), plain)
    wanted = [
        NewTask("MINE", assignments=(assignment.user(5),)),
        NewTask("OTHERS", assignments=(assignment.user(6),)),
    ]
    tasks.add(store, wanted, plain)
    return plain._replace(by=5, identity=ELI)


def version(store, code):
    with store.read() as tx:
        return tx.one(Task, "tasks.by_code", code=code).version


def test_a_change_without_an_identity_may_do_all(store, change):
    assert transitions.transition(store, "start", ["OTHERS"], change._replace(identity=None, by=6))


def test_tasks_are_moved_all_or_none(store, change):
    with pytest.raises(Forbidden, match="OTHERS is assigned to user:6"):
        transitions.transition(store, "start", ["MINE", "OTHERS"], change)
    assert transitions.transition(store, "start", ["MINE"], change)


@pytest.mark.parametrize(
    "deed",
    [
        lambda store, change: holders.claim(store, ["OTHERS"], change),
        lambda store, change: holders.assign(store, ["OTHERS"], [assignment.user(5)], change),
        lambda store, change: holders.unassign(store, ["OTHERS"], [assignment.user(6)], change),
        lambda store, change: tasks.set_timeout(store, ["OTHERS"], 5, change),
        lambda store, change: tasks.link(store, "OTHERS", ["MINE"], change),
        lambda store, change: tasks.unlink(store, "OTHERS", ["MINE"], change),
    ],
)
def test_every_change_of_a_task_is_judged(store, change, deed):
    before = version(store, "OTHERS")
    with pytest.raises(Forbidden):
        deed(store, change)
    assert version(store, "OTHERS") == before


def test_a_workflow_is_cancelled_by_who_may_cancel_all_of_it(store, change):
    workflows.define(store, definition.check(HR)[0], change)
    workflows.start(store, "hr", "Person", "7", change)
    with pytest.raises(Forbidden, match="MEET_HR7"):
        workflows.cancel(store, "hr.7", change)
    transitions.transition(store, "skip", ["MEET_HR7"], change._replace(identity=OWNER))
    assert workflows.cancel(store, "hr.7", change)["cancelled"] == ["CALL_HR7"]


def test_what_is_not_seen_is_not_there(store, change):
    workflows.define(store, definition.check(HR)[0], change)
    workflows.start(store, "hr", "Person", "7", change)
    limited = change._replace(identity=ELI._replace(workflows=frozenset({"bc"})))
    with pytest.raises(NotFound):
        transitions.transition(store, "start", ["CALL_HR7"], limited)
    with pytest.raises(NotFound):
        workflows.start(store, "hr", "Person", "8", limited)
    with pytest.raises(NotFound):
        workflows.cancel(store, "hr.7", limited)


def test_a_claim_of_somebody_else_is_released_by_an_admin_only(store, change):
    holders.claim(store, ["OTHERS"], change._replace(by=6, identity=None))
    shared = holders.assign(store, ["OTHERS"], [assignment.role("driver")], change._replace(identity=None))
    assert shared
    with pytest.raises(Conflict):
        holders.release(
            store, ["OTHERS"], change._replace(by=None, identity=Identity(roles=frozenset({"driver"})))
        )
    assert holders.release(store, ["OTHERS"], change._replace(by=None, identity=OWNER))


def test_a_change_that_counts_on_a_version_finds_it_or_is_refused(store, change):
    present = version(store, "MINE")
    with pytest.raises(Stale) as refused:
        transitions.transition(store, "start", ["MINE"], change._replace(if_version=present - 1))
    assert refused.value.details["status"] == "ready"
    assert refused.value.details["version"] == present
    moved = transitions.transition(store, "start", ["MINE"], change._replace(if_version=present))
    assert moved[0]["version"] == version(store, "MINE") > present


def test_a_link_asked_for_again_by_its_key_is_answered_as_before(store, change):
    again = change._replace(identity=OWNER, key="k", if_version=version(store, "MINE"), if_status="ready")
    first = tasks.link(store, "MINE", ["OTHERS"], again)
    assert first[0]["status"] == "pending"
    assert tasks.link(store, "MINE", ["OTHERS"], again) == first
