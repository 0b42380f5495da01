"""Everything out and in again: the same bytes, and no half or hostile dump gets in."""

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import postgres
from posts import post
from taskwatch.actions import (
    acknowledgements,
    contacts,
    dump,
    entry,
    links,
    mutes,
    preferences,
    tokens,
    transitions,
    workflows,
)
from taskwatch.actions.change import Change
from taskwatch.errors import Conflict, InvalidFile, TaskwatchError
from taskwatch.model import definition
from taskwatch.model.preference import Quiet
from taskwatch.store import dump as tables
from taskwatch.store import open_store
from taskwatch.store.queries import question
from taskwatch.testing import HandClock

NOW = 1_795_435_200_000
BC, _ = definition.check(
    {
        "workflow": {"code": "bc", "name": "Tür \u202eauf", "subject": "Order"},
        "task": [
            {"code": "REVIEW", "name": "Review", "timeout": 30, "assign": ["role:adv"]},
            {"code": "DELIVER", "name": "Deliver", "after": ["REVIEW"]},
        ],
    }
)
VERBS = ("start", "complete", "fail", "skip", "cancel", "hold", "resume", "reopen", "retry")


def told(_done, _total):
    pass


def lines_of(store):
    return [json.dumps(line, ensure_ascii=False).encode() for line in dump.export(store, told)]


def filled(store, moves=()):
    workflows.define(store, BC, Change(NOW))
    with store.write() as tx:
        tx.value("people.add", id=7, name="dana", email=None, timezone="UTC", admin=1, created_at=NOW)
        tx.run("people.grant", role_name="adv", user_id=7, granted_at=NOW)
        tx.value("people.add", id=9, name="gone", email=None, timezone=None, admin=0, created_at=NOW)
        tx.run("people.remove", id=9)
    for subject in ("114", "115"):
        workflows.start(store, "bc", "Order", subject, Change(NOW, key=f"start {subject}"))
    for place, (verb, code) in enumerate(moves):
        try:
            change = Change(NOW + 60_000 * place, by=7, reason='"ok"\n' if place % 2 else None)
            transitions.transition(store, verb, [code], change)
        except TaskwatchError:
            continue
    return store


def tell(store):
    """A row in each table of notifications, made as far as can be by the verbs that make them."""
    until = NOW + 7_200_000
    preferences.prefer(store, 7, ("*", "mail"), False, Change(NOW))
    preferences.set_quiet(store, 7, Quiet(1320, 420), Change(NOW))
    contacts.add(store, 7, "mail", "dana@example.org", Change(NOW))
    mutes.add(store, "type", "bc", until, Change(NOW))
    acknowledgements.acknowledge(store, ["REVIEW_BC115"], until, Change(NOW + 3_600_000))
    post(store, HandClock(NOW), 7, title="T\u00fcr \u202eauf")
    nothing = dict.fromkeys(("reason", "rule", "worker", "lease_until", "provider_id", "detail", "ended_at"))
    row = {"id": 1, "uid": "u", "notification_id": 1, "user_id": 7, "task_id": None, "channel": "mail"}
    times = {"due_at": NOW, "expires_at": until, "created_at": NOW, "attempt": 1, "crashes": 0}
    attempt = {"delivery_id": 1, "attempt": 1, "worker": "w", "begun_at": NOW}
    with store.write() as tx:
        tx.run("dump.add_deliveries", **nothing, **row, **times, address="a@example.org", state="pending")
        tx.run("dump.add_attempts", **attempt, ended_at=None, outcome=None, detail=None)


@pytest.fixture
def source(fresh):
    moves = [("start", "REVIEW_BC114"), ("hold", "REVIEW_BC114"), ("resume", "REVIEW_BC114"),
             ("complete", "REVIEW_BC114"), ("start", "REVIEW_BC115")]  # fmt: skip
    store = filled(fresh(), moves)
    tokens.create(store, tokens.NewToken("ci"), Change(NOW))
    tell(store)
    return store


@pytest.fixture
def empty(fresh):
    return fresh()


def test_export_import_export_gives_the_same_lines(source, empty):
    lines = lines_of(source)
    counts = dump.restore(empty, lines)
    assert lines_of(empty) == lines
    assert counts["tasks"] == 4
    assert set(tables.TABLES) - set(counts) == {"alerts", "imported"}
    assert sum(counts.values()) == len(lines) - 2 - sum(b'"counter"' in line for line in lines)


moves = st.lists(
    st.tuples(
        st.sampled_from(VERBS),
        st.sampled_from(["REVIEW_BC114", "DELIVER_BC114", "REVIEW_BC115", "DELIVER_BC115"]),
    ),
    max_size=25,
)


@pytest.mark.parametrize(
    "engines", [("sqlite", "sqlite"), ("sqlite", "postgres"), ("postgres", "sqlite")], ids=" to ".join
)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=moves)
def test_any_history_comes_back_as_it_was(tmp_path_factory, engines, moves):
    folder = tmp_path_factory.mktemp("dump")
    with postgres.databases(engines[0], folder) as here, postgres.databases(engines[1], folder) as there:
        source, target = filled(here(), moves), there()
        lines = lines_of(source)
        dump.restore(target, lines)
        assert lines_of(target) == lines


def test_the_first_line_names_the_format_and_the_last_one_counts(source):
    lines = [json.loads(line) for line in lines_of(source)]
    assert lines[0] == {"record": "taskwatch", "format": 1, "schema": 1}
    assert lines[-1] == {"record": "end", "rows": len(lines) - 2}


def test_the_epoch_is_not_carried_over(source, empty):
    with source.read() as one, empty.read() as two:
        epochs = {one.value("events.epoch"), two.value("events.epoch")}
    assert not any(epoch.encode() in b"".join(lines_of(source)) for epoch in epochs)
    dump.restore(empty, lines_of(source))
    with empty.read() as tx:
        assert {tx.value("events.epoch")} < epochs


def test_nothing_that_lets_anybody_in_is_carried_over(source, empty):
    secret = tokens.create(source, tokens.NewToken("me", user_id=7), Change(NOW))["secret"]
    ticket = entry.issue_ticket(source, secret, NOW).secret
    app, sealing = tokens.app_secret(source), links.link_secret(source).hex()
    text = b"".join(lines_of(source))
    with source.read() as tx:
        kept = {token.hash for token in tx.all(entry.Credential, "tokens.all")}
    for hidden in (secret, ticket, app, sealing, *kept, entry.digest(ticket)):
        assert hidden.encode() not in text
    dump.restore(empty, lines_of(source))
    assert tokens.list_(empty, NOW) == []
    assert tokens.any_tokens(empty)


def test_what_the_new_database_knows_of_itself_stands(source, empty):
    tokens.create(empty, tokens.NewToken("new"), Change(NOW))
    with empty.write() as tx:
        tx.run("events.prune", after=0, until=10, before=NOW + 1)
    dump.restore(empty, lines_of(source))
    assert [token["name"] for token in tokens.list_(empty, NOW)] == ["new"]


def test_ids_that_were_given_out_are_not_used_again(source, empty):
    dump.restore(empty, lines_of(source))
    with empty.write() as tx:
        values = {"name": "new", "email": None, "timezone": None, "admin": 0, "created_at": NOW}
        assert tx.value("people.add", id=None, **values) == 10


def test_the_restored_work_goes_on(source, empty):
    dump.restore(empty, lines_of(source))
    moved = transitions.transition(empty, "complete", ["REVIEW_BC115"], Change(NOW + 3_600_000))
    assert moved[0]["became_ready"] == ["DELIVER_BC115"]


def test_writers_go_on_while_an_export_is_being_read(source):
    other = open_store(source.url, patience=0.1)
    reading = dump.export(source, told)
    first = next(reading)
    workflows.start(other, "bc", "Order", "116", Change(NOW))
    assert not any("BC116" in str(line) for line in [first, *reading])
    other.close()


def test_a_database_that_is_not_empty_is_left_alone(source):
    before = lines_of(source)
    with pytest.raises(Conflict, match="not empty"):
        dump.restore(source, before)
    assert lines_of(source) == before


def test_a_dry_run_reads_all_and_keeps_nothing(source, empty):
    before = lines_of(empty)
    assert dump.restore(empty, lines_of(source), dry_run=True)["workflows"] == 2
    assert lines_of(empty) == before


def changed(lines, record, fields):
    """The dump with some fields of its first such record changed."""
    parsed = [json.loads(line) for line in lines]
    place = next(place for place, line in enumerate(parsed) if line["record"] == record)
    parsed[place].update(fields)
    return place + 1, [json.dumps(line).encode() for line in parsed]


@pytest.mark.parametrize(
    ("record", "fields", "message"),
    [
        ("users", {"id": "7"}, "id must be a whole number"),
        ("users", {"id": True}, "id must be a whole number"),
        ("users", {"id": 7.0}, "id must be a whole number"),
        ("users", {"id": None}, "id must be a whole number"),
        ("users", {"id": 2**63}, "id must be a whole number"),
        ("users", {"name": 5}, "name must be a text"),
        ("users", {"name": "\ud800"}, "half a character"),
        ("users", {"admin": 3}, "breaks a rule of the database"),
        ("users", {"email": ["x"]}, "email must be a text"),
        ("users", {"emial": "x"}, "users has no field 'emial'"),
        ("users", {"record": "user"}, "there is no record 'user'"),
        ("users", {"record": ["users"]}, "there is no record"),
        ("users", {"record": "sqlite_master"}, "there is no record"),
        ("user_roles", {"user_id": 8}, "FOREIGN KEY"),
        ("tasks", {"status": "done"}, "breaks a rule of the database"),
        ("tasks", {"id": 2}, "UNIQUE"),
        ("events", {"payload": "[]"}, "does not hold what it should"),
        ("events", {"payload": "{"}, "does not hold what it should"),
        ("workflow_types", {"definition": "{}"}, "does not hold what it should"),
        ("workflow_types", {"definition": "[" * 100_000}, "does not hold what it should"),
        ("notifications", {"data": "[]"}, "data does not hold what it should"),
        ("notifications", {"event": ""}, "event does not hold what it should"),
        ("deliveries", {"state": "lost"}, "breaks a rule of the database"),
        ("attempts", {"delivery_id": 9}, "FOREIGN KEY"),
        ("mutes", {"until": None}, "until must be a whole number"),
        ("idempotency", {"answer": ""}, "does not hold what it should"),
        ("counter", {"last": "9"}, "last must be a whole number"),
        ("end", {"rows": 1}, "tells of 1 rows"),
        ("meta", {"name": "pusher_secret", "value": "planted"}, "brings a secret"),
        ("meta", {"name": "link_secret", "value": "planted"}, "brings a secret"),
        ("taskwatch", {"format": 2}, "this dump has format 2"),
        ("taskwatch", {"record": "other"}, "not the first line of a dump"),
    ],
)
def test_a_line_that_is_wrong_is_named_and_nothing_gets_in(source, empty, record, fields, message):
    before = lines_of(empty)
    line, lines = changed(lines_of(source), record, fields)
    with pytest.raises(InvalidFile, match=f"(?i){re.escape(message)}") as caught:
        dump.restore(empty, lines)
    named = int(re.match(r"line (\d+)", caught.value.message)[1])
    assert named in ({line, line + 1} if message == "UNIQUE" else {line})
    assert lines_of(empty) == before


@pytest.mark.parametrize(
    "spoil",
    [
        lambda lines: [],
        lambda lines: lines[:-1],
        lambda lines: lines[:5] + lines[6:],
        lambda lines: [*lines, lines[-1]],
        lambda lines: [*lines[:-1], lines[-1][:-3]],
        lambda lines: [lines[0], b"\xff\xfe", *lines[1:]],
        lambda lines: [lines[0], b"[" * 100_000, *lines[1:]],
        lambda lines: [lines[0], b"7", *lines[1:]],
        lambda lines: [lines[0], b"", *lines[1:]],
    ],
)
def test_a_dump_that_was_cut_or_spoiled_is_refused(source, empty, spoil):
    before = lines_of(empty)
    with pytest.raises(InvalidFile):
        dump.restore(empty, spoil(lines_of(source)))
    assert lines_of(empty) == before


def test_every_table_and_column_of_the_schema_is_in_the_dump(empty):
    assert set(postgres.tables(empty)) == {*tables.TABLES, *tables.LEFT_OUT}
    with empty.read() as tx:
        for table in tables.TABLES:
            columns = [column.name for column in tables.columns(tx, table)]
            assert re.findall(r":(\w+)", question(f"dump.add_{table}")) == columns
            assert table == "meta" or f"FROM {table})" in question("dump.size")
