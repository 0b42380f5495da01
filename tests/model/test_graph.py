from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskwatch.model.graph import (
    closes_cycle,
    dependents,
    find_cycle,
    heaviest_path,
    layers,
    predecessors,
    spell_path,
    topological,
)

Graph = dict[int, set[int]]


@st.composite
def digraphs(draw: st.DrawFn) -> Graph:
    """Any graph of up to nine nodes in any order, with self edges and edges to nodes that are not there."""
    nodes = draw(st.permutations(range(draw(st.integers(0, 9)))))
    return {node: draw(st.sets(st.integers(0, 10), max_size=3)) for node in nodes}


@st.composite
def dags(draw: st.DrawFn) -> Graph:
    """A graph without a cycle whose insertion order says nothing about its direction."""
    nodes = draw(st.permutations(range(draw(st.integers(1, 9)))))
    after = {
        node: draw(st.sets(st.sampled_from(range(node)), max_size=3)) if node else set() for node in nodes
    }
    return {node: before | {99} for node, before in after.items()}


def has_cycle(after: Graph) -> bool:
    """By taking away whatever waits for nothing until no more can be taken."""
    left = set(after)
    while free := {node for node in left if not after[node] & left}:
        left -= free
    return bool(left)


def longest_path(after: Graph, node: int) -> int:
    return max((longest_path(after, before) + 1 for before in after[node] if before in after), default=0)


def chain(length: int) -> dict[int, list[int]]:
    return {node: [node - 1] if node else [] for node in range(length)}


@given(digraphs())
def test_a_cycle_is_found_exactly_when_there_is_one(after):
    assert (find_cycle(after) is not None) == has_cycle(after)


@given(digraphs())
def test_the_path_of_a_cycle_follows_edges_in_the_direction_of_work_and_ends_where_it_began(after):
    path = find_cycle(after)
    if path is not None:
        assert path[0] == path[-1]
        assert len(set(path)) == len(path) - 1
        assert all(before in after[node] for before, node in pairwise(path))


def test_a_before_b_before_a_reads_in_that_order():
    assert find_cycle({"A": ["C"], "B": ["A"], "C": ["B"]}) == ["A", "B", "C", "A"]


def test_a_node_after_itself_is_a_cycle():
    assert find_cycle({"A": [], "B": ["B"]}) == ["B", "B"]


def test_of_two_cycles_the_one_inserted_first_is_reported_whatever_the_order_inside():
    after = {"D": ["C", "D2"], "C": ["D"], "D2": [], "B": ["A"], "A": ["B"]}
    assert find_cycle(after) == ["D", "C", "D"]
    assert find_cycle({node: befores[::-1] for node, befores in after.items()}) == ["D", "C", "D"]
    assert find_cycle({"N": ["Q", "P"], "P": ["P"], "Q": ["Q"]}) == ["P", "P"]


def test_a_predecessor_mentioned_twice_is_one_edge():
    after = {"A": [], "B": ["A", "A"]}
    assert topological(after) == ["A", "B"]
    assert dependents(after) == {"A": ["B"], "B": []}


def test_a_chain_of_ten_thousand_nodes_needs_no_recursion():
    after = chain(10_000)
    assert find_cycle(after) is None
    assert topological(after) == list(after)
    assert len(layers(after)) == 10_000
    after[0] = [9_999]
    assert find_cycle(after) == [*range(10_000), 0]


@given(dags(), st.data())
def test_an_edge_closes_a_cycle_exactly_when_adding_it_makes_one(after, data):
    before, node = (data.draw(st.sampled_from(sorted(after))) for _ in range(2))
    path = closes_cycle(dependents(after).__getitem__, before, node)
    grown = {**after, node: after[node] | {before}}
    assert (path is not None) == (find_cycle(grown) is not None)
    if path is not None:
        assert path[:2] == [before, node]
        assert path[-1] == before
        assert all(early in grown[late] for early, late in pairwise(path))


def test_the_path_a_new_edge_would_close_is_the_shortest():
    after = {"A": [], "B": ["A"], "C": ["B"], "D": ["C", "A"]}
    assert closes_cycle(dependents(after).__getitem__, "D", "A") == ["D", "A", "D"]
    assert closes_cycle(dependents(after).__getitem__, "C", "A") == ["C", "A", "B", "C"]
    assert closes_cycle(dependents(after).__getitem__, "B", "B") == ["B", "B"]
    assert closes_cycle(dependents(after).__getitem__, "A", "D") is None
    detour = {"A": [], "B": ["A"], "C": ["A"], "D": ["C"], "E": ["B", "D"]}
    assert closes_cycle(dependents(detour).__getitem__, "E", "A") == ["E", "A", "B", "E"]


def test_each_node_is_asked_for_its_dependents_once_even_where_a_cycle_stands_already():
    asked = []

    def dependents_of(node: int) -> Iterable[int]:
        asked.append(node)
        return iter([(node + 1) % 4, (node + 1) % 4, (node + 2) % 4])

    assert closes_cycle(dependents_of, 9, 0) is None
    assert sorted(asked) == [0, 1, 2, 3]


@given(dags())
def test_in_topological_order_the_first_inserted_of_the_free_nodes_comes_next(after):
    order = topological(after)
    left = list(after)
    for node in order:
        assert node == next(each for each in left if not after[each].intersection(left))
        left.remove(node)
    assert left == []


@given(dags())
def test_a_node_stands_in_the_layer_of_its_longest_path_in_insertion_order(after):
    result = layers(after)
    assert sorted(node for layer in result for node in layer) == sorted(after)
    for depth, layer in enumerate(result):
        assert layer == [node for node in after if longest_path(after, node) == depth]


@given(dags())
def test_dependents_and_predecessors_tell_the_same_edges(after):
    edges = [(before, node) for node, befores in predecessors(after).items() for before in befores]
    assert sorted(edges) == sorted(
        (before, node) for before, nodes in dependents(after).items() for node in nodes
    )
    assert set(edges) == {(before, node) for node in after for before in after[node] if before in after}


@pytest.mark.parametrize("order", [topological, layers])
def test_a_cycle_has_no_order(order):
    with pytest.raises(ValueError, match="cycle"):
        order({"A": ["B"], "B": ["A"]})


@pytest.mark.parametrize(("order", "nothing"), [(topological, []), (layers, []), (find_cycle, None)])
def test_a_graph_without_nodes_is_a_graph(order, nothing):
    assert order({}) == nothing


def test_a_path_is_spelled_with_arrows():
    assert spell_path(["A", "B", "A"]) == "A -> B -> A"
    assert spell_path([1, 1]) == "1 -> 1"


def test_the_heaviest_path_sums_up_to_most():
    after = {"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"], "e": []}
    assert heaviest_path(after, {"a": 1, "b": 2, "c": 3, "d": 1, "e": 4}) == ["a", "c", "d"]
    assert heaviest_path(after, {"a": 1, "b": 2, "c": 3, "d": 1, "e": 6}) == ["e"]


def test_of_equally_heavy_paths_the_one_with_most_nodes_is_taken():
    assert heaviest_path({"a": [], "b": ["a"], "c": ["b"], "d": []}, dict.fromkeys("abcd", 0)) == [
        "a",
        "b",
        "c",
    ]


def test_nothing_has_no_heaviest_path():
    assert heaviest_path({}, {}) == []
