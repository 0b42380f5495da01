"""The event log: filters, cursors, and the cases in which a reader is told to begin anew."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskwatch.actions import transitions, workflows
from taskwatch.actions.change import Change
from taskwatch.actions.events import Filter, facts, facts_between, following, newest, place, position
from taskwatch.actions.journal import record
from taskwatch.errors import Conflict, InvalidInput
from taskwatch.model import definition, event

NOW = 1_795_435_200_000
BC, _ = definition.check(
    {
        "workflow": {"code": "bc", "name": "Order", "subject": "Order"},
        "task": [
            {"code": "REVIEW", "name": "Review", "timeout": 30, "assign": ["role:adv"]},
            {"code": "DELIVER", "name": "Deliver", "after": ["REVIEW"]},
        ],
    }
)


@pytest.fixture
def store(fresh):
    store = fresh()
    workflows.define(store, BC, Change(NOW))
    for minute, subject in enumerate(("114", "115", "A1", "a1", "1145")):
        workflows.start(store, "bc", "Order", subject, Change(NOW + minute * 60_000))
    transitions.transition(store, "complete", ["REVIEW_BC114"], Change(NOW + 600_000))
    return store


def seqs(page):
    return [found["seq"] for found in page.events]


def everything(store):
    return newest(store, Filter(), 10_000).events


def test_the_newest_come_oldest_first(store):
    log = everything(store)
    assert [found["seq"] for found in log] == list(range(1, len(log) + 1))
    assert newest(store, Filter(), 3).events == log[-3:]


def test_an_event_has_its_cursor_payload_topics_and_sentence(store):
    found = newest(store, Filter(kinds=("task.status.changed",), topics=("task.1",)), 10).events[-1]
    epoch, _, seq = found["id"].rpartition("-")
    assert (len(epoch), seq) == (8, str(found["seq"]))
    assert found["data"]["new_status"] == "completed"
    assert "workflow.bc.114" in found["topics"]
    assert found["at"] == "2026-11-23T12:10:00Z"
    assert found["sentence"] == "REVIEW_BC114: ready -> completed"


def test_kinds_add_up(store):
    wanted = ("workflow.started", "type.defined")
    found = newest(store, Filter(kinds=wanted), 100).events
    assert {shape["kind"] for shape in found} == set(wanted)
    assert len(found) == 6


@pytest.mark.parametrize(
    ("topic", "matches"),
    [
        ("workflow.bc.114", {"workflow.bc.114"}),
        ("workflow.bc.a1", {"workflow.bc.a1"}),
        ("workflow.bc.114*", {"workflow.bc.114", "workflow.bc.1145"}),
        ("workflow.bc.*", {f"workflow.bc.{subject}" for subject in ("114", "115", "A1", "a1", "1145")}),
        ("workflow.bc.11", set()),
        ("workflow_bc.*", set()),
    ],
)
def test_a_topic_is_exact_and_a_pattern_is_a_beginning(store, topic, matches):
    found = newest(store, Filter(topics=(topic,)), 1000).events
    assert {name for shape in found for name in shape["topics"] if name.startswith("workflow.")} == matches


def test_topics_add_up_and_an_event_of_two_comes_once(store):
    found = newest(store, Filter(topics=("workflow.bc.114", "workflow.bc.A*", "task.1")), 1000).events
    assert {name for shape in found for name in shape["topics"] if name.startswith("workflow.")} == {
        "workflow.bc.114", "workflow.bc.A1",
    }  # fmt: skip
    assert len({shape["seq"] for shape in found}) == len(found)


def test_since_counts_its_own_instant(store):
    found = newest(store, Filter(since=NOW + 600_000), 100).events
    assert found
    assert {shape["at"] for shape in found} == {"2026-11-23T12:10:00Z"}


@pytest.mark.parametrize(
    "wanted",
    [Filter(kinds=("task.status.change",)), Filter(topics=("",)), Filter(topics=("a b",)),
     Filter(topics=("task.1", "a*b")), Filter(topics=("a%\x1b[31m",))],
)  # fmt: skip
def test_what_cannot_be_filtered_by_is_refused(store, wanted):
    with pytest.raises(InvalidInput):
        newest(store, wanted, 10)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(limit=st.integers(1, 7), after=st.integers(0, 20), kinds=st.sampled_from([(), ("workflow.started",)]))
def test_reading_page_by_page_gives_all_that_follows_once(store, limit, after, kinds):
    wanted = Filter(kinds=kinds)
    cursor, read = str(after), []
    while (page := following(store, wanted, cursor, limit)).events:
        read += page.events
        cursor = page.cursor
    assert read == [shape for shape in newest(store, wanted, 1000).events if shape["seq"] > after]
    assert page.cursor == everything(store)[-1]["id"]


def test_a_cursor_passes_what_the_filter_left_out(store):
    page = following(store, Filter(topics=("workflow.bc.nobody",)), "0", 10)
    assert (page.events, page.cursor) == ([], everything(store)[-1]["id"])


def test_the_id_of_an_event_and_its_seq_are_the_same_cursor(store):
    third = everything(store)[2]
    assert seqs(following(store, Filter(), third["id"], 2)) == [4, 5]
    assert seqs(following(store, Filter(), "3", 2)) == [4, 5]


@pytest.mark.parametrize("cursor", ["", "-", "x", "abc-", "1.5", "²", "9" * 40, "\x1b[31m"])
def test_what_is_no_cursor_is_refused(store, cursor):
    with pytest.raises(InvalidInput):
        following(store, Filter(), cursor, 10)


@pytest.mark.parametrize("cursor", ["0badc0de-3", "999", "x-y-3"])
def test_a_foreign_cursor_or_one_ahead_of_the_log_is_reset(store, cursor):
    with pytest.raises(Conflict, match="reset: the cursor") as caught:
        following(store, Filter(), cursor, 10)
    assert caught.value.details == {"reset": True, "cursor": everything(store)[-1]["id"]}


def test_a_cursor_into_the_pruned_part_is_reset_and_one_behind_it_is_not(store):
    with store.write() as tx:
        tx.run("events.prune", before=NOW + 1, after=0, until=4)
        tx.run("events.note_pruned", seq=4)
    with pytest.raises(Conflict, match="pruned"):
        following(store, Filter(), "3", 10)
    assert seqs(following(store, Filter(), "4", 2)) == [5, 6]


def test_the_facts_are_the_log_as_it_is_kept(store):
    log, (epoch, last) = everything(store), position(store)
    assert f"{epoch}-{last}" == log[-1]["id"]
    rows = facts(store, 0, 1000)
    assert [(row.seq, row.kind, row.topics.split(), json.loads(row.payload)) for row in rows] == [
        (shape["seq"], shape["kind"], shape["topics"], shape["data"]) for shape in log
    ]
    assert facts(store, 2, 2) == rows[2:4]
    assert facts_between(store, 2, 5, 1000) == rows[2:5]


def test_the_place_of_a_cursor_is_its_seq_or_a_reset(store):
    assert place(store, everything(store)[2]["id"]) == 3
    with pytest.raises(Conflict, match="reset"):
        place(store, "0badc0de-3")


def test_every_kind_has_a_suggestion_for_its_misspelling(store):
    for kind in event.KINDS:
        with pytest.raises(InvalidInput) as caught:
            newest(store, Filter(kinds=(f"{kind}x",)), 1)
        assert kind in caught.value.hint


def test_a_payload_from_elsewhere_that_lacks_its_keys_is_told_by_its_kind(store):
    with store.write() as tx:
        record(tx, event.Event("task.claimed", NOW, {"nonsense": 1}, ()))
    assert newest(store, Filter(), 1).events[0]["sentence"] == "task.claimed"
