"""`taskwatch notify`: who is told of what, and what became of each message."""

from taskwatch.cli.lazy import LazyGroup

_HERE = "taskwatch.cli.notify"

notify = LazyGroup(
    "notify",
    {
        "why": (f"{_HERE}.why:why", "Account for what somebody was told, or not.", "Explain"),
        "preview": (f"{_HERE}.preview:preview", "Foresee who will be told what.", "Explain"),
        "status": (f"{_HERE}.status:status", "Show how each channel does.", "Explain"),
        "run": (f"{_HERE}.run:run", "Plan and deliver, for cron or on its own.", "Deliver"),
        "dead": (f"{_HERE}.dead:dead", "Look after what could not be delivered.", "Deliver"),
        "replay": (f"{_HERE}.replay:replay", "Try again what failed in a span of time.", "Deliver"),
        "test": (f"{_HERE}.test:test", "Send a real message to somebody, marked a test.", "Try"),
        "probe": (f"{_HERE}.probe:probe", "Ask a channel whether it would work.", "Try"),
    },
    help="Tell people what is ready and what is late, and see what became of every message.",
    examples=[
        "taskwatch notify run --once",
        "taskwatch notify why ADV_REVIEW_BC115 5",
        "taskwatch notify dead list --json",
    ],
)
