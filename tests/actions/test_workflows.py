"""Types in versions, and runs of them."""

import json
import os
import tomllib

import pytest

from taskwatch.actions import definitions, people, progress, transitions, workflows
from taskwatch.errors import Conflict, InvalidInput, NotFound
from taskwatch.model import definition

EXAMPLE = os.path.join(os.path.dirname(__file__), "..", "data", "bc.toml")
CODES = ["ADV_REVIEW_BC114", "CONVERT_TO_BL_BC114", "DELIVER_BC114"]


def bc(**changes):
    """The example type, with changes to its first task."""
    with open(EXAMPLE, "rb") as file:
        data = tomllib.load(file)
    data["task"][0].update(changes)
    return checked(data)


def checked(data):
    workflow_type, problems = definition.check(data)
    assert problems == []
    return workflow_type


def everything(store):
    """All that is recorded, to see that nothing changed."""
    tables = ("workflow_types", "workflows", "tasks", "events", "dependencies", "assignments", "idempotency")
    return {table: store.connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}


def kinds(store):
    return [row[0] for row in store.connection.execute("SELECT kind FROM events ORDER BY seq")]


@pytest.fixture
def house(store, clock):
    workflows.define(store, bc(), clock.change())
    return store


def test_a_definition_gets_a_version_only_when_it_says_something_new(store, clock):
    first = workflows.define(store, bc(), clock.change())
    again = workflows.define(store, bc(), clock.change())
    changed = workflows.define(store, bc(timeout=45), clock.change())
    assert first == {"code": "bc", "version": 1, "created": True}
    assert again == {"code": "bc", "version": 1, "created": False}
    assert changed == {"code": "bc", "version": 2, "created": True}
    assert kinds(store) == ["type.defined", "type.defined"]


def test_a_definition_can_return_to_what_it_was(house, clock):
    workflows.define(house, bc(timeout=45), clock.change())
    assert workflows.define(house, bc(), clock.change())["version"] == 3


def test_a_definition_sent_twice_with_one_key_is_defined_once(house, clock):
    change = clock.change()._replace(key="k")
    workflows.define(house, bc(timeout=45), change)
    workflows.define(house, bc(), clock.change())
    assert workflows.define(house, bc(timeout=45), change)["version"] == 2
    assert definitions.definition(house, "bc")["version"] == 3


def test_a_running_workflow_keeps_the_version_it_began_with(house, clock):
    workflows.start(house, "bc", "Order", "114", clock.change())
    workflows.define(house, bc(timeout=45, name="Look at it"), clock.change())
    workflows.start(house, "bc", "Order", "115", clock.change())
    old, new = (progress.progress(house, ref, clock.now) for ref in ("bc.114", "bc.115"))
    assert (old["version"], new["version"]) == (1, 2)
    assert [run["nodes"][0]["data"]["timeout_minutes"] for run in (old, new)] == [30, 45]
    assert definitions.definition(house, "bc", 1)["templates"][0]["name"] == "ADV Review"
    assert definitions.definition(house, "bc")["templates"][0]["name"] == "Look at it"


def test_starting_makes_all_tasks_and_readies_the_roots(house, clock):
    started = workflows.start(house, "bc", "Order", "114", clock.change())
    assert started == {
        "id": 1,
        "type": "bc",
        "version": 1,
        "taskable_type": "Order",
        "taskable_id": 114,
        "status": "active",
        "tasks": CODES,
        "became_ready": CODES[:1],
    }


def test_the_same_subject_twice_is_a_conflict_unless_the_first_is_finished(house, clock):
    workflows.start(house, "bc", "Order", "114", clock.change())
    before = everything(house)
    with pytest.raises(Conflict, match="bc Order 114 is active already, as workflow 1"):
        workflows.start(house, "bc", "Order", "114", clock.change())
    assert everything(house) == before
    for code in CODES:
        transitions.transition(house, "complete", [code], clock.change())
    assert workflows.start(house, "bc", "Order", "114", clock.change())["id"] == 2


def test_a_cancelled_subject_may_start_again(house, clock):
    workflows.start(house, "bc", "Order", "114", clock.change())
    transitions.transition(house, "complete", CODES[:1], clock.change())
    cancelled = workflows.cancel(house, "bc.114", clock.change(reason="duplicate"))
    assert cancelled["cancelled"] == CODES[1:]
    assert cancelled["status"] == "cancelled"
    with pytest.raises(Conflict, match="is cancelled"):
        workflows.cancel(house, "1", clock.change())
    assert workflows.start(house, "bc", "Order", "114", clock.change())["id"] == 2


def test_cancelling_twice_with_one_key_gives_the_same_answer(house, clock):
    workflows.start(house, "bc", "Order", "114", clock.change())
    change = clock.change()._replace(key="k")
    assert workflows.cancel(house, "1", change) == workflows.cancel(house, "1", change)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("bd", "Order", "114"), NotFound, "no workflow type 'bd'"),
        (("bc", "Invoice", "114"), InvalidInput, "bc is about Order, not Invoice"),
        (("bc", "Order\x1b[2J", "114"), InvalidInput, "cannot be"),
        (("bc", "Order", "1/4"), InvalidInput, "cannot be"),
        (("bc", "Order", ""), InvalidInput, "cannot be"),
        (("bc", "Order", "9" * 65), InvalidInput, "cannot be"),
    ],
)
def test_what_cannot_be_started_changes_nothing(house, clock, arguments, error, words):
    before = everything(house)
    with pytest.raises(error, match=words):
        workflows.start(house, *arguments, clock.change())
    assert everything(house) == before


def test_a_type_assigned_to_nobody_known_cannot_start(store, clock):
    workflows.define(store, bc(assign=["user:5"]), clock.change())
    before = everything(store)
    with pytest.raises(NotFound, match="no user 5"):
        workflows.start(store, "bc", "Order", "114", clock.change())
    assert everything(store) == before
    people.add(store, people.NewUser("dana", id=5), clock.change())
    workflows.start(store, "bc", "Order", "114", clock.change())


def test_an_unknown_type_comes_with_a_suggestion(house):
    with pytest.raises(NotFound) as caught:
        definitions.definition(house, "bcc")
    assert caught.value.hint == "did you mean bc?"


def test_a_dry_run_answers_and_changes_nothing(house, clock):
    before = everything(house)
    change = clock.change()._replace(dry_run=True)
    assert workflows.define(house, bc(timeout=1), change)["created"]
    assert workflows.start(house, "bc", "Order", "114", change)["tasks"] == CODES
    assert everything(house) == before


def test_types_are_listed_in_their_newest_version_with_their_active_runs(house, clock):
    workflows.start(house, "bc", "Order", "114", clock.change())
    workflows.define(house, bc(timeout=45), clock.change())
    workflows.start(house, "bc", "Order", "115", clock.change())
    workflows.cancel(house, "bc.115", clock.change())
    row = {"code": "bc", "version": 2, "subject_type": "Order", "tasks": 3, "active": 1}
    assert [{key: each[key] for key in row} for each in definitions.types(house)] == [row]


def test_a_hostile_name_stays_text_in_the_kept_definition(store, clock):
    name = "\u202e<script>'; DROP TABLE tasks; --"
    workflows.define(store, bc(name=name), clock.change())
    workflows.start(store, "bc", "Order", "114", clock.change())
    assert definitions.definition(store, "bc")["templates"][0]["name"] == name
    payloads = store.connection.execute("SELECT payload FROM events WHERE kind = 'task.created'").fetchall()
    assert json.loads(payloads[0][0])["task_name"] == name
