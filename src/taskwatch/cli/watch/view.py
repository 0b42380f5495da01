"""The state of a watch as lines: pure, without a terminal.

A line is a tuple of parts, to be joined without a space.
"""

from datetime import tzinfo

from taskwatch.actions.standing import AtRiskShape, StatisticsShape
from taskwatch.actions.verdict import compliance
from taskwatch.cli.events.line import event_line
from taskwatch.cli.output import Kind, Styled, style
from taskwatch.cli.safe import safe
from taskwatch.cli.watch.state import Change, Happened, Risen, State, remaining
from taskwatch.cli.watch.width import clip, fit, width
from taskwatch.model.times import local, rfc3339, spell

Line = tuple[str, ...]
Row = tuple[str, ...]

HEADERS = ("left", "risk", "task", "name", "workflow", "claimed")
WIDEST = (12, 8, 32, 40, 24, 12)
SIDE = 5  # lines around the table and the events: two at the top, headings and what separates them
_KINDS: dict[str, Kind] = {"exceeded": "bad", "critical": "bad", "high": "warn"}


def frame(state: State, now: int, zone: tzinfo, *, place: str, columns: int, rows: int) -> list[Line]:
    """The whole view in so many columns and rows at most; `place` says whom it watches."""
    space = max(0, rows - SIDE)
    tasks = _table(state, now, max(space // 2, space - 1 - len(state.events)))
    events = state.events[-(space - len(tasks)) :] if space > len(tasks) else ()
    lines: list[Line] = [
        _top(place, state.trouble, now, zone),
        statistics_line(state.survey.statistics),
        (),
        *tasks,
        (),
        *([(style("latest events", "dim"),)] if events else []),
        *(event_line(event, zone) for event in events),
    ]
    return [_clip_line(line, columns) for line in lines[:rows]]


def change_line(change: Change, zone: tzinfo, now: int) -> Line:
    """A change as one line of its own."""
    if isinstance(change, Happened):
        return event_line(change.told, zone)
    stamp = style(f"{local(now, zone)}  {'':>6}  ", "dim")
    if isinstance(change, Risen):
        return (stamp, _risk_sentence(change.told))
    return (stamp, *statistics_line(change.told))


def statistics_line(statistics: StatisticsShape | None) -> Line:
    """The statistics in one line, coloured where somebody should look."""
    if statistics is None:
        return (style("SLA: only a token that sees everything gets the statistics", "dim"),)
    return (
        f"SLA: {statistics['total_in_progress']} in progress, {statistics['on_time']} on time, ",
        _counted(statistics["at_risk"], "at risk", "warn"),
        ", ",
        _counted(statistics["exceeded"], "exceeded", "bad"),
        f", compliance {compliance(statistics)}",
    )


def countdown(seconds: int) -> str:
    """`4m 59s`, and from an hour on as `spell` says it."""
    if 60 <= seconds < 3600:
        return f"{seconds // 60}m {seconds % 60:02d}s"
    return spell(seconds)


def _top(place: str, trouble: str | None, now: int, zone: tzinfo) -> Line:
    seconds = rfc3339(now - now % 1000)[16:19]
    head = (style("taskwatch", "bold"), f"  {place}  ", style(f"{local(now, zone)}{seconds}", "dim"))
    return (*head, "  ", style(trouble, "warn")) if trouble else head


def _table(state: State, now: int, most: int) -> list[Line]:
    """The tasks at risk and late in at most `most` lines, the headers among them."""
    tasks = state.survey.tasks
    if not tasks:
        return [(style("no task is at risk", "good"),)]
    shown = tasks if len(tasks) < most else tasks[: max(0, most - 2)]
    lefts = [remaining(task, state.survey, now) for task in shown]
    body = [_row(task, left) for task, left in zip(shown, lefts, strict=True)]
    widths = [
        min(most_wide, max(map(width, column)))
        for most_wide, column in zip(WIDEST, zip(HEADERS, *body, strict=True), strict=True)
    ]
    lines: list[Line] = [(style(_join(HEADERS, widths).rstrip(), "dim"),)]
    lines += [_task_line(row, widths, left) for row, left in zip(body, lefts, strict=True)]
    hidden = len(tasks) - len(shown)
    return [*lines, (style(f"and {hidden} more", "dim"),)] if hidden else lines


def _row(task: AtRiskShape, left: int) -> Row:
    subject = f"{task['workflow_type']}.{task['taskable_id']}" if task["workflow_type"] else ""
    claimed = "" if task["claimed_by"] is None else f"user:{task['claimed_by']}"
    words = f"{countdown(left)} left" if left >= 0 else f"{countdown(-left)} over"
    cells = (words, _risk(task, left), task["task_code"], task["task_name"], subject, claimed)
    return tuple(map(safe, cells))


def _risk(task: AtRiskShape, left: int) -> str:
    """Its risk; what has run out since the survey is late without being asked."""
    return "exceeded" if left < 0 else task["risk_level"]


def _task_line(row: Row, widths: list[int], left: int) -> Line:
    risk, rest = _join(row[:2], widths[:2]), _join(row[2:], widths[2:])
    return (style(risk, _KINDS.get(row[1], "info" if left >= 0 else "bad")), f"  {rest.rstrip()}")


def _join(cells: Row, widths: list[int]) -> str:
    return "  ".join(fit(cell, columns) for cell, columns in zip(cells, widths, strict=True))


def _counted(number: int, words: str, kind: Kind) -> str:
    return style(f"{number} {words}", kind) if number else f"{number} {words}"


def _risk_sentence(task: AtRiskShape) -> Styled:
    left, level = task["remaining_seconds"], task["risk_level"]
    if level == "exceeded":
        return style(f"{task['task_code']} has exceeded its timeout by {countdown(-left)}", "bad")
    return style(
        f"{task['task_code']} is at risk ({level}): {countdown(left)} left", _KINDS.get(level, "info")
    )


def _clip_line(line: Line, columns: int) -> Line:
    """The parts that fit, each still painted as it was."""
    clipped: list[str] = []
    for part in line:
        short = clip(safe(part), columns)
        columns -= width(short)
        clipped.append(style(short, part.kind) if isinstance(part, Styled) else short)
    return tuple(part for part in clipped if part)
