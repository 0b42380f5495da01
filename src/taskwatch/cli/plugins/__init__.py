"""`taskwatch plugins`: channels, template filters and commands that others wrote."""

from taskwatch.cli.lazy import LazyGroup

_VERBS = "taskwatch.cli.plugins.verbs"

plugins = LazyGroup(
    "plugins",
    {
        "list": (f"{_VERBS}:list_", "List plugins and what they bring.", "Look"),
        "show": (f"{_VERBS}:show", "Show a plugin and the options of its channels.", "Look"),
        "doctor": (f"{_VERBS}:doctor", "Load each plugin apart, and say what is wrong.", "Look"),
        "new": ("taskwatch.cli.plugins.new:new", "Write the package of a new plugin.", "Write"),
    },
    help=(
        "See and write plugins. Nothing is loaded that plugins.enabled does not name; "
        "-o plugins.enabled= runs a command without any."
    ),
    examples=["taskwatch plugins list", "taskwatch plugins new matrix"],
)
