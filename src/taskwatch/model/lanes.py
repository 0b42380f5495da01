"""Lines that pass columns get a lane between the boxes there, so that none runs behind a box.

All lines out of one box share its lanes and part as late as they can, as the wires of a cable do.
"""

from collections.abc import Collection, Mapping
from functools import reduce
from itertools import pairwise
from operator import or_
from typing import NamedTuple, TypeAlias

from taskwatch.model.graph import dependents, layers, predecessors


class Lane(NamedTuple):
    """The room that the lines out of one task have in a column further right."""

    source: int
    column: int


Stop: TypeAlias = int | Lane
"""Something in a column: a task or a lane."""


class Laned(NamedTuple):
    """A graph whose edges lead from each column to the next one only: its tasks, and the lanes between."""

    after: dict[Stop, list[Stop]]
    column: dict[int, int]

    def way(self, source: int, target: int) -> list[Stop]:
        """What the line between two tasks passes, both included."""
        between = range(self.column[source] + 1, self.column[target])
        return [source, *(Lane(source, column) for column in between), target]


def lay(after: Mapping[int, Collection[int]]) -> Laned:
    """A graph with its lanes.

    Raises:
        ValueError: The graph has a cycle.
    """
    edges = predecessors(after)
    laned = Laned({}, {task: number for number, tasks in enumerate(layers(edges)) for task in tasks})
    for task, followers in dependents(edges).items():
        laned.after[task] = [laned.way(before, task)[-2] for before in edges[task]]
        furthest = max(followers, key=laned.column.__getitem__, default=task)
        way = laned.way(task, furthest)[:-1]
        laned.after.update((lane, [before]) for before, lane in pairwise(way))
    return laned


def without_implied(after: Mapping[int, Collection[int]]) -> dict[int, list[int]]:
    """The graph without the edges that follow from others: of A → B → C and A → C the last one.

    Raises:
        ValueError: The graph has a cycle.
    """
    edges = predecessors(after)
    # The bits of a whole number are a set that is quick to unite with another.
    bit = {task: 1 << place for place, task in enumerate(edges)}
    earlier: dict[int, int] = {}
    essential: dict[int, list[int]] = {}
    for task in (task for tasks in layers(edges) for task in tasks):
        implied = reduce(or_, (earlier[before] for before in edges[task]), 0)
        essential[task] = [before for before in edges[task] if not bit[before] & implied]
        earlier[task] = reduce(or_, (bit[before] for before in edges[task]), implied)
    return {task: essential[task] for task in edges}
