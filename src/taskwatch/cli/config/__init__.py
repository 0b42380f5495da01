"""`taskwatch config`: the settings in force and where they come from."""

from taskwatch.cli.lazy import LazyGroup, Table

TABLE: Table = {
    "show": ("taskwatch.cli.config.verbs:show", "Show every key with its value.", "Look"),
    "path": ("taskwatch.cli.config.verbs:path", "Show which files are read, and the database.", "Look"),
    "check": ("taskwatch.cli.config.verbs:check", "Check a file, or all that is in force.", "Look"),
}

config = LazyGroup(
    "config",
    TABLE,
    help="Show and check the configuration.",
    examples=["taskwatch config show --origin", "taskwatch config check taskwatch.toml"],
)
