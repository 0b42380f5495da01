"""Dependencies: what comes after what.

A graph is a mapping from each node to the nodes it comes *after*. The mapping's order is the order of
every answer, whatever the order of the collections inside. Edges to nodes that are not keys are ignored.
"""

from collections import deque
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def find_cycle(after: Mapping[K, Collection[K]]) -> list[K] | None:
    """The first cycle met in insertion order, in the direction of work and closed: `[A, B, A]`; else None."""
    try:
        _sorter(after).prepare()
    except CycleError as error:
        path: list[K] = error.args[1]
        return path
    return None


def closes_cycle(dependents_of: Callable[[K], Iterable[K]], before: K, after: K) -> list[K] | None:
    """Would the new edge "`after` comes after `before`" close a cycle?

    Walks forward from `after`, asking `dependents_of` once per node met, so a database can answer.

    Returns:
        The shortest closed path `[before, after, …, before]`, or None.
    """
    came_from = {after: before}
    queue = deque([after])
    while queue:
        node = queue.popleft()
        if node == before:
            return [before, *_trail(came_from, after, before)]
        fresh = [each for each in dict.fromkeys(dependents_of(node)) if each not in came_from]
        came_from.update(dict.fromkeys(fresh, node))
        queue.extend(fresh)
    return None


def topological(after: Mapping[K, Collection[K]]) -> list[K]:
    """Every node after its predecessors; among those that could come next, the first inserted does.

    Raises:
        ValueError: The graph has a cycle.
    """
    nodes = list(after)
    rank = _ranks(after)
    sorter = _sorter(after)
    sorter.prepare()
    order: list[K] = []
    free: list[int] = []
    while sorter.is_active():
        for node in sorter.get_ready():
            heappush(free, rank[node])
        order.append(nodes[heappop(free)])
        sorter.done(order[-1])
    return order


def layers(after: Mapping[K, Collection[K]]) -> list[list[K]]:
    """Nodes by the length of the longest path that leads to them; each layer in insertion order.

    Raises:
        ValueError: The graph has a cycle.
    """
    rank = _ranks(after)
    sorter = _sorter(after)
    sorter.prepare()
    result: list[list[K]] = []
    while sorter.is_active():
        result.append(sorted(sorter.get_ready(), key=rank.__getitem__))
        sorter.done(*result[-1])
    return result


def heaviest_path(after: Mapping[K, Collection[K]], weight: Mapping[K, int]) -> list[K]:
    """The path whose weights sum up to most, in the direction of work; of equal ones the one with most nodes.

    Raises:
        ValueError: The graph has a cycle.
    """
    edges = predecessors(after)
    best: dict[K, tuple[int, int]] = {}
    came_from: dict[K, K] = {}
    for node in topological(edges):
        heaviest = max(edges[node], key=best.__getitem__, default=None)
        total, count = (0, 0) if heaviest is None else best[heaviest]
        best[node] = total + weight[node], count + 1
        if heaviest is not None:
            came_from[node] = heaviest
    return _path_to(came_from, max(best, key=best.__getitem__)) if best else []


def predecessors(after: Mapping[K, Collection[K]]) -> dict[K, list[K]]:
    """The same graph with only its known edges, each once."""
    return {
        node: [each for each in dict.fromkeys(befores) if each in after] for node, befores in after.items()
    }


def dependents(after: Mapping[K, Collection[K]]) -> dict[K, list[K]]:
    """The graph turned round: node -> the nodes that come after it, in insertion order."""
    result: dict[K, list[K]] = {node: [] for node in after}
    for node, befores in predecessors(after).items():
        for before in befores:
            result[before].append(node)
    return result


def spell_path(path: Iterable[object]) -> str:
    """`A -> B -> A`."""
    return " -> ".join(map(str, path))


def _trail(came_from: Mapping[K, K], start: K, end: K) -> list[K]:
    trail = [end]
    while trail[-1] != start:
        trail.append(came_from[trail[-1]])
    return trail[::-1]


def _path_to(came_from: Mapping[K, K], end: K) -> list[K]:
    path = [end]
    while path[-1] in came_from:
        path.append(came_from[path[-1]])
    return path[::-1]


def _ranks(after: Mapping[K, Collection[K]]) -> dict[K, int]:
    return {node: rank for rank, node in enumerate(after)}


def _sorter(after: Mapping[K, Collection[K]]) -> TopologicalSorter[K]:
    # The nodes go in first and alone: so the sorter walks, and finds cycles, in the mapping's order.
    sorter = TopologicalSorter[K](dict.fromkeys(after, ()))
    for node, befores in predecessors(after).items():
        sorter.add(node, *befores)
    return sorter
