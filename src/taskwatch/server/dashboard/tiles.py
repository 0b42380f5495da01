"""The tasks of a workflow as its picture and its table show them: where they stand, how late they are."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from taskwatch.actions.progress import Progress
from taskwatch.actions.shown import TaskShape
from taskwatch.model import task as model
from taskwatch.model.graph import heaviest_path
from taskwatch.server.dashboard.caption import caption
from taskwatch.server.dashboard.picture import Picture, draw

NAME_WIDTH: Final = 20
_RISKY = frozenset({"critical", "high"})
_BROKEN = frozenset({model.FAILED, model.CANCELLED})

_Graph = tuple[tuple[int, tuple[int, ...]], ...]


class Tile(NamedTuple):
    """A task and its box. `mark`: late, risk, blocked or nothing; `lines`: the name, broken to fit."""

    task: TaskShape
    x: int
    y: int
    lines: list[str]
    mark: str
    on_path: bool
    before: list[int]
    behind: list[int]


class Line(NamedTuple):
    """An arrow; `state`: done, broken, path (both ends are on the longest path) or waiting."""

    source: int
    target: int
    path: str
    state: str


class Scene(NamedTuple):
    """A workflow to show. `seconds_left` sums up the longest path of the tasks that are open; 0: unknown."""

    picture: Picture
    tiles: list[Tile]
    lines: list[Line]
    seconds_left: int
    late: int
    risky: int


def compose(progress: Progress) -> Scene:
    """The scene of a workflow; its tiles from left to right, column by column."""
    tasks = {node["data"]["id"]: node["data"] for node in progress["nodes"]}
    after = _after(progress, tasks)
    picture = _draw(tuple((task, tuple(befores)) for task, befores in after.items()))
    path = _longest_path(after, tasks) if progress["status"] == "active" else []
    tiles = list(_tiles(picture, tasks, after, frozenset(path)))
    return Scene(
        picture,
        tiles,
        [_line(arrow.source, arrow.target, arrow.path, tasks, path) for arrow in picture.arrows],
        sum(_seconds_left(tasks[task]) for task in path),
        sum(tile.mark == "late" for tile in tiles),
        sum(tile.mark == "risk" for tile in tiles),
    )


def mark(task: TaskShape) -> str:
    """What is wrong with a task: late, risk (little of its time is left), blocked, or nothing."""
    if task["status"] in (model.IN_PROGRESS, model.ON_HOLD) and task["exceeded_by_seconds"]:
        return "late"
    if task["blocked_by"]:
        return "blocked"
    return "risk" if task["status"] == model.IN_PROGRESS and task["risk_level"] in _RISKY else ""


@lru_cache(maxsize=64)
def _draw(graph: _Graph) -> Picture:
    """The same tasks make the same picture, whatever became of them."""
    return draw(dict(graph))


def _after(progress: Progress, tasks: Mapping[int, TaskShape]) -> dict[int, list[int]]:
    after: dict[int, list[int]] = {task: [] for task in tasks}
    for edge in progress["edges"]:
        after[int(edge["target"])].append(int(edge["source"]))
    return after


def _longest_path(after: Mapping[int, Sequence[int]], tasks: Mapping[int, TaskShape]) -> list[int]:
    """What decides when the workflow ends, if every open task takes the time it has."""
    open_tasks = {task: befores for task, befores in after.items() if tasks[task]["status"] in model.OPEN}
    return heaviest_path(open_tasks, {task: _seconds_left(tasks[task]) for task in open_tasks})


def _seconds_left(task: TaskShape) -> int:
    whole = (task["timeout_minutes"] or 0) * 60
    return max(0, whole if task["remaining_seconds"] is None else task["remaining_seconds"])


def _tiles(
    picture: Picture, tasks: Mapping[int, TaskShape], after: Mapping[int, list[int]], path: frozenset[int]
) -> Iterator[Tile]:
    behind: dict[int, list[int]] = {task: [] for task in tasks}
    for box in picture.boxes:
        for before in after[box.task]:
            behind[before].append(box.task)
    for box in picture.boxes:
        task = tasks[box.task]
        lines = caption(task["name"], NAME_WIDTH)
        on_path = box.task in path
        yield Tile(task, box.x, box.y, lines, mark(task), on_path, after[box.task], behind[box.task])


def _line(
    source: int, target: int, path: str, tasks: Mapping[int, TaskShape], longest: Sequence[int]
) -> Line:
    status = tasks[source]["status"]
    if status in model.SATISFYING:
        return Line(source, target, path, "done")
    if status in _BROKEN:
        return Line(source, target, path, "broken")
    is_next = source in longest and target in longest
    return Line(source, target, path, "path" if is_next else "waiting")
