"""What may be done with a task: never another answer than the deed itself gives."""

from functools import partial

import pytest

import postgres
from taskwatch.actions import acknowledgements, holders, people, tasks, transitions
from taskwatch.actions.choices import CHECKS, choices
from taskwatch.actions.people import NewUser
from taskwatch.actions.tasks import NewTask
from taskwatch.errors import NotFound, TaskwatchError
from taskwatch.model import assignment
from taskwatch.model.access import OWNER, Identity
from taskwatch.model.task import VERBS

ELI, KIM, DANA = 5, 6, 7
WHO = {
    "eli, whose it is": Identity(user_id=ELI),
    "kim, whose it is not": Identity(user_id=KIM),
    "dana, an admin": Identity(user_id=DANA, admin=True),
    "the owner of the machine": OWNER,
}
LIVES = {
    "pending": [("reopen", "FIRST")],
    "ready": [],
    "claimed": [("claim", "T")],
    "in progress": [("start", "T")],
    "late": [("start", "T"), ("wait", 31)],
    "cared for": [("start", "T"), ("wait", 31), ("ack", "T")],
    "on hold": [("start", "T"), ("hold", "T")],
    "completed": [("complete", "T")],
    "failed": [("fail", "T")],
    "cancelled": [("cancel", "T")],
}


@pytest.fixture
def life(store, clock):
    """Bring the task T, which is eli's, into a state."""
    for number, name in ((ELI, "eli"), (KIM, "kim"), (DANA, "dana")):
        people.add(store, NewUser(name, id=number, admin=number == DANA), clock.change())
    first = NewTask("FIRST")
    task = NewTask("T", timeout_minutes=30, after=("FIRST",), assignments=(assignment.user(ELI),))
    tasks.add(store, [first, task], clock.change())
    transitions.transition(store, "complete", ["FIRST"], clock.change())

    def live(name):
        for verb, what in LIVES[name]:
            if verb == "wait":
                clock.advance(minutes=what)
            else:
                do(store, verb, what, clock.change(by=ELI))

    return live


def do(store, verb, ref, change):
    until, who = change.now + 3_600_000, [assignment.user(ELI)]
    deeds = {
        **{each: partial(transitions.transition, store, each, [ref]) for each in VERBS},
        "claim": partial(holders.claim, store, [ref]),
        "release": partial(holders.release, store, [ref]),
        "assign": partial(holders.assign, store, [ref], who),
        "unassign": partial(holders.unassign, store, [ref], who),
        "ack": partial(acknowledgements.acknowledge, store, [ref], until),
        "snooze": partial(acknowledgements.acknowledge, store, [ref], until, kind="snooze"),
        "unack": partial(acknowledgements.unacknowledge, store, [ref]),
    }
    return deeds[verb](change)


@pytest.mark.parametrize("name", LIVES)
@pytest.mark.parametrize("who", WHO)
def test_a_choice_is_allowed_exactly_when_the_deed_is(store, clock, life, name, who):
    life(name)
    change = clock.change()._replace(identity=WHO[who], by=WHO[who].user_id)
    found = {each["verb"]: each for each in choices(store, "T", change)}
    assert list(found) == list(CHECKS)
    for verb, choice in found.items():
        done, refusal = attempt(store, verb, change._replace(dry_run=True))
        if choice["reason"] == "you have claimed it already":
            assert (verb, refusal) == ("claim", None)
            continue
        assert choice["allowed"] is (refusal is None), verb
        assert choice["leads_to"] == (done and done[0].get("new_status"))
        assert choice["reason"] == refusal or "nobody in particular" in choice["reason"]


def attempt(store, verb, change):
    """What came of a deed, or the sentence that refused it."""
    try:
        return do(store, verb, "T", change), None
    except TaskwatchError as error:
        return None, error.message


def test_looking_changes_nothing(store, clock, life):
    life("in progress")
    before = postgres.everything(store)
    choices(store, "T", clock.change(by=ELI))
    assert postgres.everything(store) == before


def test_who_may_not_see_a_task_is_offered_nothing(store, clock, life):
    limited = clock.change()._replace(identity=Identity(user_id=ELI, workflows=frozenset({"bc"})), by=ELI)
    with pytest.raises(NotFound):
        choices(store, "T", limited)
