"""Where the boxes of a workflow stand in a front end: columns from left to right, few crossing lines."""

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from taskwatch.model.drawing import Node
from taskwatch.model.graph import dependents, layers, predecessors

COLUMN_WIDTH = 240
ROW_HEIGHT = 120
ROUNDS = 4

_Columns = list[list[int]]
_Edges = Mapping[int, Sequence[int]]


def positions(nodes: Sequence[Node]) -> dict[int, tuple[int, int]]:
    """Task id -> (x, y) in pixels, on a grid: the column is the longest path that leads to the task.

    Rows are ordered by barycenter sweeps (Sugiyama, Tagawa and Toda 1981); the least tangled order seen is
    kept, so none is worse than the order of `nodes`. The same nodes always give the same picture.

    Raises:
        ValueError: The tasks wait for each other in a circle.
    """
    after = predecessors({node.id: node.after for node in nodes})
    columns = min(_sweeps(layers(after), after), key=lambda columns: _tangle(columns, after))
    return {
        task: (column * COLUMN_WIDTH, row * ROW_HEIGHT) for task, (column, row) in _places(columns).items()
    }


def _sweeps(columns: _Columns, after: _Edges) -> Iterator[_Columns]:
    yield columns
    behind = dependents(after)
    for _ in range(ROUNDS):
        rightwards = _sweep(columns, after)
        leftwards = _sweep(rightwards[::-1], behind)[::-1]
        if leftwards == columns:
            return
        yield from (rightwards, leftwards)
        columns = leftwards


def _sweep(columns: _Columns, neighbours: _Edges) -> _Columns:
    """Sort each column in turn by the mean row of the neighbours that already have their place."""
    rows = {task: row for task, (_, row) in _places(columns).items()}
    swept = []
    for column in columns:
        wish = {task: _mean([rows[each] for each in neighbours[task]] or [rows[task]]) for task in column}
        swept.append(sorted(column, key=wish.__getitem__))
        rows.update((task, row) for row, task in enumerate(swept[-1]))
    return swept


def _mean(rows: list[int]) -> float:
    return sum(rows) / len(rows)


def _tangle(columns: _Columns, after: _Edges) -> int:
    """How many pairs of edges between the same two columns cross each other."""
    places = _places(columns)
    bundles: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for task, befores in after.items():
        column, row = places[task]
        for from_column, from_row in map(places.__getitem__, befores):
            bundles[from_column, column].append((from_row, row))
    return sum(map(_inversions, bundles.values()))


def _inversions(bundle: list[tuple[int, int]]) -> int:
    count = 0
    ends: list[int] = []
    for _, end in sorted(bundle):
        count += len(ends) - bisect_right(ends, end)
        insort(ends, end)
    return count


def _places(columns: _Columns) -> dict[int, tuple[int, int]]:
    return {task: (x, y) for x, column in enumerate(columns) for y, task in enumerate(column)}
