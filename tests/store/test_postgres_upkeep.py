"""The doctor of a server: every finding, each planted on a real one where that can be done."""

import os

import pytest

import postgres
from taskwatch.store import open_store

examination = pytest.importorskip("taskwatch.store.postgres.examination")


@pytest.fixture
def store():
    url = postgres.new_database()
    store = open_store(url)
    yield store
    store.close()
    postgres.drop_database(url)


def examine(store, **options):
    return {finding.name: finding for finding in store.upkeep().examine(**options)}


def test_the_order_is_that_of_the_questions_one_asks(store):
    assert list(examine(store, full=True)) == [
        "server", "writes", "encryption", "role", "grants", "durability", "session", "connections", "schema",
        "counters", "transactions", "vacuum", "integrity", "log", "server clock",
    ]  # fmt: skip


def test_every_finding_that_is_not_well_names_the_next_step(store):
    assert [finding for finding in examine(store).values() if finding.level != "ok" and not finding.fix] == []


def test_a_server_in_a_hurry_is_told_to_be_careful(store):
    found = examine(store)["durability"]
    assert found.level == "fail"
    assert "fsync is off: a crash may destroy the database" in found.message


def test_a_superuser_is_more_than_is_needed(store):
    assert examine(store)["role"].message == "postgres is a superuser: more than a daemon needs"


def test_a_counter_that_keeps_numbers_in_store_is_a_fault(store):
    store.connection.execute("ALTER SEQUENCE taskwatch.events_seq_seq CACHE 32")
    found = examine(store)["counters"]
    assert (found.level, found.message) == ("fail", "numbers are given out of turn: events_seq_seq")
    store.connection.execute(found.fix.removeprefix("run: "))
    assert examine(store)["counters"].level == "ok"


def test_a_change_that_does_not_end_holds_the_log_up(store):
    with store.write() as tx:
        tx.run("events.note_pruned", seq=0)
    fresh = open_store(store.url, patience=0.2)
    with store.write(concurrent=True):
        store.connection.execute("INSERT INTO events (kind, at, topics, payload) VALUES ('x', 0, ' ', '{}')")
        assert examine_log(fresh).level == "ok", "nothing of it can be seen yet"
    fresh.close()
    assert examine_log(store).message == "complete up to 1"


def examine_log(store):
    return examine(store)["log"]


def test_what_a_pooler_drops_is_missed(store):
    store.connection.execute("SET statement_timeout = 0")
    found = examine(store)["session"]
    assert (found.level, found.message) == ("fail", "the way to the server drops statement_timeout")


def test_the_description_is_that_of_the_server(store):
    known = store.upkeep().describe()
    assert known.engine == "PostgreSQL"
    assert known.engine_version[:2].isdigit()
    assert known.size_bytes > 100_000
    assert (known.schema_version, known.journal_mode) == (1, None)


def test_a_vacuum_clears_dead_rows_away(store):
    store.connection.execute(
        "INSERT INTO events (kind, at, topics, payload)"
        " SELECT 'x', 0, ' ', repeat('x', 500) FROM generate_series(1, 20000)"
    )
    store.connection.execute("DELETE FROM events")
    before = store.upkeep().describe().size_bytes
    store.upkeep().vacuum()
    assert store.upkeep().describe().size_bytes < before / 2


def test_who_is_let_in_may_not_keep_books_nor_make_tables(store):
    role = f"few{os.getpid()}"
    store.connection.execute(f"CREATE ROLE {role}")
    try:
        for grant in store.upkeep().grants(role):
            store.connection.execute(grant)
        store.connection.execute(f"SET ROLE {role}")
        found = examine(store)
        assert found["role"].message == f"{role} may change rows and nothing else"
        assert found["grants"].level == "ok"
        refused = (
            "CREATE TABLE taskwatch.more ()",
            "DELETE FROM taskwatch.steps",
            "DROP TABLE taskwatch.mutes",
        )
        for statement in refused:
            with pytest.raises(Exception, match=r"permission denied|must be owner"):
                store.connection.execute(statement)
        store.connection.execute("RESET ROLE")
        store.connection.execute(f"REVOKE UPDATE ON taskwatch.tasks, taskwatch.tasks_id_seq FROM {role}")
        store.connection.execute(f"SET ROLE {role}")
        found = examine(store)["grants"]
        assert found.message == f"{role} lacks UPDATE on tasks, UPDATE on tasks_id_seq"
        assert found.fix == f"its owner runs: taskwatch db grants {role}"
    finally:
        store.connection.execute("RESET ROLE")
        store.connection.execute(f"DROP OWNED BY {role}")
        store.connection.execute(f"DROP ROLE {role}")


def test_a_role_s_odd_name_cannot_steer_what_is_granted(store):
    grants = store.upkeep().grants('x"; DROP TABLE tasks; --')
    assert all('"x""; DROP TABLE tasks; --"' in grant for grant in grants)


AWAY = {"host": "db.example.org"}
LOCKED = (1, "TLSv1.3", "TLS_AES_256_GCM_SHA384")


@pytest.mark.parametrize(
    ("finding", "level"),
    [
        (examination.judge_server(130_000, "13.0"), "ok"),
        (examination.judge_server(120_020, "12.20"), "fail"),
        (examination.judge_read_only(0, 0), "ok"),
        (examination.judge_read_only(1, 0), "fail"),
        (examination.judge_read_only(0, 1), "fail"),
        (examination.judge_encryption("/run", {}, (0, None, None)), "ok"),
        (examination.judge_encryption("db.example.org", AWAY, (0, None, None)), "fail"),
        (examination.judge_encryption("db.example.org", AWAY | {"sslmode": "require"}, LOCKED), "warn"),
        (examination.judge_encryption("db.example.org", AWAY | {"sslmode": "verify-full"}, LOCKED), "ok"),
        (examination.judge_role("x", 0, 0, 0), "ok"),
        (examination.judge_role("x", 0, 1, 1), "warn"),
        (examination.judge_role("x", 0, 0, 1), "warn"),
        (examination.judge_durability({"fsync": "on", "synchronous_commit": "off"}), "warn"),
        (examination.judge_durability({"fsync": "on", "synchronous_commit": "on"}), "ok"),
        (examination.judge_connections(97, 89, -1), "ok"),
        (examination.judge_connections(97, 90, -1), "warn"),
        (examination.judge_connections(97, 1, 2), "warn"),
        (examination.judge_transactions([(7, "psql", 90)]), "warn"),
        (examination.judge_transactions([]), "ok"),
        (examination.judge_bloat([("events", 90_000, 10)], autovacuum=True), "warn"),
        (examination.judge_bloat([], autovacuum=True), "ok"),
        (examination.judge_bloat([], autovacuum=False), "warn"),
    ],
)
def test_a_state_is_judged(finding, level):
    assert finding.level == level
    assert (finding.fix is None) == (level == "ok")
