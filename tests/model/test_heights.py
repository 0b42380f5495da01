from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from taskwatch.model.heights import heights

COLUMNS = st.lists(st.lists(st.integers(1, 5), max_size=6), min_size=1, max_size=5)


def apart(upper, lower):
    return upper[2] * 5 + lower[2] * 5


@given(COLUMNS, st.data())
def test_what_stands_in_a_column_keeps_its_order_and_its_distance(sizes, data):
    columns = [[(x, y, size) for y, size in enumerate(column)] for x, column in enumerate(sizes)]
    after = {node: [] for column in columns for node in column}
    for left, right in pairwise(columns):
        for node in right if left else ():
            after[node] = data.draw(st.lists(st.sampled_from(left), unique=True))
    places = heights(columns, after, apart, lambda one, other: one[2] + other[2])
    assert min(places.values(), default=0) == 0
    for column in columns:
        assert all(places[lower] - places[upper] >= apart(upper, lower) for upper, lower in pairwise(column))


def test_a_node_stands_in_the_middle_of_its_neighbours():
    places = heights([["a"], ["b", "c"]], {"a": [], "b": ["a"], "c": ["a"]}, lambda *_: 10, lambda *_: 1)
    assert places == {"a": 5, "b": 0, "c": 10}


def test_a_node_stands_nearer_to_what_pulls_more():
    columns = [["a"], ["b", "c"]]
    places = heights(
        columns, {"a": [], "b": ["a"], "c": ["a"]}, lambda *_: 10, lambda *both: 9 if "b" in both else 1
    )
    assert places["a"] - places["b"] < places["c"] - places["a"]


def test_nothing_has_no_height():
    assert heights([], {}, apart, lambda *_: 1) == {}
