"""What is foreseen is what the monitor then sends."""

import pytest

from postgres import everything
from taskwatch.actions import alerts, tasks, transitions
from taskwatch.actions.change import Change
from taskwatch.actions.simulate import simulate
from taskwatch.actions.tasks import NewTask
from taskwatch.errors import InvalidInput, NotFound

NOW = 1_795_435_200_000
MINUTE = 60_000
DUE = NOW + 30 * MINUTE
HOUR = 60 * MINUTE


@pytest.fixture
def store(fresh):
    store = fresh()
    tasks.add(store, [NewTask("A", timeout_minutes=30), NewTask("FREE")], Change(NOW))
    transitions.transition(store, "start", ["A", "FREE"], Change(NOW))
    return store


def foresee(store, now, hours, ref="A", clock_now=None, **more):
    found = simulate(store, ref, now, now if clock_now is None else clock_now, now + hours * HOUR, **more)
    return found["reason"], [(a["at"][11:16], a["alert_level"], a["missed_alerts"]) for a in found["alerts"]]


def test_an_ignored_task_follows_the_calendar(store):
    reason, found = foresee(store, NOW, 4)
    assert reason is None
    assert [at for at, _, _ in found] == [
        "12:30", "13:30", "14:00", "14:30", "14:45", "15:00", "15:15", "15:30", "15:45", "16:00"
    ]  # fmt: skip
    assert [level for _, level, _ in found[:6]] == ["low", "medium", "high", "high", "critical", "critical"]


@pytest.mark.parametrize("on_rise", [False, True])
@pytest.mark.parametrize("start", [0, 31, 100, 181])
def test_what_is_foreseen_is_what_a_monitor_then_sends(store, start, on_rise):
    now = NOW + start * MINUTE
    foreseen = simulate(store, "A", now, now, now + 6 * HOUR, on_rise=on_rise)["alerts"]
    for second in range(0, 6 * 3600 + 1, 30):
        alerts.monitor(store, now + second * 1000 + (1000 if second else 0), on_rise=on_rise)
    sent = store.connection.execute(
        "SELECT ordinal, level, missed FROM alerts WHERE claimed_at <= ?", [now + 6 * HOUR + 1000]
    ).fetchall()
    assert [(a["ordinal"], a["alert_level"], a["missed_alerts"]) for a in foreseen] == sent


def test_slots_that_passed_unnoticed_come_as_one_at_once(store):
    now = DUE + 151 * MINUTE
    _, found = foresee(store, now, 1)
    assert found[0] == ("15:01", "critical", 5)
    assert found[1] == ("15:15", "critical", 0)


def test_an_earlier_instant_is_foreseen_from_there(store):
    then = DUE + 10 * MINUTE
    alerts.monitor(store, DUE + MINUTE)
    expected = foresee(store, then, 3)
    alerts.monitor(store, DUE + 65 * MINUTE)
    transitions.transition(store, "complete", ["A"], Change(DUE + 70 * MINUTE))
    assert foresee(store, then, 3, clock_now=DUE + 80 * MINUTE) == expected
    assert foresee(store, NOW - MINUTE, 3, clock_now=DUE) == (
        "it is not in progress, and only a task in progress can be late", []
    )  # fmt: skip


@pytest.mark.parametrize(
    ("verb", "reason"),
    [
        ("hold", "it is on hold, and its clock stands still until it is resumed"),
        ("complete", "it is completed, and only a task in progress can be late"),
    ],
)
def test_a_task_that_cannot_be_late_says_why(store, verb, reason):
    transitions.transition(store, verb, ["A"], Change(NOW + MINUTE))
    assert foresee(store, NOW + MINUTE, 24) == (reason, [])


def test_without_a_timeout_or_before_the_first_slot_there_is_none(store):
    assert foresee(store, NOW, 24, "FREE") == ("it has no timeout", [])
    assert simulate(store, "A", NOW, NOW, NOW)["reason"] == "its next alert comes later than that"


def test_simulating_changes_nothing(store):
    before = everything(store)
    foresee(store, NOW, 24)
    assert everything(store) == before


@pytest.mark.parametrize("until", [NOW - 1, NOW + 367 * 24 * HOUR])
def test_the_end_must_lie_ahead_within_a_year(store, until):
    with pytest.raises(InvalidInput, match="is not within 366 days"):
        simulate(store, "A", NOW, NOW, until)


def test_an_unknown_task_is_not_found(store):
    with pytest.raises(NotFound):
        foresee(store, NOW, 1, "B")
