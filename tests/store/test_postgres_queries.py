"""What PostgreSQL is asked: every question is understood, and the hot ones are answered by an index."""

import re
from contextlib import closing
from pathlib import Path

import pytest

import postgres
import taskwatch
from taskwatch.store import open_store
from taskwatch.store.postgres.questions import question
from taskwatch.store.queries import FOLDER, headings

SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in Path(taskwatch.__file__).parent.rglob("*.py"))
OWN = [
    f"{file.stem}.{heading}"
    for file in sorted(Path(FOLDER, "postgres").glob("*.sql"))
    for heading in headings(f"postgres/{file.stem}")
]
COMMON = [
    f"{file.stem}.{heading}" for file in sorted(Path(FOLDER).glob("*.sql")) for heading in headings(file.stem)
]
# SQLite's own books, which nobody asks for here.
ELSEWHERE = {"dump.add_counter"}


CROWD = """
INSERT INTO users SELECT n, 'u', NULL, NULL, 0, 0 FROM generate_series(1, 500) AS n;
INSERT INTO workflow_types VALUES (1, 'bc', 1, '{}', 0);
INSERT INTO workflows
SELECT n, 1, 'bc', 'Order', n::text, 'active', 0, NULL FROM generate_series(1, 501) AS n;
INSERT INTO tasks
SELECT n, 1 + n / 80, 'A', 'A' || n, 'a', 'task', 'in_progress', 1, 1, 30, NULL, NULL, 0, n, n, n, n, NULL, 0,
    n, n, n, n, 0, NULL, NULL FROM generate_series(1, 40000) AS n;
INSERT INTO dependencies SELECT n + 1, n FROM generate_series(1, 39000) AS n;
INSERT INTO events
SELECT n, 'task.became.ready', n, 1 + n % 1900, 1, NULL, ' ', '{}', NULL FROM generate_series(1, 6000) AS n;
INSERT INTO notifications
SELECT n, 'k' || n, n, 'task.became.ready', 'first', NULL, 1 + n % 500, 1 + n % 1900, 1, 1, 't', 't', NULL,
    '', '{}', '{}', 1, 0, 0, NULL, NULL, NULL FROM generate_series(1, 4000) AS n;
INSERT INTO deliveries
SELECT n, 'd' || n, n, 1 + n % 500, 1 + n % 1900, 'mail', 'a',
    CASE n % 8 WHEN 0 THEN 'pending' WHEN 1 THEN 'leased' WHEN 2 THEN 'suppressed' ELSE 'sent' END,
    CASE n % 8 WHEN 2 THEN 'grouped' END, NULL, n, n, 0, 0, NULL, n, NULL, NULL, n, NULL
    FROM generate_series(1, 4000) AS n;
INSERT INTO user_roles SELECT 'r' || n % 40, n, 0 FROM generate_series(1, 500) AS n;
ANALYZE;
"""


@pytest.fixture(scope="module")
def store():
    url = postgres.new_database()
    with closing(open_store(url)) as opened:
        opened.connection.execute(CROWD)
        opened.connection.execute("SET enable_seqscan = off")
        opened.connection.execute("SET plan_cache_mode = force_generic_plan")
        yield opened
    postgres.drop_database(url)


@pytest.mark.parametrize("name", sorted({*COMMON, *OWN} - ELSEWHERE))
def test_the_database_understands_every_question(store, name):
    sql = question(name)
    if sql.lstrip().startswith(("SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "--")):
        plan(store, name)
    else:
        store.connection.execute(sql)


@pytest.mark.parametrize("name", OWN)
def test_what_is_said_otherwise_is_said_by_somebody_else_too_or_asked_here_alone(name):
    file, _, heading = name.partition(".")
    common = headings(file).get(heading)
    assert common != headings(f"postgres/{file}")[heading]
    assert common is not None or f'"{name}"' in SOURCE or (file == "server" and f'"{heading}"' in SOURCE)


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("sla.at_risk", "tasks_at_risk"),
        ("sla.due_before", "tasks_due"),
        ("sla.below_share", "tasks_due"),
        ("sla.alerts_due", "tasks_next_alert"),
        ("sla.next_alert", "tasks_next_alert"),
        ("events.facts", "events_pkey"),
        ("events.page", "events_pkey"),
        ("events.last", "events_pkey"),
        ("events.of_task", "events_by_task"),
        ("events.forget", "idempotency_by_time"),
        ("tasks.by_id", "tasks_pkey"),
        ("tasks.by_code", "tasks_by_code"),
        ("tasks.of_workflow", "tasks_by_workflow"),
        ("tasks.unblocked_dependents", "dependencies_by_after"),
        ("tasks.hold", "dependencies_by_after"),
        ("tasks.hold_rows", "tasks_pkey"),
        ("workflows.active", "workflows_active"),
        ("workflows.unsatisfied", "tasks_by_workflow"),
        ("deliveries.due", "deliveries_due"),
        ("deliveries.next_due", "deliveries_due"),
        ("deliveries.abandoned", "deliveries_leased"),
        ("deliveries.expire", "deliveries_expiring"),
        ("deliveries.in_flight", "deliveries_by_channel_leased"),
        ("planning.following", "events_pkey"),
        ("planning.next_summary", "deliveries_gathered"),
        ("planning.gathered", "deliveries_gathered"),
        ("planning.entries", "deliveries_gathered"),
        ("planning.close_gathered", "deliveries_gathered"),
        ("planning.postpone_gathered", "deliveries_gathered"),
        ("planning.count_of_day", "deliveries_by_user"),
        ("planning.group_end", "deliveries_gathered"),
        ("planning.was_alerted", "deliveries_by_task"),
        ("planning.supersede", "deliveries_by_task"),
        ("inbox.counts", "notifications_unread"),
        ("inbox.entries", "notifications_by_user"),
        ("acknowledgements.running", "acknowledgements_by_end"),
    ],
)
def test_what_is_asked_often_is_found_by_an_index(store, name, index):
    found = plan(store, name)
    assert f" {index} " in found
    assert "Seq Scan on events" not in found
    assert "Seq Scan on deliveries" not in found
    assert "Seq Scan on tasks" not in found


def plan(store, name):
    """The plan for whatever values, as text."""
    sql, count = question(name), 0
    places = {}

    def place(found):
        nonlocal count
        if found[1] is None:
            count += 1
            return f"${count}"
        if found[1] not in places:
            count += 1
            places[found[1]] = f"${count}"
        return places[found[1]]

    sql = re.sub(r"%\((\w+)\)s|%s", place, sql).replace("%%", "%")
    connection = store.connection
    connection.execute(f"PREPARE asked AS {sql}".encode())
    try:
        values = f"({', '.join(['NULL'] * count)})" if count else ""
        return "\n".join(row[0] for row in connection.execute(f"EXPLAIN EXECUTE asked{values}".encode()))
    finally:
        connection.execute("DEALLOCATE asked")
