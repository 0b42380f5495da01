"""How high things stand in their columns: near what they are joined with, in order, never too close."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import TypeAlias, TypeVar

from taskwatch.model.graph import dependents

ROUNDS = 4

K = TypeVar("K", bound=Hashable)
_Wish: TypeAlias = tuple[float, float]
_Block: TypeAlias = tuple[float, float, int]
_WEAKEST = 0.01


def heights(
    columns: Sequence[Sequence[K]],
    after: Mapping[K, Sequence[K]],
    apart: Callable[[K, K], int],
    pull: Callable[[K, K], float],
) -> dict[K, int]:
    """The middle of each node, from 0 down.

    Columns are swept to and fro; in each, the squared ways to where the neighbours stand are least, counted
    by the `pull` between two. `apart(upper, lower)` is how far two in a row keep apart at least.
    """
    offsets = [_stacked(column, apart) for column in columns]
    places = {node: float(place) for column in offsets for node, place in column.items()}
    before, behind = _links(after, pull), _links(dependents(after), pull)
    for _ in range(ROUNDS):
        for column in offsets[1:]:
            _move(column, before, places)
        for column in offsets[-2::-1]:
            _move(column, behind, places)
    highest = min(places.values(), default=0)
    # Rounded all in one direction, so that what stood apart by whole numbers still does.
    return {node: int(place - highest + 0.5) for node, place in places.items()}


def _stacked(column: Sequence[K], apart: Callable[[K, K], int]) -> dict[K, int]:
    """The nodes as close as can be."""
    gaps = (apart(upper, lower) for upper, lower in pairwise(column))
    return dict(zip(column, accumulate(gaps, initial=0), strict=False))


def _links(
    neighbours: Mapping[K, Sequence[K]], pull: Callable[[K, K], float]
) -> dict[K, list[tuple[K, float]]]:
    return {node: [(each, pull(node, each)) for each in others] for node, others in neighbours.items()}


def _move(
    column: Mapping[K, int], links: Mapping[K, Sequence[tuple[K, float]]], places: dict[K, float]
) -> None:
    """A place is the room that those above take, plus something that never falls: that is fitted."""
    wishes = [_wish(node, offset, links[node], places) for node, offset in column.items()]
    fitted = _never_falling(wishes)
    places.update((node, fit + offset) for (node, offset), fit in zip(column.items(), fitted, strict=True))


def _wish(node: K, offset: int, links: Sequence[tuple[K, float]], places: Mapping[K, float]) -> _Wish:
    """Where a node would like to stand, and how much; what has no neighbours makes room for what has."""
    if not links:
        return places[node] - offset, _WEAKEST
    weight = sum(pull for _, pull in links)
    return sum(places[each] * pull for each, pull in links) / weight - offset, weight


def _never_falling(wishes: Sequence[_Wish]) -> Iterator[float]:
    """The nearest values to the wishes that never fall: neighbours that would are pooled (PAVA)."""
    blocks: list[_Block] = []
    for wish, weight in wishes:
        block = (wish, weight, 1)
        while blocks and blocks[-1][0] >= block[0]:
            block = _pooled(blocks.pop(), block)
        blocks.append(block)
    for value, _, count in blocks:
        yield from [value] * count


def _pooled(one: _Block, other: _Block) -> _Block:
    weight = one[1] + other[1]
    return (one[0] * one[1] + other[0] * other[1]) / weight, weight, one[2] + other[2]
