import tomllib

import pytest

from taskwatch.actions import runs, transitions, workflows
from taskwatch.actions.progress import RunFilters
from taskwatch.errors import InvalidInput, NotFound
from taskwatch.model import definition

MINUTE = 60_000
TOML = """
[workflow]
code = "{code}"
name = "Example"

[[task]]
code = "A"
name = "A"
timeout = 10

[[task]]
code = "B"
name = "B"
after = ["A"]
"""


@pytest.fixture
def start(store, clock):
    for code in ("bc", "hr"):
        wanted, problems = definition.check(tomllib.loads(TOML.format(code=code)))
        assert problems == []
        workflows.define(store, wanted, clock.change())

    def begin(code, subject, taskable_type="Order"):
        return workflows.start(store, code, taskable_type, subject, clock.change())["id"]

    return begin


def found(store, clock, limit=None, **filters):
    listed = runs.find(store, RunFilters(**filters), clock.now, limit)
    return [run["id"] for run in listed.items], listed.total


def test_filters_add_up_and_the_total_counts_beyond_the_limit(store, clock, start):
    first, second, third = start("bc", "114"), start("bc", "214"), start("hr", "X-14")
    assert found(store, clock) == ([third, second, first], 3)
    assert found(store, clock, limit=1) == ([third], 3)
    assert found(store, clock, limit=1, type="bc") == ([second], 2)
    assert found(store, clock, text="x-1") == ([third], 1)
    assert found(store, clock, text="14", type="bc", status="active") == ([second, first], 2)
    assert found(store, clock, status="completed") == ([], 0)


def test_a_percent_sign_in_the_search_means_itself(store, clock, start):
    start("bc", "114")
    assert found(store, clock, text="%") == found(store, clock, text="1_4") == ([], 0)


def test_late_runs_have_a_task_that_is_late_now(store, clock, start):
    start("bc", "1")
    late = start("bc", "2")
    transitions.transition(store, "start", ["A_BC2"], clock.change())
    clock.now += 10 * MINUTE
    assert found(store, clock, late=True) == ([], 0)
    clock.now += 1000
    assert found(store, clock, late=True) == ([late], 1)


def test_only_types_that_may_be_seen_are_found_and_offered(store, clock, start):
    start("bc", "1")
    own = start("hr", "1")
    listed = runs.find(store, RunFilters(types=frozenset({"hr"})), clock.now)
    assert ([run["id"] for run in listed.items], listed.total, listed.types) == ([own], 1, ["hr"])
    assert runs.find(store, RunFilters(), clock.now).types == ["bc", "hr"]


def test_an_unknown_type_or_status_is_refused(store, clock, start):
    with pytest.raises(NotFound, match="xy"):
        runs.find(store, RunFilters(type="xy"), clock.now)
    with pytest.raises(InvalidInput, match="activ"):
        runs.find(store, RunFilters(status="activ"), clock.now)


def test_a_subject_shows_its_active_run_else_the_newest_or_the_one_named(store, clock, start):
    old = start("bc", "1")
    workflows.cancel(store, str(old), clock.change())
    assert runs.view(store, "bc", "1", None, clock.now).progress["id"] == old
    new = start("bc", "1")
    view = runs.view(store, "bc", "1", None, clock.now)
    assert (view.progress["id"], [run.id for run in view.siblings]) == (new, [new, old])
    assert runs.view(store, "bc", "1", old, clock.now).progress["id"] == old


def test_two_kinds_of_subject_with_one_id_are_siblings(store, clock, start):
    order, invoice = start("bc", "1"), start("bc", "1", "Invoice")
    view = runs.view(store, "bc", "1", None, clock.now)
    assert (view.progress["id"], [run.id for run in view.siblings]) == (invoice, [invoice, order])


@pytest.mark.parametrize("wanted", [("bc", "2", None), ("hr", "1", None), ("bc", "1", 99)])
def test_what_was_never_started_is_not_found(store, clock, start, wanted):
    start("bc", "1")
    with pytest.raises(NotFound, match="no workflow"):
        runs.view(store, *wanted, clock.now)
