"""`taskwatch sla`: who is late, who will be, and why."""

from taskwatch.cli.lazy import LazyGroup

sla = LazyGroup(
    "sla",
    {
        "stats": ("taskwatch.cli.sla.stats:stats", "Count who is on time, at risk and late.", "Now"),
        "at-risk": ("taskwatch.cli.sla.lists:at_risk", "List tasks that run out of time.", "Now"),
        "violations": ("taskwatch.cli.sla.lists:violations", "List tasks that are late.", "Now"),
        "monitor": ("taskwatch.cli.sla.monitor:monitor", "Send the alerts that are due, for cron.", "Now"),
        "ack": ("taskwatch.cli.sla.care:ack", "Take care of a late task: it stops alerting.", "Care"),
        "snooze": ("taskwatch.cli.sla.care:snooze", "Hear of a late task later.", "Care"),
        "unack": ("taskwatch.cli.sla.care:unack", "Let a late task alert again.", "Care"),
        "explain": ("taskwatch.cli.sla.explain:explain", "Account for a task and its alerts.", "Why"),
        "simulate": ("taskwatch.cli.sla.simulate:simulate", "Foresee the alerts of a task.", "Why"),
        "report": ("taskwatch.cli.sla.report:report", "Sum up what was met and missed.", "History"),
    },
    help="Judge who is late, and say so. Time counts only while a task is in progress.",
    examples=[
        "taskwatch sla stats --json",
        "taskwatch sla monitor -q",
        "taskwatch sla explain ADV_REVIEW_BC115",
    ],
)
