"""`taskwatch workflow`: types of workflows, and their runs. Each verb is built only when it is asked for."""

from taskwatch.cli.lazy import LazyGroup

_HERE = "taskwatch.cli.workflow"

workflow = LazyGroup(
    "workflow",
    {
        "define": (f"{_HERE}.defining:define", "Keep definitions as the types' next versions.", "Types"),
        "validate": (f"{_HERE}.defining:validate", "Check definitions and change nothing.", "Types"),
        "types": (f"{_HERE}.defining:types", "List the workflow types.", "Types"),
        "start": (f"{_HERE}.running:start", "Start a workflow for a subject.", "Runs"),
        "list": (f"{_HERE}.showing:list_", "List workflows and how far they are.", "Runs"),
        "show": (f"{_HERE}.showing:show", "Show a workflow's progress, or a type.", "Runs"),
        "graph": (f"{_HERE}.showing:graph", "Draw a workflow as a tree or for a drawing tool.", "Runs"),
        "cancel": (f"{_HERE}.running:cancel", "Cancel a workflow and its open tasks.", "Runs"),
    },
    help="Define, start and follow workflows. A workflow is named by its id or as bc.114.",
    examples=[
        "taskwatch workflow define bc.toml",
        "taskwatch workflow start bc Order 114",
        "taskwatch workflow show bc.114",
    ],
)
