"""What a user is told of an event."""

from taskwatch.model.notice import KINDS, notice

READY = {
    "task_id": 124,
    "task_code": "CONVERT_TO_BL_BC114",
    "task_name": "Convert to BL",
    "task_type": "conversion",
    "workflow_type": "bc",
    "taskable_type": "Order",
    "taskable_id": 114,
    "timeout_minutes": 30,
    "assignments": [],
    "became_ready_at": "2025-12-24T10:15:00Z",
}
WHOM = {"user_id": "5", "event_id": "e-9", "public_url": "http://localhost:8000"}


def test_a_ready_task_is_told_with_the_keys_of_the_inbox():
    told = notice("task.became.ready", READY, **WHOM)
    assert told["message"] == "Task 'Convert to BL' is ready for you"
    assert told["action_url"] == "http://localhost:8000/admin/tasks/124"
    assert told["type"] == "App\\Notifications\\TaskReadyNotification"
    assert told.items() >= {key: READY[key] for key in list(READY)[:8]}.items()
    assert "assignments" not in told


def test_a_late_task_is_told_by_how_much():
    late = READY | {"exceeded_by_minutes": 45, "alert_level": "high"}
    told = notice("task.sla.exceeded", late, **WHOM)
    assert told["message"] == "Task 'Convert to BL' exceeded SLA by 45 minutes"
    assert (told["exceeded_by_minutes"], told["alert_level"]) == (45, "high")
    assert told["type"] == "App\\Notifications\\TaskSLAExceededNotification"


def test_the_same_event_gives_the_same_user_the_same_id_and_others_another():
    first = notice("task.became.ready", READY, **WHOM)
    assert first == notice("task.became.ready", READY, **WHOM)
    assert first["id"] != notice("task.became.ready", READY, **(WHOM | {"user_id": "6"}))["id"]
    assert {"task.became.ready", "task.sla.exceeded", "task.sla.resolved"} == KINDS
