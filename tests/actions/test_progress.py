"""How far a workflow is, and where its boxes stand."""

import pytest

from taskwatch.actions import progress, tasks, transitions, workflows
from taskwatch.errors import InvalidInput, NotFound
from taskwatch.model import definition, drawing
from taskwatch.model.layout import COLUMN_WIDTH, ROW_HEIGHT
from taskwatch.model.task import STATUSES


def keep(store, clock, code="t", **after):
    """A type of tasks, each with the codes it comes after, and thirty minutes."""
    rows = [{"code": each, "name": each, "after": befores, "timeout": 30} for each, befores in after.items()]
    workflow_type, problems = definition.check({"workflow": {"code": code, "name": "T"}, "task": rows})
    assert problems == []
    workflows.define(store, workflow_type, clock.change())


@pytest.fixture
def diamond(store, clock):
    """A before B and C, both before D; as workflow 1."""
    keep(store, clock, A=[], B=["A"], C=["A"], D=["B", "C"])
    workflows.start(store, "t", "Order", "7", clock.change())
    return store


def move(store, clock, verb, *codes):
    return transitions.transition(store, verb, [f"{code}_T7" for code in codes], clock.change())


def test_nodes_stand_in_layers_and_edges_lead_from_source_to_target(diamond, clock):
    found = progress.progress(diamond, "t.7", clock.now)
    places = {node["data"]["code"][0]: node["position"] for node in found["nodes"]}
    assert places == {
        "A": {"x": 0, "y": 0},
        "B": {"x": COLUMN_WIDTH, "y": 0},
        "C": {"x": COLUMN_WIDTH, "y": ROW_HEIGHT},
        "D": {"x": 2 * COLUMN_WIDTH, "y": 0},
    }
    assert [(node["id"], node["type"]) for node in found["nodes"]] == [(str(n), "task") for n in (1, 2, 3, 4)]
    assert {(edge["source"], edge["target"]) for edge in found["edges"]} == {
        ("1", "2"), ("1", "3"), ("2", "4"), ("3", "4"),
    }  # fmt: skip
    assert len({edge["id"] for edge in found["edges"]}) == 4


def test_the_percentage_counts_completed_and_skipped_and_is_rounded_down(store, clock):
    keep(store, clock, A=[], B=[], C=[])
    workflows.start(store, "t", "Order", "7", clock.change())
    seen = [progress.progress(store, "1", clock.now)["progress_percentage"]]
    for verb, code in (("complete", "A"), ("skip", "B"), ("complete", "C")):
        move(store, clock, verb, code)
        seen.append(progress.progress(store, "1", clock.now)["progress_percentage"])
    assert seen == [0, 33, 66, 100]
    assert progress.progress(store, "1", clock.now)["status"] == "completed"


def test_a_failed_task_counts_as_not_done_and_blocks_what_comes_after(diamond, clock):
    move(diamond, clock, "complete", "A")
    move(diamond, clock, "fail", "B")
    found = progress.progress(diamond, "1", clock.now)
    assert found["counts"] == {
        **dict.fromkeys(STATUSES, 0), "completed": 1, "failed": 1, "ready": 1, "pending": 1,
    }  # fmt: skip
    assert found["progress_percentage"] == 25
    assert found["nodes"][3]["data"]["blocked_by"] == ["B_T7"]


def test_a_box_tells_its_risk_at_the_instant_that_was_asked_for(diamond, clock):
    move(diamond, clock, "start", "A")
    at = {minutes: clock.now + minutes * 60_000 for minutes in (0, 25, 31)}
    seen = [progress.progress(diamond, "1", now)["nodes"][0]["data"]["risk_level"] for now in at.values()]
    assert seen == ["low", "high", "exceeded"]
    assert progress.progress(diamond, "1", clock.now)["nodes"][1]["data"]["risk_level"] is None


def test_only_a_ready_task_can_start(diamond, clock):
    nodes = progress.progress(diamond, "1", clock.now)["nodes"]
    assert [node["data"]["can_start"] for node in nodes] == [True, False, False, False]


def test_an_edge_out_of_the_workflow_is_not_drawn(diamond, clock):
    tasks.add(diamond, [tasks.NewTask("ELSEWHERE")], clock.change())
    tasks.link(diamond, "D_T7", ["ELSEWHERE"], clock.change())
    assert len(progress.progress(diamond, "1", clock.now)["edges"]) == 4


def test_a_subject_has_the_progress_of_its_active_run(diamond, clock):
    workflows.cancel(diamond, "1", clock.change())
    workflows.start(diamond, "t", "Order", "7", clock.change())
    assert progress.subject_progress(diamond, "t", "Order", "7", clock.now)["id"] == 2
    with pytest.raises(NotFound, match="no workflow t of Order 8"):
        progress.subject_progress(diamond, "t", "Order", "8", clock.now)


def test_a_name_leads_to_a_type_and_a_number_or_a_dot_to_a_run(diamond, clock):
    assert progress.shown(diamond, "t", clock.now)["definition"]["code"] == "t"
    assert progress.shown(diamond, "t.7", clock.now)["progress"]["id"] == 1
    assert progress.shown(diamond, "1", clock.now)["progress"]["id"] == 1
    with pytest.raises(InvalidInput, match="has no versions"):
        progress.shown(diamond, "t.7", clock.now, version=1)
    with pytest.raises(NotFound):
        progress.shown(diamond, "t", clock.now, version=9)


def test_runs_are_listed_newest_first_and_by_filters(diamond, clock):
    workflows.start(diamond, "t", "Order", "8", clock.change())
    move(diamond, clock, "start", "A")
    late = clock.now + 31 * 60_000
    rows = progress.runs(diamond, late)
    assert [(row["id"], row["exceeded"], row["tasks"]) for row in rows] == [(2, 0, 4), (1, 1, 4)]
    workflows.cancel(diamond, "2", clock.change())
    assert [row["id"] for row in progress.runs(diamond, late, status="active")] == [1]
    assert [row["id"] for row in progress.runs(diamond, late, type_code="t", limit=1)] == [2]
    with pytest.raises(NotFound):
        progress.runs(diamond, late, type_code="u")
    with pytest.raises(InvalidInput) as caught:
        progress.runs(diamond, late, status="activ")
    assert caught.value.hint == "did you mean active?"


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_a_listed_run_is_late_from_the_same_second_on_as_its_box(diamond, clock, seconds):
    move(diamond, clock, "start", "A")
    now = clock.now + 30 * 60_000 + seconds * 1000
    box = progress.progress(diamond, "1", now)["nodes"][0]["data"]
    assert progress.runs(diamond, now)[0]["exceeded"] == (box["risk_level"] == "exceeded") == (seconds > 0)


def test_a_workflow_of_two_hundred_tasks_is_drawn_without_overlap(store, clock):
    after = {f"T{n}": [f"T{m}" for m in (n - 7, n - 3) if m >= 0] for n in range(200)}
    keep(store, clock, **after)
    started = workflows.start(store, "t", "Order", "7", clock.change())
    assert (len(started["tasks"]), len(started["became_ready"])) == (200, 3)
    found = progress.progress(store, "1", clock.now)
    spots = {(node["position"]["x"], node["position"]["y"]) for node in found["nodes"]}
    assert len(spots) == 200
    assert len(found["edges"]) == sum(map(len, after.values()))
    x = {node["id"]: node["position"]["x"] for node in found["nodes"]}
    assert all(x[edge["source"]] < x[edge["target"]] for edge in found["edges"])


def test_the_nodes_to_draw_have_their_dependencies(diamond):
    nodes = progress.nodes(diamond, "t.7")
    assert [node.after for node in nodes] == [(), (1,), (1,), (2, 3)]
    tree = drawing.text_tree(nodes, lambda node: node.code)
    assert tree == ["A_T7", "├─ B_T7", "│  └─ (see D_T7)", "└─ C_T7", "   └─ D_T7"]
