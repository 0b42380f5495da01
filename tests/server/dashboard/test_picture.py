import random
import re
from itertools import combinations, pairwise
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskwatch.model.graph import layers
from taskwatch.model.lanes import lay
from taskwatch.model.layout import columns, tangle
from taskwatch.server.dashboard.picture import BOX_HEIGHT, BOX_WIDTH, LANE_GAP, MARGIN, TIP, Picture, draw

Graph = dict[int, tuple[int, ...]]
Point = tuple[float, float]

# A picture is looked at point by point.
FEWER = settings(max_examples=50, deadline=None)


@st.composite
def graphs(draw_from: st.DrawFn) -> Graph:
    tasks = draw_from(st.permutations(range(draw_from(st.integers(0, 14)))))
    return {
        task: tuple(draw_from(st.sets(st.integers(0, task - 1), max_size=4)) if task else ())
        for task in tasks
    }


def random_graph(tasks: int, edges_each: int, reach: int = 20) -> Graph:
    dice = random.Random(7)
    return {
        task: tuple(dice.sample(range(max(0, task - reach), task), min(task, edges_each)))
        for task in range(tasks)
    }


def strokes(path: str) -> list[tuple[Point, ...]]:
    """The straight lines and curves of a path, each from its begin to its end with what lies between."""
    found = []
    here: Point = (0, 0)
    for letter, numbers in re.findall(r"([MHC])([^MHC]*)", path):
        values = [float(number) for number in numbers.split()]
        points = (
            [(values[0], here[1])] if letter == "H" else list(zip(values[::2], values[1::2], strict=True))
        )
        if letter != "M":
            found.append((here, *points))
        here = points[-1]
    return found


def trace(path: str, steps: int = 8) -> list[Point]:
    """Points along a path."""
    return [_at(stroke, step / steps) for stroke in strokes(path) for step in range(steps + 1)]


def _at(stroke: tuple[Point, ...], share: float) -> Point:
    if len(stroke) == 1:
        return stroke[0]
    return tuple(
        (1 - share) * one + share * other
        for one, other in zip(_at(stroke[:-1], share), _at(stroke[1:], share), strict=True)
    )


def crossings(picture: Picture) -> int:
    """How many pairs of different curves in the same gap end in another order than they begin in."""
    curves = {
        (s[0], s[-1]) for arrow in picture.arrows for s in strokes(arrow.path) if _is_in_a_gap(picture, s)
    }
    curves = {
        ((a[0], a[1]), (b[0] + TIP if b[0] + TIP in _lefts(picture) else b[0], b[1])) for a, b in curves
    }
    return sum(
        (a[1] - c[1]) * (b[1] - d[1]) < 0 for (a, b), (c, d) in combinations(curves, 2) if a[0] == c[0]
    )


def _lefts(picture: Picture) -> set[int]:
    return {box.x for box in picture.boxes}


def _is_in_a_gap(picture: Picture, stroke: tuple[Point, ...]) -> bool:
    return stroke[0][0] - BOX_WIDTH in _lefts(picture)


@given(graphs())
@FEWER
def test_every_task_has_one_box_and_no_box_overlaps_another(after):
    picture = draw(after)
    assert sorted(box.task for box in picture.boxes) == sorted(after)
    for one, other in combinations(picture.boxes, 2):
        assert abs(one.x - other.x) >= BOX_WIDTH + TIP or abs(one.y - other.y) >= BOX_HEIGHT + LANE_GAP


@given(graphs())
@FEWER
def test_everything_lies_within_the_margins(after):
    picture = draw(after)
    for box in picture.boxes:
        assert MARGIN <= box.x <= picture.width - MARGIN - BOX_WIDTH
        assert MARGIN <= box.y <= picture.height - MARGIN - BOX_HEIGHT
    for arrow in picture.arrows:
        assert all(0 <= x <= picture.width and 0 <= y <= picture.height for x, y in trace(arrow.path))


@given(graphs())
@FEWER
def test_every_dependency_is_an_arrow_from_the_right_of_one_box_to_the_left_of_the_other(after):
    picture = draw(after)
    boxes = {box.task: box for box in picture.boxes}
    wanted = [(before, task) for task, befores in after.items() for before in befores]
    assert sorted((arrow.source, arrow.target) for arrow in picture.arrows) == sorted(wanted)
    for arrow in picture.arrows:
        source, target, points = boxes[arrow.source], boxes[arrow.target], trace(arrow.path)
        assert points[0] == (source.x + BOX_WIDTH, source.y + BOX_HEIGHT // 2)
        assert points[-1] == (target.x - TIP, target.y + BOX_HEIGHT // 2)


@given(graphs())
@FEWER
def test_no_arrow_runs_behind_a_box(after):
    picture = draw(after)
    for arrow in picture.arrows:
        for x, y in trace(arrow.path):
            assert not any(
                box.x < x < box.x + BOX_WIDTH and box.y < y < box.y + BOX_HEIGHT for box in picture.boxes
            )


@given(graphs())
@FEWER
def test_arrows_never_turn_back(after):
    for arrow in draw(after).arrows:
        xs = [x for x, _ in trace(arrow.path)]
        assert all(one <= other + 1e-6 for one, other in pairwise(xs))


@given(graphs())
@FEWER
def test_arrows_cross_no_more_than_in_the_order_given(after):
    laned = lay(after).after
    in_the_order_given = tangle(layers(laned), laned)
    assert crossings(draw(after)) <= in_the_order_given
    assert tangle(columns(laned), laned) <= in_the_order_given


@pytest.mark.parametrize(
    "after",
    [
        {1: (), 2: (), 3: (2,), 4: (1,)},
        {1: (), 2: (1,), 3: (1,), 4: (1,), 5: (4,), 6: (3,), 7: (2,), 8: (7, 6), 9: (5,)},
        {1: (), 2: (1,), 3: (2,), 4: (3, 1), 5: (), 6: (5,), 7: (6,), 8: (7, 5)},
    ],
)
def test_what_can_be_untangled_is_drawn_without_a_crossing(after):
    laned = lay(after).after
    assert tangle(columns(laned), laned) == 0
    assert crossings(draw(after)) == 0


def test_a_chain_is_a_straight_line():
    picture = draw({1: (), 2: (1,), 3: (2,)})
    assert {box.y for box in picture.boxes} == {MARGIN}
    assert all(re.fullmatch(r"M\d+ \d+H\d+", arrow.path) for arrow in picture.arrows)


def test_a_fork_stands_in_the_middle_of_its_branches():
    y = {box.task: box.y for box in draw({1: (), 2: (1,), 3: (1,), 4: (2, 3)}).boxes}
    assert y[1] == y[4] == (y[2] + y[3]) / 2


def test_boxes_come_column_by_column_from_top_to_bottom():
    boxes = draw(random_graph(40, 2)).boxes
    assert list(boxes) == sorted(boxes, key=lambda box: (box.x, box.y))


def test_arrows_that_follow_from_others_are_left_out_when_there_are_too_many():
    picture = draw({task: tuple(range(task)) for task in range(60)})
    assert [(arrow.source, arrow.target) for arrow in picture.arrows] == [(n, n + 1) for n in range(59)]
    assert picture.implied == 60 * 59 // 2 - 59


def test_the_same_tasks_always_give_the_same_picture():
    assert draw(random_graph(50, 2)) == draw(random_graph(50, 2))


@pytest.mark.parametrize(("edges_each", "reach"), [(1, 200), (2, 20), (3, 20), (2, 200), (199, 200)])
def test_two_hundred_tasks_take_less_than_a_tenth_of_a_second(edges_each, reach):
    after = random_graph(200, edges_each, reach)
    laps = []
    for _ in range(5):
        begun = process_time()
        draw(after)
        laps.append(process_time() - begun)
    assert min(laps) < 0.1


def test_no_tasks_make_an_empty_picture():
    picture = draw({})
    assert (picture.boxes, picture.arrows) == ((), ())


def test_tasks_that_wait_for_each_other_cannot_be_drawn():
    with pytest.raises(ValueError, match="cycle"):
        draw({1: (2,), 2: (1,)})
