"""Where the boxes of a workflow stand in a front end: columns from left to right, few crossing lines."""

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from typing import TypeVar

from taskwatch.model.drawing import Node
from taskwatch.model.graph import dependents, layers, predecessors

COLUMN_WIDTH = 240
ROW_HEIGHT = 120
ROUNDS = 4

K = TypeVar("K", bound=Hashable)


def positions(nodes: Sequence[Node]) -> dict[int, tuple[int, int]]:
    """Task id -> (x, y) in pixels, on a grid: the column is the longest path that leads to the task.

    Raises:
        ValueError: The tasks wait for each other in a circle.
    """
    places = _places(columns({node.id: node.after for node in nodes}))
    return {task: (column * COLUMN_WIDTH, row * ROW_HEIGHT) for task, (column, row) in places.items()}


def columns(after: Mapping[K, Collection[K]]) -> list[list[K]]:
    """The nodes of a graph by column, from top to bottom.

    Rows are ordered by barycenter sweeps (Sugiyama, Tagawa and Toda 1981); the least tangled order seen is
    kept, so none is worse than the order of `after`. The same graph always gives the same columns.

    Raises:
        ValueError: The graph has a cycle.
    """
    edges = predecessors(after)
    return min(_sweeps(layers(edges), edges), key=lambda columns: tangle(columns, edges))


def tangle(columns: list[list[K]], after: Mapping[K, Sequence[K]]) -> int:
    """How many pairs of edges between the same two columns cross each other."""
    places = _places(columns)
    bundles: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for node, befores in after.items():
        column, row = places[node]
        for from_column, from_row in map(places.__getitem__, befores):
            bundles[from_column, column].append((from_row, row))
    return sum(map(_inversions, bundles.values()))


def _sweeps(columns: list[list[K]], after: Mapping[K, Sequence[K]]) -> Iterator[list[list[K]]]:
    yield columns
    behind = dependents(after)
    for _ in range(ROUNDS):
        rightwards = _sweep(columns, after)
        leftwards = _sweep(rightwards[::-1], behind)[::-1]
        if leftwards == columns:
            return
        yield from (rightwards, leftwards)
        columns = leftwards


def _sweep(columns: list[list[K]], neighbours: Mapping[K, Sequence[K]]) -> list[list[K]]:
    """Sort each column in turn by the mean row of the neighbours that already have their place."""
    rows = {node: row for node, (_, row) in _places(columns).items()}
    swept = []
    for column in columns:
        wish = {node: _mean([rows[each] for each in neighbours[node]] or [rows[node]]) for node in column}
        swept.append(sorted(column, key=wish.__getitem__))
        rows.update((node, row) for row, node in enumerate(swept[-1]))
    return swept


def _mean(rows: list[int]) -> float:
    return sum(rows) / len(rows)


def _inversions(bundle: list[tuple[int, int]]) -> int:
    count = 0
    ends: list[int] = []
    for _, end in sorted(bundle):
        count += len(ends) - bisect_right(ends, end)
        insort(ends, end)
    return count


def _places(columns: list[list[K]]) -> dict[K, tuple[int, int]]:
    return {node: (x, y) for x, column in enumerate(columns) for y, node in enumerate(column)}
