from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from taskwatch.model.graph import layers
from taskwatch.model.lanes import Lane, lay, without_implied


@st.composite
def graphs(draw):
    count = draw(st.integers(0, 12))
    return {
        task: draw(st.sets(st.integers(0, task - 1), max_size=4)) if task else set() for task in range(count)
    }


def reachable(after):
    found = {}
    for task in sorted(after):
        found[task] = set(after[task]).union(*(found[before] for before in after[task]))
    return found


@given(graphs())
def test_every_edge_leads_to_the_next_column_and_tasks_stay_in_theirs(after):
    laned = lay(after)
    column = {stop: number for number, stops in enumerate(layers(laned.after)) for stop in stops}
    assert all(column[before] == column[stop] - 1 for stop in laned.after for before in laned.after[stop])
    assert {task: column[task] for task in after} == laned.column
    assert laned.column == {task: n for n, tasks in enumerate(layers(after)) for task in tasks}


@given(graphs())
def test_the_way_of_a_line_is_there(after):
    laned = lay(after)
    for task, befores in after.items():
        for before in befores:
            way = laned.way(before, task)
            assert all(stop in laned.after[following] for stop, following in pairwise(way))


def test_lines_out_of_one_task_share_their_lanes():
    laned = lay({1: [], 2: [1], 3: [2], 4: [3, 1], 5: [4, 1]})
    assert [stop for stop in laned.after if isinstance(stop, Lane)] == [Lane(1, 1), Lane(1, 2), Lane(1, 3)]
    assert laned.way(1, 5) == [1, Lane(1, 1), Lane(1, 2), Lane(1, 3), 5]


@given(graphs())
def test_without_what_is_implied_everything_still_comes_after_the_same_tasks(after):
    essential = without_implied(after)
    assert reachable(essential) == reachable(after)
    for task, befores in essential.items():
        for before in befores:
            less = {**essential, task: [each for each in befores if each != before]}
            assert reachable(less) != reachable(essential)
