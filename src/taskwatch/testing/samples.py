"""Messages to try a channel with, harmless ones and hostile ones."""

from typing import Any

from taskwatch import clock
from taskwatch.plugin import Message, Recipient

HOSTILE = (
    "",
    " ",
    "plain",
    "Überfällig ⚠️ 遅延",
    "שלום مرحبا",
    "\u202etxt.exe\u202c",
    "a\r\nBcc: eve@example.org",
    "a\nb\tc",
    "a\x00b\x1b[31mc\x07",
    "a\u2028b\u2029c\x85d",
    "<script>alert(1)</script>",
    "'; DROP TABLE tasks; --",
    "{{ 7 * 7 }} ${x} %s %(x)s",
    '"quoted" \\ back\\slash',
    "👩‍👩‍👧‍👦" * 60,
    "x" * 100_000,
)


def sample(**changes: Any) -> Message:
    """A message like those that taskwatch sends, with 10 s to send it, changed as asked."""
    now = clock.now()
    usual = Message(
        id="0b6f9d1c-5c0e-5d5b-9d35-6b0a4d0c7f11",
        recipient=Recipient(5, "dana", "Europe/Berlin"),
        address="dana@example.org",
        title="SLA Alert: Task Overdue - Review",
        text="Task 'Review' exceeded SLA by 45 minutes",
        url="https://tasks.example.org/admin/tasks/1",
        kind="task.sla.exceeded",
        reason="first",
        level="medium",
        data={"task_id": 1, "task_name": "Review", "alert_level": "medium"},
        event={"task_id": 1, "task_code": "REVIEW_BC114"},
        occurred_at=now,
        deadline=now + 10_000,
        thread="task-1",
    )
    return usual._replace(**changes)
