"""Who stands where at which instant: the numbers, the lists behind them, and how it was before."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskwatch.actions import alerts, standing, tasks, transitions
from taskwatch.actions.change import Change
from taskwatch.actions.tasks import NewTask
from taskwatch.errors import Conflict
from taskwatch.store import open_store
from taskwatch.store.queries import question

NOW = 1_795_435_200_000
SECOND, MINUTE = 1000, 60_000
TIMEOUTS = (1, 2, 7, 30, 31)
LONG_AFTER = NOW + 10**9


def add(store, code, timeout, at=NOW):
    tasks.add(store, [NewTask(code, timeout_minutes=timeout)], Change(at))


def move(store, verb, code, at):
    transitions.transition(store, verb, [code], Change(at))


def running(store, timeouts, at=NOW):
    for timeout in timeouts:
        add(store, f"T{timeout}", timeout, at)
        move(store, "start", f"T{timeout}", at)


def look(store, now, clock_now=None):
    clock_now = now if clock_now is None else clock_now
    return (
        standing.stats(store, now, clock_now),
        standing.at_risk(store, now, clock_now),
        standing.violations(store, now, clock_now),
    )


def test_nothing_is_on_time_altogether(store):
    assert standing.stats(store, NOW, NOW) == {
        "total_in_progress": 0, "on_time": 0, "at_risk": 0, "exceeded": 0, "compliance_rate": 100.0,
        "untracked": 0, "on_hold": 0, "breach_free_rate": 100.0,
    }  # fmt: skip
    assert list(standing.stats(store, NOW, NOW))[:5] == [
        "total_in_progress", "on_time", "at_risk", "exceeded", "compliance_rate"
    ]  # fmt: skip


@pytest.mark.parametrize("clock_now", [None, LONG_AFTER], ids=["from the columns", "from the ledger"])
def test_the_numbers_agree_with_the_lists_at_every_second_around_each_boundary(store, clock_now):
    running(store, TIMEOUTS)
    seconds = {int(t * 60 * share) + near for t in TIMEOUTS for share in (0.8, 1) for near in range(-3, 4)}
    for second in sorted(seconds):
        for now in (NOW + second * SECOND, NOW + second * SECOND + 999):
            stats, at_risk, violations = look(store, now, clock_now)
            assert stats["on_time"] + stats["at_risk"] + stats["exceeded"] == stats["total_in_progress"] == 5
            expected = [t for t in TIMEOUTS if second <= t * 60 and (t * 60 - second) * 5 < t * 60]
            assert [row["timeout_minutes"] for row in at_risk] == expected
            assert len(at_risk) == stats["at_risk"]
            late = [f"T{t}" for t in TIMEOUTS if second > t * 60]
            assert [row["task_code"] for row in violations] == late
            assert stats["exceeded"] == len(late)


def test_a_row_at_risk_has_the_keys_and_numbers_of_the_payload(store):
    running(store, [30])
    [row] = standing.at_risk(store, NOW + 25 * MINUTE, NOW + 25 * MINUTE)
    assert list(row)[:7] == [
        "task_id", "task_code", "task_name", "workflow_type", "remaining_minutes", "timeout_minutes",
        "risk_level",
    ]  # fmt: skip
    assert (row["remaining_minutes"], row["remaining_seconds"], row["remaining_percent"]) == (5, 300, 16.67)
    assert (row["risk_level"], row["due_at"], row["started_at"]) == (
        "high", "2026-11-23T12:30:00Z", "2026-11-23T12:00:00Z"
    )  # fmt: skip


def test_a_violation_floors_its_minutes_and_takes_the_level_from_them(store):
    running(store, [30])
    now = NOW + 30 * MINUTE + 60 * MINUTE + 59 * SECOND
    [row] = standing.violations(store, now, now)
    assert (row["exceeded_by"], row["exceeded_by_minutes"], row["exceeded_by_seconds"]) == (60, 60, 3659)
    assert (row["alert_level"], row["alerts"], row["claimed_by"]) == ("medium", 0, None)


@pytest.mark.parametrize("clock_now", [None, LONG_AFTER])
@pytest.mark.parametrize("threshold", [1, 10, 20, 50, 99, 100])
def test_a_threshold_widens_or_narrows_the_list(store, threshold, clock_now):
    running(store, TIMEOUTS)
    for second in (0, 1, 30, 48, 49, 59, 60, 61, 120, 200, 1799, 1860, 1861):
        now = NOW + second * SECOND
        wide = [t for t in TIMEOUTS if (t * 60 - second) * 100 < threshold * t * 60]
        for include, expected in ((True, wide), (False, [t for t in wide if second <= t * 60])):
            found = standing.at_risk(
                store, now, clock_now or now, threshold=threshold, include_exceeded=include
            )
            assert [row["timeout_minutes"] for row in found] == expected


def test_tasks_without_timeout_and_on_hold_stand_beside_the_total(store):
    add(store, "FREE", None)
    move(store, "start", "FREE", NOW)
    running(store, [30])
    add(store, "HELD", 30)
    move(store, "hold", "HELD", NOW)
    now = NOW + MINUTE
    for clock_now in (now, LONG_AFTER):
        found = standing.stats(store, now, clock_now)
        assert (found["total_in_progress"], found["untracked"], found["on_hold"]) == (1, 1, 1)


def test_the_survey_is_the_statistics_and_the_violations(store):
    running(store, TIMEOUTS)
    now = NOW + 5 * MINUTE
    stats, _, violations = look(store, now)
    assert standing.survey(store, now, now) == (stats, violations)
    assert stats["compliance_rate"] == 60.0


def test_an_earlier_instant_is_judged_by_the_timeout_of_then(store):
    running(store, [30])
    now = NOW + 40 * MINUTE
    before = look(store, now)
    tasks.set_timeout(store, ["T30"], 60, Change(now + MINUTE))
    assert before[0]["exceeded"] == 1
    assert look(store, now, LONG_AFTER) == before
    assert look(store, now + MINUTE, LONG_AFTER)[0]["on_time"] == 1


OPERATIONS = (
    "start",
    "complete",
    "hold",
    "resume",
    "fail",
    "retry",
    "reopen",
    "skip",
    "set-timeout",
    "monitor",
)


def do(store, operation, code, at):
    if operation == "set-timeout":
        tasks.set_timeout(store, [code], 1 + at // SECOND % 4, Change(at))
    elif operation == "monitor":
        alerts.monitor(store, at)
    else:
        move(store, operation, code, at)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(OPERATIONS), st.sampled_from("ABC"), st.integers(1, 400)),
        min_size=1,
        max_size=25,
    )
)
def test_how_it_was_is_how_it_looked_then(tmp_path_factory, operations):
    store = open_store(str(tmp_path_factory.mktemp("past") / "record.db"))
    for code, timeout in (("A", 2), ("B", 5), ("C", None)):
        add(store, code, timeout)
    at, seen = NOW, []
    for operation, code, pause in operations:
        at += pause * SECOND
        try:
            do(store, operation, code, at)
        except Conflict:
            continue
        seen.append((at, look(store, at)))
    for instant, then in seen:
        assert look(store, instant, LONG_AFTER * 2) == then
    store.close()


@pytest.mark.parametrize("fresh", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("sla.at_risk", "tasks_at_risk"),
        ("sla.due_before", "tasks_due"),
        ("sla.below_share", "tasks_due"),
        ("sla.alerts_due", "tasks_next_alert"),
    ],
)
def test_a_hot_question_searches_its_index(store, name, index):
    assert any(f"SEARCH t USING INDEX {index} (" in step for step in plan(store, name))


@pytest.mark.parametrize("fresh", ["sqlite"], indirect=True)
def test_the_next_alert_is_one_step_in_its_index(store):
    [step] = plan(store, "sla.next_alert")
    assert step.startswith("SEARCH tasks USING COVERING INDEX tasks_next_alert ")


@pytest.mark.parametrize("fresh", ["sqlite"], indirect=True)
def test_counting_reads_nothing_but_indexes(store):
    steps = [step for step in plan(store, "sla.counts") if "tasks" in step]
    found = [step.partition("INDEX ")[2].partition(" ")[0] for step in steps]
    assert found == ["tasks_due", "tasks_at_risk", "tasks_due", "tasks_untracked", "tasks_by_status"]


def plan(store, name):
    class Values(dict):
        def __missing__(self, key):
            return NOW

    rows = store.connection.execute(f"EXPLAIN QUERY PLAN {question(name)}", Values())
    return [row[3] for row in rows]
