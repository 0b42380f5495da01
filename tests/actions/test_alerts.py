"""The monitor pass: each alert once, at its slot, never for a task that is not in progress."""

import json
import random
from contextlib import closing

import pytest

from postgres import everything
from taskwatch.actions import alerts, holders, tasks, transitions
from taskwatch.actions.change import Change
from taskwatch.actions.tasks import NewTask
from taskwatch.model.assignment import Assignment
from taskwatch.store import open_store

NOW = 1_795_435_200_000
SECOND, MINUTE = 1000, 60_000
DUE = NOW + 30 * MINUTE
CALENDAR = [0, 60, 90, 120, 135, 150, 165, 180, 195, 210, 225, 240]


def running(store, *codes, timeout=30, **more):
    wanted = [NewTask(code, timeout_minutes=timeout, **more) for code in codes]
    tasks.add(store, wanted, Change(NOW))
    move(store, "start", NOW, *codes)


def move(store, verb, at, *codes):
    transitions.transition(store, verb, list(codes), Change(at))


def rows(store, columns="ordinal, slot_seconds, missed"):
    return store.connection.execute(f"SELECT {columns} FROM alerts ORDER BY task_id, ordinal").fetchall()


def sent_events(store):
    found = store.connection.execute(
        "SELECT payload, topics FROM events WHERE kind = 'task.sla.exceeded' ORDER BY seq"
    )
    return [(json.loads(payload), topics.split()) for payload, topics in found]


def test_exactly_on_time_is_on_time_and_one_second_more_is_not(store):
    running(store, "A")
    assert alerts.monitor(store, DUE) == (0, 0)
    assert alerts.monitor(store, DUE + 999) == (0, 0)
    assert alerts.monitor(store, DUE + SECOND) == (1, 0)
    assert alerts.monitor(store, DUE + 59 * MINUTE) == (0, 0)
    assert rows(store) == [(1, 0, 0)]


@pytest.mark.parametrize("seed", range(5))
def test_a_jittery_cron_every_five_minutes_keeps_the_calendar(store, seed):
    running(store, "A")
    jitter = random.Random(seed)
    claims = {}
    for tick in range(0, 246, 5):
        now = DUE + tick * MINUTE + jitter.randrange(0, 59_000)
        if alerts.monitor(store, now).sent:
            claims[rows(store, "slot_seconds")[-1][0] // 60] = (now - DUE) // MINUTE
    assert list(claims) == CALENDAR
    assert all(slot <= noticed < slot + 6 for slot, noticed in claims.items())
    assert [event["ordinal"] for event, _ in sent_events(store)] == list(range(1, 13))


def test_alerts_missed_while_nobody_looked_collapse_into_one(store):
    running(store, "A")
    assert alerts.monitor(store, DUE + 151 * MINUTE) == (1, 5)
    assert rows(store, "ordinal, slot_seconds, missed, level") == [(1, 150 * 60, 5, "critical")]
    [(event, _)] = sent_events(store)
    assert event["missed_alerts"] == 5
    assert event["detected_late_by_seconds"] == 151 * 60 - 1
    assert alerts.monitor(store, DUE + 164 * MINUTE) == (0, 0)
    assert alerts.monitor(store, DUE + 165 * MINUTE) == (1, 0)


def test_the_event_carries_the_payload_and_reaches_everybody_assigned(store):
    holders_of = [Assignment("role", None, "dispatcher")]
    running(store, "A", name="Convert", assignments=tuple(holders_of))
    alerts.monitor(store, DUE + 45 * MINUTE)
    [(event, topics)] = sent_events(store)
    assert list(event)[:10] == [
        "task_id", "task_code", "task_name", "workflow_type", "taskable_type", "taskable_id",
        "timeout_minutes", "exceeded_by_minutes", "started_at", "alert_level",
    ]  # fmt: skip
    assert (event["exceeded_by_minutes"], event["alert_level"]) == (45, "medium")
    assert (event["started_at"], event["alerted_at"]) == ("2026-11-23T12:00:00Z", "2026-11-23T13:15:00Z")
    assert topics == ["admin.sla.alerts", "role.dispatcher.tasks"]


def test_a_task_on_hold_is_left_alone_and_its_calendar_waits_for_it(store):
    running(store, "A")
    alerts.monitor(store, DUE + MINUTE)
    move(store, "hold", DUE + 50 * MINUTE, "A")
    assert alerts.monitor(store, DUE + 500 * MINUTE) == (0, 0)
    move(store, "resume", DUE + 550 * MINUTE, "A")
    assert alerts.monitor(store, DUE + 559 * MINUTE) == (0, 0)
    assert alerts.monitor(store, DUE + 560 * MINUTE) == (1, 0)
    assert rows(store)[-1] == (2, 3600, 0)


@pytest.mark.parametrize("verb", ["complete", "fail", "skip", "cancel", "hold"])
def test_only_a_task_in_progress_alerts(store, verb):
    running(store, "A", "B")
    move(store, verb, DUE + 10 * MINUTE, "A")
    assert alerts.monitor(store, DUE + 20 * MINUTE) == (1, 0)
    assert [event["task_code"] for event, _ in sent_events(store)] == ["B"]


def test_a_reopened_task_has_a_calendar_of_its_own(store):
    running(store, "A")
    alerts.monitor(store, DUE + MINUTE)
    move(store, "complete", DUE + 2 * MINUTE, "A")
    move(store, "reopen", DUE + 3 * MINUTE, "A")
    move(store, "start", DUE + 3 * MINUTE, "A")
    assert alerts.monitor(store, DUE + 33 * MINUTE) == (0, 0)
    assert alerts.monitor(store, DUE + 34 * MINUTE) == (1, 0)
    assert rows(store, "cycle, ordinal, slot_seconds") == [(1, 1, 0), (2, 1, 0)]


def test_claiming_changes_the_version_but_not_when_the_task_changed(store):
    running(store, "A")
    before = store.connection.execute("SELECT version, changed_at FROM tasks").fetchone()
    alerts.monitor(store, DUE + MINUTE)
    after = store.connection.execute("SELECT version, changed_at, alerts FROM tasks").fetchone()
    assert after == (before[0] + 1, before[1], 1)


def test_with_alerts_on_rise_a_higher_level_alerts_at_once(store):
    running(store, "A")
    for minute in range(1, 130):
        alerts.monitor(store, DUE + minute * MINUTE, on_rise=True)
    assert [slot // 60 for _, slot, _ in rows(store)] == [0, 31, 61, 91, 121]


def test_switching_alerts_on_rise_off_puts_the_next_one_back_on_the_calendar(store):
    running(store, "A")
    alerts.monitor(store, DUE + MINUTE, on_rise=True)
    assert alerts.monitor(store, DUE + 31 * MINUTE) == (0, 0)
    assert store.connection.execute("SELECT next_alert_at FROM tasks").fetchone() == (DUE + 60 * MINUTE,)
    assert alerts.monitor(store, DUE + 60 * MINUTE) == (1, 0)


def test_batches_cover_everything_that_is_due(store):
    codes = [f"T{n}" for n in range(7)]
    running(store, *codes)
    assert alerts.monitor(store, DUE + MINUTE, batch=2) == (7, 0)
    assert sorted(event["task_code"] for event, _ in sent_events(store)) == codes


def test_a_batch_is_one_transaction(store, monkeypatch):
    running(store, "A", "B", "C")
    kept = iter([1, 2])
    monkeypatch.setattr(alerts, "record", lambda *_: next(kept))
    with pytest.raises(StopIteration):
        alerts.monitor(store, DUE + MINUTE, batch=2)
    assert len(rows(store)) == 2
    assert store.connection.execute("SELECT sum(alerts) FROM tasks").fetchone() == (2,)


def test_whoever_finds_the_row_there_already_sends_nothing(store):
    running(store, "A", "B", "C")
    store.connection.execute(
        "INSERT INTO alerts SELECT id, 1, 1, 0, 0, 0, 'low', 1, 30, 0 FROM tasks WHERE code = 'A'"
    )
    assert alerts.monitor(store, DUE + MINUTE, batch=1) == (2, 0)
    assert [event["task_code"] for event, _ in sent_events(store)] == ["B", "C"]


def test_a_pass_with_nothing_due_waits_for_no_writer(store):
    running(store, "A")
    with closing(open_store(store.url)) as other, other.write():
        assert alerts.monitor(store, DUE) == (0, 0)


def test_a_dry_run_counts_and_changes_nothing(store):
    running(store, "A", "B", "C")
    before = everything(store)
    assert alerts.monitor(store, DUE + 151 * MINUTE, batch=2, dry_run=True) == (3, 15)
    assert everything(store) == before


def test_a_timeout_made_shorter_alerts_once_and_a_longer_one_begins_anew(store):
    running(store, "A", timeout=300)
    tasks.set_timeout(store, ["A"], 30, Change(NOW + 100 * MINUTE))
    assert alerts.monitor(store, NOW + 100 * MINUTE) == (1, 1)
    tasks.set_timeout(store, ["A"], 120, Change(NOW + 101 * MINUTE))
    assert alerts.monitor(store, NOW + 120 * MINUTE) == (0, 0)
    assert alerts.monitor(store, NOW + 121 * MINUTE) == (1, 0)


def test_an_alert_goes_to_the_person_who_is_assigned_by_then(store):
    from taskwatch.actions import people

    people.add(store, people.NewUser("dana", id=5), Change(NOW))
    running(store, "A")
    holders.assign(store, ["A"], [Assignment("user", 5, None)], Change(NOW))
    alerts.monitor(store, DUE + MINUTE)
    assert sent_events(store)[0][1] == ["admin.sla.alerts", "user.5.tasks"]
