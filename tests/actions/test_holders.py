"""Who has a task: claims, releases and assignments."""

import pytest

from taskwatch.actions import holders, tasks
from taskwatch.actions.change import Change
from taskwatch.actions.listing import show_task
from taskwatch.actions.tasks import NewTask
from taskwatch.actions.transitions import transition
from taskwatch.errors import Conflict, Forbidden, InvalidInput, NotFound
from taskwatch.model.assignment import role, user

NOON = 1_795_435_200_000
MINUTE = 60_000


def at(minutes=0, **more):
    return Change(now=NOON + minutes * MINUTE, **more)


def add(store, *codes, **wishes):
    return tasks.add(store, [NewTask(code, **wishes) for code in codes], at())


DANA, KIM, ROOT = 5, 6, 7


@pytest.fixture(autouse=True)
def people(store):
    with store.write() as tx:
        for id_, name, admin in ((DANA, "dana", 0), (KIM, "kim", 0), (ROOT, "root", 1)):
            tx.value("people.add", id=id_, name=name, email=None, timezone=None, admin=admin, created_at=NOON)
        tx.run("people.grant", role_name="adv", user_id=DANA, granted_at=NOON)


def holder(store, code="A"):
    return show_task(store, code, NOON)["claimed_by"]


def kinds(store):
    return [row[0] for row in store.connection.execute("SELECT kind FROM events ORDER BY seq")]


def test_who_claims_a_task_has_it_and_can_claim_it_again_without_effect(store):
    add(store, "A")
    assert holders.claim(store, ["A"], at(by=DANA))[0]["claimed_by"] == DANA
    assert holders.claim(store, ["A"], at(by=DANA))[0]["claimed_by"] == DANA
    assert kinds(store).count("task.claimed") == 1


def test_a_claimed_task_cannot_be_claimed_or_started_by_anybody_else(store):
    add(store, "A")
    holders.claim(store, ["A"], at(by=DANA))
    with pytest.raises(Conflict, match="A is claimed by user 5"):
        holders.claim(store, ["A"], at(by=KIM))
    for by in (KIM, None):
        with pytest.raises(Conflict, match="A is claimed by user 5"):
            transition(store, "start", ["A"], at(by=by))
    assert transition(store, "start", ["A"], at(by=DANA))


def test_who_starts_a_free_task_claims_it(store):
    add(store, "A", "B")
    transition(store, "start", ["A"], at(by=KIM))
    transition(store, "start", ["B"], at())
    assert (holder(store, "A"), holder(store, "B")) == (KIM, None)


def test_an_assigned_task_can_be_claimed_by_the_assigned_their_role_and_admins(store):
    add(store, "A", "B", assignments=(role("adv"),))
    add(store, "C", assignments=(user(KIM),))
    with pytest.raises(Forbidden, match="A is assigned to role:adv"):
        holders.claim(store, ["A"], at(by=KIM))
    holders.claim(store, ["A"], at(by=DANA))
    holders.claim(store, ["B"], at(by=ROOT))
    holders.claim(store, ["C"], at(by=KIM))
    assert [holder(store, code) for code in "ABC"] == [DANA, ROOT, KIM]


def test_somebody_must_be_named_to_claim(store):
    add(store, "A")
    with pytest.raises(InvalidInput, match="who claims it"):
        holders.claim(store, ["A"], at())


def test_only_the_holder_an_admin_or_nobody_in_particular_can_release(store):
    add(store, "A")
    with pytest.raises(Conflict, match="nobody has claimed A"):
        holders.release(store, ["A"], at(by=DANA))
    for by in (DANA, ROOT, None):
        holders.claim(store, ["A"], at(by=DANA))
        with pytest.raises(Conflict, match="A is claimed by user 5"):
            holders.release(store, ["A"], at(by=KIM))
        assert holders.release(store, ["A"], at(by=by))[0]["claimed_by"] is None


def test_what_has_ended_changes_no_hands(store):
    add(store, "A")
    transition(store, "complete", ["A"], at())
    with pytest.raises(Conflict, match="A is completed"):
        holders.claim(store, ["A"], at(by=DANA))
    with pytest.raises(Conflict, match="A is completed"):
        holders.assign(store, ["A"], [role("adv")], at())


def test_assigning_twice_is_assigning_once(store):
    add(store, "A")
    who = [user(DANA), role("adv")]
    assert holders.assign(store, ["A"], who, at())[0]["assignments"] == ["user:5", "role:adv"]
    assert holders.assign(store, ["A"], who, at())[0]["assignments"] == ["user:5", "role:adv"]
    assert kinds(store).count("task.assigned") == 2


def test_assigning_to_a_user_who_does_not_exist_changes_nothing(store):
    add(store, "A", "B")
    with pytest.raises(NotFound, match="there is no user 99"):
        holders.assign(store, ["A", "B"], [user(DANA), user(99)], at())
    assert show_task(store, "A", NOON)["assignments"] == []


def test_unassigning_tells_those_it_is_taken_from(store):
    add(store, "A", assignments=(user(DANA),))
    assert holders.unassign(store, ["A"], [user(DANA)], at())[0]["assignments"] == []
    topics = store.connection.execute("SELECT topics FROM events WHERE kind = 'task.unassigned'").fetchone()[
        0
    ]
    assert " user.5.tasks " in topics
    with pytest.raises(Conflict, match="A is not assigned to user:5"):
        holders.unassign(store, ["A"], [user(DANA)], at())
    assert kinds(store).count("task.unassigned") == 1


def test_a_condition_a_key_and_a_dry_run_hold_here_too(store):
    add(store, "A")
    with pytest.raises(Conflict, match="A is ready, not in_progress"):
        holders.claim(store, ["A"], at(by=DANA, if_status="in_progress"))
    holders.claim(store, ["A"], at(by=DANA, dry_run=True))
    assert holder(store) is None
    first = holders.claim(store, ["A"], at(by=DANA, key="k"))
    holders.release(store, ["A"], at())
    assert holders.claim(store, ["A"], at(by=DANA, key="k")) == first
    assert holder(store) is None


def test_reopening_lets_go_of_the_holder(store):
    add(store, "A")
    transition(store, "start", ["A"], at(by=DANA))
    transition(store, "complete", ["A"], at(1))
    transition(store, "reopen", ["A"], at(2))
    assert holder(store) is None
