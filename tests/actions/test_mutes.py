"""Mutes: what can be kept quiet, for how long, and that it is told."""

import pytest

from taskwatch.actions import events, mutes, people, tasks, workflows
from taskwatch.actions.mutes import LONGEST_MS
from taskwatch.actions.people import NewUser
from taskwatch.actions.tasks import NewTask
from taskwatch.errors import Conflict, InvalidInput, NotFound
from taskwatch.model import definition

HOUR = 3_600_000


@pytest.fixture
def house(store, clock):
    wanted, _ = definition.check(
        {"workflow": {"code": "bc", "name": "B", "subject": "Order"}, "task": [{"code": "T", "name": "T"}]}
    )
    workflows.define(store, wanted, clock.change())
    workflows.start(store, "bc", "Order", "114", clock.change())
    people.add(store, NewUser("dana", id=5, roles=("driver",)), clock.change())
    tasks.add(store, [NewTask("ALONE")], clock.change())
    return store


def add(store, clock, scope, target, hours=1, **more):
    return mutes.add(store, scope, target, clock.now + hours * HOUR, clock.change(**more))


def test_everything_that_can_be_muted_is_kept_by_its_lasting_name(house, clock):
    found = [
        add(house, clock, scope, target)["target"]
        for scope, target in (
            ("task", "ALONE"), ("workflow", "bc.114"), ("type", "bc"), ("role", "driver"), ("task", "1"),
        )
    ]  # fmt: skip
    assert found == ["2", "1", "bc", "driver", "1"]
    with house.read() as tx:
        assert [mute.target for mute in mutes.standing(tx, clock.now)] == found


def test_a_mute_ends_by_itself(house, clock):
    add(house, clock, "type", "bc")
    assert [each["state"] for each in mutes.mutes(house, clock.now)] == ["active"]
    clock.advance(minutes=60)
    assert mutes.mutes(house, clock.now) == []
    assert [each["state"] for each in mutes.mutes(house, clock.now, past=True)] == ["over"]


def test_a_mute_is_ended_once(house, clock):
    made = add(house, clock, "type", "bc", by=5, reason="moving")
    assert (made["muted_by"], made["reason"]) == (5, "moving")
    assert mutes.end(house, made["id"], clock.change())["state"] == "over"
    assert mutes.mutes(house, clock.now) == []
    with pytest.raises(Conflict, match="is over already"):
        mutes.end(house, made["id"], clock.change())
    with pytest.raises(NotFound, match="no mute 9"):
        mutes.end(house, 9, clock.change())
    told = [each["kind"] for each in events.newest(house, events.Filter(topics=("admin.mutes",)), 9).events]
    assert told == ["mute.added", "mute.ended"]


def test_silence_has_an_end_that_is_near(house, clock):
    for until in (clock.now, clock.now + LONGEST_MS + 1):
        with pytest.raises(InvalidInput):
            mutes.add(house, "type", "bc", until, clock.change())
    assert mutes.add(house, "type", "bc", clock.now + LONGEST_MS, clock.change())


@pytest.mark.parametrize(
    ("scope", "target"), [("task", "NONE"), ("workflow", "bc.9"), ("type", "cb"), ("role", "drivers")]
)
def test_what_does_not_exist_cannot_be_muted(house, clock, scope, target):
    with pytest.raises(NotFound):
        add(house, clock, scope, target)
    with pytest.raises(InvalidInput, match="a mute cannot be by 'user'"):
        add(house, clock, "user", "5")
    assert mutes.mutes(house, clock.now, past=True) == []
