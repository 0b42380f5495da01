"""What stands beside a task."""

import pytest

from taskwatch.actions import tasks, transitions
from taskwatch.actions.neighbours import neighbours
from taskwatch.actions.tasks import NewTask
from taskwatch.errors import NotFound


def test_a_task_knows_what_is_before_and_after_it_with_their_states(store, clock):
    wanted = [NewTask("A", name="First"), NewTask("B", after=("A",)), NewTask("C", after=("A", "B"))]
    tasks.add(store, wanted, clock.change())
    transitions.transition(store, "start", ["A"], clock.change())
    assert neighbours(store, "B") == {
        "before": [{"id": 1, "code": "A", "name": "First", "status": "in_progress"}],
        "after": [{"id": 3, "code": "C", "name": "C", "status": "pending"}],
    }
    assert [each["code"] for each in neighbours(store, "3")["before"]] == ["A", "B"]
    with pytest.raises(NotFound):
        neighbours(store, "D")
