"""The account of a task adds up to its standing, and tells the fate of every slot."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskwatch.actions import alerts, lookup, tasks, transitions
from taskwatch.actions.change import Change
from taskwatch.actions.explain import explain
from taskwatch.actions.tasks import NewTask
from taskwatch.errors import NotFound
from taskwatch.model.times import rfc3339
from taskwatch.store import open_store

NOW = 1_795_435_200_000
SECOND, MINUTE = 1000, 60_000
DUE = NOW + 30 * MINUTE


@pytest.fixture
def store(fresh):
    store = fresh()
    tasks.add(store, [NewTask("A", timeout_minutes=30)], Change(NOW))
    return store


def move(store, verb, at, reason=None):
    transitions.transition(store, verb, ["A"], Change(at, reason=reason))


def cycle(store, now, number=-1):
    return explain(store, "A", now)["cycles"][number]


def fates(store, now, number=-1):
    return [(s["code"], s["exceeded_by_minutes"], s["slots"]) for s in cycle(store, now, number)["alerts"]]


def test_before_its_start_a_task_has_no_calendar(store):
    found = cycle(store, NOW + MINUTE)
    assert (found["clock"], found["code"], found["segments"], found["alerts"]) == (
        "waiting", "not_started", [], []
    )  # fmt: skip
    assert "ready time never counts" in found["reason"]


def test_the_segments_add_up_to_the_standing(store):
    move(store, "start", NOW)
    move(store, "hold", NOW + 20 * MINUTE, "the customer is away")
    move(store, "resume", NOW + 50 * MINUTE)
    found = cycle(store, NOW + 105 * MINUTE)
    assert [(s["state"], s["seconds"], s["counted"], s["reason"]) for s in found["segments"]] == [
        ("running", 1200, True, None),
        ("paused", 1800, False, "the customer is away"),
        ("running", 3300, True, None),
    ]
    assert found["elapsed_seconds"] == 4500
    assert (found["exceeded_by_minutes"], found["alert_level"]) == (45, "medium")
    assert (found["due_at"], found["next_alert_at"]) == ("2026-11-23T13:00:00Z", "2026-11-23T14:00:00Z")


def test_every_slot_has_a_fate_and_the_next_one_a_time(store):
    move(store, "start", NOW)
    alerts.monitor(store, DUE + MINUTE)
    alerts.monitor(store, DUE + 121 * MINUTE)
    now = DUE + 151 * MINUTE
    assert fates(store, now) == [
        ("sent", 0, 1),
        ("collapsed", 60, 2),
        ("sent", 120, 1),
        ("due", 135, 2),
        ("scheduled", 165, 1),
    ]
    found = cycle(store, now)
    assert [s["at"][11:16] for s in found["alerts"]] == ["12:30", "13:30", "14:30", "14:45", "15:15"]
    assert found["alerts"][1]["sentence"] == "nobody looked in time: collapsed into alert 2"
    assert found["alerts"][2]["sentence"] == "alert 2 was sent with level critical, noticed 1m after its time"
    assert found["next_alert_at"] == "2026-11-23T15:15:00Z"


def test_on_hold_the_next_alert_is_withheld(store):
    move(store, "start", NOW)
    alerts.monitor(store, DUE + MINUTE)
    move(store, "hold", DUE + 10 * MINUTE)
    found = cycle(store, DUE + 500 * MINUTE)
    assert fates(store, DUE + 500 * MINUTE) == [("sent", 0, 1), ("on_hold", 60, 1)]
    assert found["alerts"][1]["at"] is None
    assert found["alerts"][1]["sentence"] == "on hold: the clock stands still until it is resumed"
    assert found["next_alert_at"] is None


def test_a_finished_cycle_tells_what_nobody_noticed_and_what_never_came(store):
    move(store, "start", NOW)
    move(store, "complete", DUE + 95 * MINUTE)
    move(store, "reopen", DUE + 100 * MINUTE)
    now = DUE + 200 * MINUTE
    assert fates(store, now, 0) == [("unnoticed", 0, 3), ("ended", 120, 1)]
    first = cycle(store, now, 0)
    assert (first["verdict"], first["clock"], first["ended_at"]) == (
        "missed", "stopped", "2026-11-23T14:05:00Z"
    )  # fmt: skip
    assert [s["sentence"] for s in first["alerts"]] == [
        "nobody looked before it was completed", "it was completed before this"
    ]  # fmt: skip
    assert cycle(store, now)["code"] == "not_started"


def test_an_earlier_instant_is_explained_as_it_was(store):
    move(store, "start", NOW)
    alerts.monitor(store, DUE + MINUTE)
    then = DUE + 2 * MINUTE
    before = explain(store, "A", then)
    alerts.monitor(store, DUE + 70 * MINUTE)
    move(store, "complete", DUE + 80 * MINUTE)
    move(store, "reopen", DUE + 90 * MINUTE)
    assert explain(store, "A", then)["cycles"][0] == before["cycles"][0]


def test_another_timeout_moves_the_calendar_and_keeps_what_was_sent(store):
    move(store, "start", NOW)
    alerts.monitor(store, DUE + MINUTE)
    tasks.set_timeout(store, ["A"], 60, Change(DUE + 2 * MINUTE))
    assert fates(store, DUE + 5 * MINUTE) == [("sent", 0, 1), ("scheduled", 0, 1)]
    assert cycle(store, DUE + 5 * MINUTE)["next_alert_at"] == "2026-11-23T13:00:01Z"
    tasks.set_timeout(store, ["A"], None, Change(DUE + 6 * MINUTE))
    assert cycle(store, DUE + 7 * MINUTE)["code"] == "no_timeout"


def test_an_unknown_task_is_not_found(store):
    with pytest.raises(NotFound):
        explain(store, "B", NOW)


STEPS = st.lists(st.tuples(st.sampled_from(["hold", "resume", "monitor", "timeout"]), st.integers(1, 9000)))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_the_account_agrees_with_the_record(tmp_path_factory, steps):
    store = open_store(str(tmp_path_factory.mktemp("explain") / "record.db"))
    tasks.add(store, [NewTask("A", timeout_minutes=30)], Change(NOW))
    move(store, "start", NOW)
    at, held = NOW, False
    for step, pause in steps:
        at += pause * SECOND
        if step == "monitor":
            alerts.monitor(store, at)
        elif step == "timeout":
            tasks.set_timeout(store, ["A"], 1 + pause % 90, Change(at))
        elif (step == "resume") == held:
            move(store, step, at)
            held = not held
    with store.read() as tx:
        task = lookup.task(tx, "A")
    found, standing = cycle(store, at), task.standing(at)
    assert sum(s["seconds"] for s in found["segments"] if s["counted"]) == standing.elapsed_seconds
    assert found["exceeded_by_seconds"] == standing.exceeded_by_seconds
    told = [s for s in found["alerts"] if s["code"] in {"sent", "collapsed"}]
    missed = store.connection.execute("SELECT count(*), coalesce(sum(missed), 0) FROM alerts").fetchone()
    assert (sum(s["sent"] for s in told), sum(s["slots"] for s in told if not s["sent"])) == missed
    due_or_next = next((s for s in found["alerts"] if s["code"] in {"due", "scheduled"}), None)
    assert (due_or_next is None) == (task.next_alert_at is None)
    if due_or_next:
        # A slot that came before a hold, and that nobody noticed, is due since then; the record counts
        # back from the moment it was resumed.
        recorded, overdue = rfc3339(task.next_alert_at), due_or_next["code"] == "due"
        assert due_or_next["at"] <= recorded if overdue else due_or_next["at"] == recorded
    store.close()
