"""The clock ledger against counting second by second."""

from hypothesis import given
from hypothesis import strategies as st

from taskwatch.model import ledger
from taskwatch.model.ledger import Mark, Segment
from taskwatch.model.task import VERBS, apply, ledger_mark, new, retime

START = 1_795_435_200_000
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["start", "hold", "resume", "complete", "fail", 10, 45, None]), st.integers(0, 90)
    ),
    max_size=12,
)


def mark(at, state, banked=0, timeout=30, reason=None):
    return Mark(1, 1, at, state, banked, timeout, reason)


def history(steps):
    """The marks of one cycle, the task at its end, and in which seconds it was in progress."""
    task = apply(new("PACK", "Pack", "task", 30, START), VERBS["ready"], START)
    at, marks, running = START, [], []
    for step, seconds in steps:
        after = task
        if isinstance(step, str) and task.status in VERBS[step].sources:
            after = apply(task, VERBS[step], at)
        elif not isinstance(step, str) and task.status in {"ready", "in_progress", "on_hold"}:
            after = retime(task, step)
        noted = ledger_mark(task, after, at, None)
        marks += [noted] if noted else []
        task = after
        running += [task.status == "in_progress"] * seconds
        at += seconds * 1000
    return marks, task, running


@given(STEPS)
def test_the_ledger_adds_up_to_a_count_second_by_second(steps):
    marks, task, running = history(steps)
    assert ledger.elapsed_ms(marks, START + len(running) * 1000) == sum(running) * 1000
    assert task.elapsed_ms(START + len(running) * 1000) == sum(running) * 1000
    for second in range(len(running) + 1):
        instant = START + second * 1000
        assert ledger.elapsed_ms(ledger.until(marks, instant), instant) == sum(running[:second]) * 1000


@given(STEPS)
def test_one_mark_is_enough_to_judge_a_task_at_any_later_instant(steps):
    marks, _, running = history(steps)
    for second in range(len(running) + 1):
        instant = START + second * 1000
        known = ledger.until(marks, instant)
        if known:
            last = known[-1]
            since = instant - last.at if last.state == ledger.RUNNING else 0
            assert last.banked_ms + since == sum(running[:second]) * 1000


def test_segments_end_where_the_next_begins_and_keep_their_reason():
    marks = [
        mark(0, "running"),
        mark(10, "paused", 10, reason="lunch"),
        mark(30, "running", 10),
        mark(50, "stopped"),
    ]
    assert ledger.segments(marks) == [
        Segment("running", 0, 10, None),
        Segment("paused", 10, 30, "lunch"),
        Segment("running", 30, 50, None),
    ]


def test_a_change_of_the_timeout_alone_joins_the_segments():
    marks = [mark(0, "running"), mark(10, "running", 10, timeout=60)]
    assert ledger.segments(marks) == [Segment("running", 0, None, None)]
