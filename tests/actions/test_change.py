"""The circumstances of a change: once per key, by whom, and not in the future."""

import pytest

from taskwatch.actions import tasks
from taskwatch.actions.change import KEY_LIFE_MS, Change
from taskwatch.actions.tasks import NewTask
from taskwatch.actions.transitions import transition
from taskwatch.errors import Conflict, InvalidInput, NotFound

NOON = 1_795_435_200_000
MINUTE = 60_000


def at(minutes=0, **more):
    return Change(now=NOON + minutes * MINUTE, **more)


def add(store, *codes, **wishes):
    return tasks.add(store, [NewTask(code, **wishes) for code in codes], at())


def events(store):
    return store.connection.execute("SELECT count(*) FROM events").fetchone()[0]


def test_the_same_key_does_the_deed_once_and_gives_the_same_answer(store):
    add(store, "A")
    first = transition(store, "complete", ["A"], at(1, key="k"))
    told = events(store)
    assert transition(store, "complete", ["A"], at(2, key="k")) == first
    assert events(store) == told


def test_a_key_belongs_to_one_deed(store):
    add(store, "A", "B")
    transition(store, "complete", ["A"], at(1, key="k"))
    for verb, code, more in (("complete", "B", {}), ("skip", "A", {}), ("complete", "A", {"reason": "x"})):
        with pytest.raises(Conflict, match="this idempotency key was used for something else"):
            transition(store, verb, [code], at(2, key="k", **more))


def test_a_key_is_forgotten_after_its_life(store):
    add(store, "A", "B")
    transition(store, "complete", ["A"], at(1, key="k"))
    late = Change(now=NOON + MINUTE + KEY_LIFE_MS + 1, key="k")
    assert transition(store, "complete", ["B"], late)[0]["code"] == "B"


def test_a_refused_deed_leaves_its_key_free(store):
    add(store, "A", "B", after=())
    with pytest.raises(Conflict):
        transition(store, "resume", ["A"], at(1, key="k"))
    assert transition(store, "complete", ["A"], at(1, key="k"))


def test_adding_with_a_key_adds_once(store):
    new = [NewTask("A", assignments=(), after=())]
    assert tasks.add(store, new, at(key="k")) == tasks.add(store, new, at(1, key="k"))


@pytest.mark.parametrize("key", ["", " ", "a\x1b[2J", "k" * 300])
def test_a_key_that_cannot_be_is_refused(store, key):
    add(store, "A")
    with pytest.raises(InvalidInput, match="an idempotency key"):
        transition(store, "complete", ["A"], at(key=key))


def test_only_a_user_that_exists_can_act(store):
    add(store, "A")
    with pytest.raises(NotFound, match="there is no user 7"):
        transition(store, "complete", ["A"], at(by=7))


@pytest.mark.parametrize("reason", ["x" * 1001, "\x1b]0;owned\x07", "a\x00b"])
def test_a_hostile_reason_is_refused(store, reason):
    add(store, "A")
    with pytest.raises(InvalidInput, match="a reason"):
        transition(store, "complete", ["A"], at(reason=reason))
