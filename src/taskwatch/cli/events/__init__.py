"""`taskwatch events`: read and follow what happened."""

from taskwatch.cli.lazy import LazyGroup

events = LazyGroup(
    "events",
    {
        "list": (
            "taskwatch.cli.events.verbs:list_", "List events, the newest or those after a cursor.", "Verbs",
        ),
        "tail": ("taskwatch.cli.events.verbs:tail", "Print the last events and follow the log.", "Verbs"),
    },
    help="Read and follow what happened. Every change is an event, numbered in order.",
    examples=["taskwatch events list --since 1h", "taskwatch events tail -f --topic 'workflow.bc.*'"],
)  # fmt: skip
