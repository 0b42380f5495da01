import random
from itertools import combinations
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskwatch.model.drawing import Node
from taskwatch.model.layout import COLUMN_WIDTH, ROW_HEIGHT, positions

Places = dict[int, tuple[int, int]]


def picture(after: dict[int, tuple[int, ...]]) -> list[Node]:
    return [Node(task, f"T{task}", "", "ready", None, befores) for task, befores in after.items()]


def in_the_order_given(nodes: list[Node]) -> Places:
    """The same columns, each with its tasks as they come."""
    heights: dict[int, int] = {}
    places = {}
    for node in nodes:
        x = positions(nodes)[node.id][0]
        places[node.id] = (x, heights.get(x, 0))
        heights[x] = heights.get(x, 0) + ROW_HEIGHT
    return places


def crossings(nodes: list[Node], places: Places) -> int:
    """How many pairs of straight edges cross each other inside."""
    edges = [(places[before], places[node.id]) for node in nodes for before in node.after if before in places]
    return sum(_cross(*one, *other) for one, other in combinations(edges, 2))


def _cross(a, b, c, d) -> bool:
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(a, b, c) -> int:
    turn = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return (turn > 0) - (turn < 0)


@st.composite
def pictures(draw: st.DrawFn) -> list[Node]:
    tasks = draw(st.permutations(range(draw(st.integers(0, 12)))))
    return picture({task: tuple(draw(st.sets(st.integers(-2, task - 1), max_size=3))) for task in tasks})


def random_picture(tasks: int, edges_each: int) -> list[Node]:
    dice = random.Random(7)
    return picture(
        {
            task: tuple(dice.sample(range(max(0, task - 20), task), min(task, edges_each)))
            for task in range(tasks)
        }
    )


@given(pictures())
def test_every_task_has_a_place_of_its_own_on_the_grid(nodes):
    places = positions(nodes)
    assert set(places) == {node.id for node in nodes}
    assert len(set(places.values())) == len(nodes)
    assert all(x % COLUMN_WIDTH == 0 and y % ROW_HEIGHT == 0 for x, y in places.values())


@given(pictures())
def test_every_edge_runs_to_the_right(nodes):
    places = positions(nodes)
    for node in nodes:
        assert all(places[before][0] < places[node.id][0] for before in node.after if before in places)


@given(pictures())
def test_columns_have_no_gaps(nodes):
    places = set(positions(nodes).values())
    assert all((x, y - ROW_HEIGHT) in places for x, y in places if y)
    assert all((x - COLUMN_WIDTH, 0) in places for x, _ in places if x)


def test_a_workflow_reads_from_left_to_right():
    nodes = picture({1: (), 2: (1,), 3: (1,), 4: (2, 3), 5: (1,)})
    assert positions(nodes) == {1: (0, 0), 2: (240, 0), 3: (240, 120), 5: (240, 240), 4: (480, 0)}


@pytest.mark.parametrize(
    "after",
    [
        {1: (), 2: (), 3: (2,), 4: (1,)},
        {1: (), 2: (), 3: (), 4: (3,), 5: (2,), 6: (1,), 7: (4,), 8: (6,), 9: (5,)},
        {1: (), 2: (1,), 3: (1,), 4: (1,), 5: (4,), 6: (3,), 7: (2,), 8: (7, 6), 9: (5,)},
        {1: (), 2: (), 3: (), 4: (), 5: (3, 4), 6: (1, 2), 7: (5,), 8: (6,)},
    ],
)
def test_tangled_trees_are_drawn_without_a_crossing(after):
    nodes = picture(after)
    assert crossings(nodes, in_the_order_given(nodes)) > 0
    assert crossings(nodes, positions(nodes)) == 0


def test_what_cannot_be_untangled_is_left_in_the_order_given():
    nodes = picture({1: (), 2: (), 3: (2, 1), 4: (2, 1)})
    assert positions(nodes) == in_the_order_given(nodes)


def test_an_order_without_a_crossing_is_kept_where_sweeping_would_tangle_it():
    nodes = picture({1: (), 2: (1,), 3: (), 4: (1,), 5: (3,), 6: (5,)})
    assert crossings(nodes, in_the_order_given(nodes)) == 0
    assert positions(nodes) == in_the_order_given(nodes)


@pytest.mark.parametrize("edges_each", [1, 2])
def test_two_hundred_tasks_cross_far_less_than_in_the_order_given(edges_each):
    nodes = random_picture(200, edges_each)
    random.Random(1).shuffle(nodes)
    assert crossings(nodes, positions(nodes)) < 0.7 * crossings(nodes, in_the_order_given(nodes))


def test_the_same_tasks_always_give_the_same_picture():
    nodes = random_picture(50, 2)
    turned = [node._replace(after=node.after[::-1]) for node in nodes]
    assert positions(nodes) == positions(nodes) == positions(turned)


def test_two_hundred_tasks_take_no_noticeable_time():
    nodes = random_picture(200, 2)
    laps = []
    for _ in range(5):
        begun = perf_counter()
        positions(nodes)
        laps.append(perf_counter() - begun)
    assert min(laps) < 0.05


def test_tasks_that_wait_for_each_other_have_no_place():
    with pytest.raises(ValueError, match="cycle"):
        positions(picture({1: (2,), 2: (1,)}))
