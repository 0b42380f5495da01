"""`taskwatch db`: the care of the database."""

from taskwatch.cli.lazy import LazyGroup, Table

TABLE: Table = {
    "info": ("taskwatch.cli.db.verbs:info", "Show where it is, how large, and what is in it.", "Look"),
    "backup": ("taskwatch.cli.db.verbs:backup", "Copy it to a file, and verify the copy.", "Keep"),
    "migrate": ("taskwatch.cli.db.verbs:migrate", "Upgrade its schema, or switch its journal.", "Keep"),
    "copy": ("taskwatch.cli.db.moving:copy", "Move it to another place or engine, and prove it.", "Move"),
    "epoch": ("taskwatch.cli.db.moving:epoch", "Show or renew the name of its event log.", "Move"),
    "grants": ("taskwatch.cli.db.server:grants", "Print the SQL that lets a role use it.", "Keep"),
    "vacuum": ("taskwatch.cli.db.verbs:vacuum", "Give unused space back to the disk.", "Tidy"),
    "prune": ("taskwatch.cli.db.verbs:prune", "Forget old events and idempotency keys.", "Tidy"),
}

db = LazyGroup(
    "db",
    TABLE,
    help="Back up, migrate, move and tidy the database.",
    examples=["taskwatch db info", "taskwatch db backup ~/taskwatch-monday.db"],
)
