"""What a transaction on PostgreSQL keeps and shows: the same as on SQLite, value for value."""

from contextlib import closing

import pytest

import postgres
from taskwatch.actions import lookup, people, tasks
from taskwatch.actions.change import Change
from taskwatch.actions.tasks import NewTask
from taskwatch.errors import Conflict, InvalidInput, NotFound, Unavailable
from taskwatch.store import open_store
from taskwatch.store.base import BrokenRow
from taskwatch.store.postgres.store import BATCH
from taskwatch.testing import START

ADD = {"id": None, "name": "dana", "email": None, "timezone": None, "admin": 0, "created_at": 0}
ROW = {**ADD, "name": "eli"}


@pytest.fixture(params=["sqlite", "postgres"])
def store(request, tmp_path):
    with postgres.databases(request.param, tmp_path) as new:
        yield new()


@pytest.fixture
def server(tmp_path):
    """A store on PostgreSQL alone."""
    with postgres.databases("postgres", tmp_path) as new:
        yield new()


def users(store):
    with store.read() as tx:
        return tx.all(tuple, "people.users")


def people_of(ids, **fields):
    return [{**ROW, "id": number, **fields} for number in ids]


def test_a_failing_block_and_a_dry_run_keep_nothing(store):
    with pytest.raises(ZeroDivisionError), store.write() as tx:
        raise ZeroDivisionError(tx.value("people.add", **ADD))
    with store.write(dry_run=True) as tx:
        tx.value("people.add", **ADD)
        assert len(tx.all(tuple, "people.users")) == 1
    assert users(store) == []
    with store.write() as tx:
        assert tx.run("people.edit", id=1, name="x", email=None, timezone=None, admin=0) == 0
        tx.value("people.add", **ADD)
    assert len(users(store)) == 1


def test_truth_and_numbers_and_nothing_come_back_alike(store):
    with store.write() as tx:
        assert tx.value("people.add", **{**ADD, "id": 2**53, "admin": True}) == 2**53
        assert tx.value("people.add", **ADD) == 2**53 + 1
    [first, second] = users(store)
    assert first == (2**53, "dana", None, None, 1, 0)
    assert [type(value) for value in second] == [int, str, type(None), type(None), int, int]
    with store.read() as tx:
        assert tx.value("deliveries.is_due", channels="[]", now=0) == 0
        assert type(tx.value("deliveries.is_due", channels="[]", now=0)) is int
        assert tx.one(tuple, "people.user", id=5) is None
        assert tx.value("people.user", id=5) is None
        assert tx.all(tuple, "people.roles") == []


def test_sums_are_whole_numbers_and_names_are_in_the_order_of_their_letters(store):
    with store.write() as tx:
        tx.many("dump.add_users", people_of([1, 2]))
        for role, user_id in (("b", 1), ("B", 1), ("a_c", 1), ("a.c", 2), ("b", 2)):
            tx.run("people.grant", role_name=role, user_id=user_id, granted_at=0)
        found = tx.all(tuple, "people.roles")
    assert found == [("B", 1, 0), ("a.c", 1, 0), ("a_c", 1, 0), ("b", 2, 0)]
    assert {type(value) for row in found for value in row[1:]} == {int}


def test_an_id_that_is_given_raises_the_counter_from_the_first_on(store):
    with store.write() as tx:
        assert tx.value("people.add", **{**ADD, "id": 1}) == 1
        assert tx.value("people.add", **ADD) == 2
        assert tx.value("people.add", **{**ADD, "id": 9}) == 9
        tx.run("people.remove", id=9)
        assert tx.value("people.add", **ADD) == 10


@pytest.mark.parametrize("count", [0, 1, BATCH - 1, BATCH, 2 * BATCH + 1])
def test_many_rows_are_kept_however_many(store, count):
    with store.write() as tx:
        tx.many("dump.add_users", (row for row in people_of(range(1, count + 1))))
        assert [row[0] for row in tx.stream(tuple, "dump.users")] == list(range(1, count + 1))
    assert len(users(store)) == count


@pytest.mark.parametrize("place", [0, 1, BATCH - 1, BATCH, BATCH + 7])
@pytest.mark.parametrize("wrong", [{"admin": 2}, {"name": None}, {"name": "\ud800"}], ids=str)
def test_of_many_rows_the_broken_one_is_named_and_none_is_kept(store, place, wrong):
    rows = people_of(range(1, BATCH + 20))
    rows[place].update(wrong)
    with pytest.raises(BrokenRow) as caught, store.write() as tx:
        tx.many("dump.add_users", iter(rows))
    assert caught.value.number == place
    assert users(store) == []
    with store.write() as tx:
        tx.value("people.add", **ADD)


def test_a_reader_and_a_snapshot_see_one_state(server):
    with closing(open_store(server.url)) as other:
        for looking in (server.read, server.snapshot):
            with looking() as tx:
                before = tx.all(tuple, "people.users")
                with other.write() as written:
                    written.value("people.add", **ADD)
                assert tx.all(tuple, "people.users") == before
    assert len(users(server)) == 2


def test_who_reads_cannot_write(server):
    for looking in (server.read, server.snapshot):
        with pytest.raises(Unavailable, match="takes no writes"), looking() as tx:
            tx.value("people.add", **ADD)
    assert users(server) == []


def test_what_is_played_in_a_sandbox_is_seen_by_nobody_and_holds_nobody_up(store):
    tasks.add(store, [NewTask("A"), NewTask("B")], Change(START))
    before = postgres.everything(store)
    with store.sandbox() as tx:
        assert len(tx.all(tuple, "tasks.similar_codes", prefix="")) == 2
        tx.run("planning.set_cursor", value="played-1")
        nothing = {"workflow_id": None, "status": None, "origin": None}
        tx.run("events.record", kind="k", at=1, task_id=1, topics=" ", payload="{}", **nothing)
        played = tx.value("events.last")
        with closing(open_store(store.url, patience=0.3)) as other, other.write() as written:
            written.run("planning.set_cursor", value="real-1")
    assert played > 2
    with store.read() as tx:
        assert tx.value("planning.cursor") == "real-1"
    assert [line for line in postgres.everything(store) if "real-1" not in line] == before


def test_in_a_sandbox_nothing_else_may_be_written(server):
    with pytest.raises(Unavailable, match="takes no writes"), server.sandbox() as tx:
        tx.value("people.add", **ADD)
    assert users(server) == []


def test_a_text_with_a_nul_is_refused_politely(server):
    with pytest.raises(InvalidInput, match="cannot keep this text"), server.write() as tx:
        tx.value("people.add", **{**ADD, "name": "a\x00b"})
    with pytest.raises(InvalidInput):
        people.add(server, people.NewUser("a\x00b"), Change(START))
    assert users(server) == []


@pytest.mark.parametrize("ref", ["a\x00b", "\ud800", "\udcff.\udcff"])
def test_a_name_that_no_database_keeps_names_nothing(store, ref):
    for find in (lookup.task, lookup.workflow):
        with pytest.raises((InvalidInput, NotFound)), store.read() as tx:
            find(tx, ref)
    assert users(store) == []


def test_a_key_that_is_there_is_a_conflict(server):
    with server.write() as tx:
        tx.value("people.add", **{**ADD, "id": 1})
    with pytest.raises(Conflict, match="somebody was first"), server.write() as tx:
        tx.value("people.add", **{**ADD, "id": 1})


def test_a_connection_that_was_lost_is_made_anew(server):
    def cut():
        with closing(open_store(server.url)) as other:
            kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            other.connection.execute(kill + " AND datname = current_database()").fetchall()

    def be_cut_off():
        with server.write() as tx:
            tx.value("people.add", **ADD)
            cut()
            tx.value("people.add", **ADD)

    with pytest.raises(Unavailable):
        be_cut_off()
    assert users(server) == []
    cut()
    with server.write() as tx:
        tx.value("people.add", **ADD)
    assert len(users(server)) == 1


def test_what_is_read_at_leisure_outlives_the_patience_of_others(tmp_path):
    url = postgres.new_database()
    with closing(open_store(url, patience=0.2)) as store:
        with store.snapshot() as tx:
            store.connection.execute("SELECT pg_sleep(0.4)")
            assert tx.all(tuple, "people.users") == []
        with pytest.raises(Unavailable, match="took too long"), store.read():
            store.connection.execute("SELECT pg_sleep(3)")
    postgres.drop_database(url)


def test_time_is_that_of_the_server(server):
    with closing(open_store(server.url)) as other:
        times = [server.now(), other.now(), server.now()]
    assert times == sorted(times)
    assert times[2] - times[0] < 60_000
