"""The report reads what the transitions left: every finished cycle of the time asked for."""

from datetime import UTC

import pytest

from taskwatch.actions import people, tasks, transitions
from taskwatch.actions.change import Change
from taskwatch.actions.report import report
from taskwatch.actions.tasks import NewTask
from taskwatch.errors import InvalidInput
from taskwatch.model.assignment import Assignment

NOW = 1_795_435_200_000
MINUTE = 60_000
LATER = NOW + 1000 * MINUTE


@pytest.fixture
def store(fresh):
    store = fresh()
    people.add(store, people.NewUser("dana", id=5), Change(NOW))
    dana, crew = Assignment("user", 5, None), Assignment("role", None, "crew")
    wanted = [
        NewTask("A", "Pack", timeout_minutes=30, assignments=(dana, crew)),
        NewTask("B", "Pack", timeout_minutes=30),
        NewTask("C", "Send", timeout_minutes=30),
        NewTask("D", "Send"),
        NewTask("E", "Send", timeout_minutes=30),
    ]
    tasks.add(store, wanted, Change(NOW))
    return store


def move(store, verb, minutes, *codes):
    transitions.transition(store, verb, list(codes), Change(NOW + minutes * MINUTE))


def lines(store, by="activity", since=None, until=LATER):
    found = report(store, by, UTC, since=since, until=until)
    return {line["group"]: line for line in found["groups"]}, found["total"]


def test_what_was_done_is_counted_by_activity(store):
    move(store, "start", 0, "A", "B", "C", "D")
    move(store, "complete", 30, "A")
    move(store, "complete", 45, "B", "D")
    move(store, "skip", 50, "C")
    move(store, "complete", 60, "E")
    found, total = lines(store)
    pack, send = found["Pack"], found["Send"]
    assert (pack["met"], pack["missed"], pack["rate"]) == (1, 1, 50.0)
    assert (pack["p50_seconds"], pack["p90_seconds"]) == (1800, 2700)
    assert (send["met"], send["untracked"], send["skipped"], send["p50_seconds"]) == (1, 1, 1, 2700)
    assert (total["cycles"], total["met"], total["rate"]) == (5, 2, 66.67)


def test_a_reopened_task_counts_once_per_cycle(store):
    move(store, "start", 0, "A")
    move(store, "complete", 60, "A")
    move(store, "reopen", 70, "A")
    move(store, "start", 70, "A")
    move(store, "complete", 80, "A")
    found, _ = lines(store)
    assert (found["Pack"]["met"], found["Pack"]["missed"], found["Pack"]["reopen_rate"]) == (1, 1, 50.0)


def test_only_what_ended_from_since_to_before_until_is_in_it(store):
    for code, minutes in (("A", 10), ("B", 20), ("C", 30)):
        move(store, "complete", minutes, code)
    _, total = lines(store, since=NOW + 20 * MINUTE, until=NOW + 30 * MINUTE)
    assert total["cycles"] == 1


def test_cycles_are_grouped_by_who_had_them(store):
    move(store, "complete", 10, "A", "B")
    assert {group: line["cycles"] for group, line in lines(store, "assignee")[0].items()} == {
        "dana": 1, None: 1
    }  # fmt: skip
    assert set(lines(store, "role")[0]) == {"crew", None}
    assert set(lines(store, "day")[0]) == {"2026-11-23"}
    assert set(lines(store, "workflow")[0]) == {None}


def test_an_unknown_grouping_or_a_turned_span_is_refused(store):
    with pytest.raises(InvalidInput, match="cannot be by colour"):
        lines(store, "colour")
    with pytest.raises(InvalidInput, match="is after"):
        lines(store, since=LATER + 1)
