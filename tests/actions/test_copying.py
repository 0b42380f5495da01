"""Moving a database: everything along, proved the same, another log; or nothing at all."""

import pytest

import postgres
from taskwatch.actions import copying, events, tasks, tokens, transitions, upkeep
from taskwatch.actions.change import Change
from taskwatch.cli.demo.morning import play
from taskwatch.errors import Conflict, InvalidInput, StoreUnusable, Unavailable
from taskwatch.store import dump, open_store

NOON = 1_795_435_200_000
WAYS = [("sqlite", "postgres"), ("postgres", "sqlite")]
ALL_WAYS = [*WAYS, ("sqlite", "sqlite"), ("postgres", "postgres")]


def silent(_done, _total):
    pass


@pytest.fixture
def make(tmp_path):
    """Open a new database of an engine; all are closed and removed at the end."""
    made = []

    def make(engine, **options):
        url = postgres.new_database() if engine == "postgres" else str(tmp_path / f"{len(made)}.db")
        made.append(open_store(url, **options))
        return made[-1]

    yield make
    for store in made:
        store.close()
        if store.url.startswith("postgresql"):
            postgres.drop_database(store.url)


@pytest.fixture(params=WAYS, ids="-".join)
def pair(request, make):
    """A database that has been lived in, and an empty one."""
    source, target = (make(engine) for engine in request.param)
    play(source, NOON)
    tokens.create(source, tokens.NewToken("ci", admin=True), Change(NOON))
    with source.write() as tx:
        tx.run("planning.set_cursor", value=f"{tx.value('events.epoch')}-7")
    return source, target


def content(store):
    with store.read() as tx:
        return {name: list(dump.rows(tx, name)) for name in dump.MOVED if name != "meta"} | {
            "meta": list(dump.moved(tx, "meta")),
            "counters": tx.all(tuple, "dump.counters"),
        }


def value(store, name):
    with store.read() as tx:
        return tx.value(name)


@pytest.mark.parametrize("pair", ALL_WAYS, ids="-".join, indirect=True)
def test_everything_goes_along_and_is_proved(pair):
    source, target = pair
    heard = []
    done = copying.copy(source, target, lambda *step: heard.append(step))
    assert content(target) == content(source)
    assert done["rows"] == sum(table["rows"] for table in done["tables"]) > 100
    assert {table["name"] for table in done["tables"]} == set(dump.MOVED)
    assert heard[-1] == (2 * done["rows"], 2 * done["rows"])
    assert value(target, "dump.left_out") > 0


def test_the_copy_is_another_log_in_which_planning_goes_on(pair):
    source, target = pair
    old = value(source, "events.epoch")
    done = copying.copy(source, target, silent)
    assert value(target, "events.epoch") == done["epoch"] != old
    assert value(target, "planning.cursor") == f"{done['epoch']}-7"
    assert value(source, "events.epoch") == old


def test_the_copy_lives_on_with_new_ids(pair):
    source, target = pair
    copying.copy(source, target, silent)
    last = max(row[0] for row in content(source)["tasks"])
    tasks.add(target, [tasks.NewTask("AFTER")], Change(NOON))
    transitions.transition(target, "start", ["AFTER"], Change(NOON))
    assert max(row[0] for row in content(target)["tasks"]) == last + 1
    assert events.position(target)[1] > events.position(source)[1]


def test_a_target_with_anything_in_it_is_refused(pair):
    source, target = pair
    tokens.create(target, tokens.NewToken("other", admin=True), Change(NOON))
    before = content(target)
    with pytest.raises(Conflict, match="is not empty"):
        copying.copy(source, target, silent)
    assert content(target) == before


def test_nobody_writes_meanwhile(pair):
    source, target = pair
    hurried = open_store(source.url, patience=0.1)
    blocked = []

    def interfere(done, _total):
        if done and not blocked:
            with pytest.raises(Unavailable):
                tasks.add(hurried, [tasks.NewTask("LOST")], Change(NOON))
            blocked.append(done)

    copying.copy(source, target, interfere)
    hurried.close()
    assert blocked
    assert content(target) == content(source)


def test_a_copy_that_is_not_the_same_is_not_kept(pair, monkeypatch):
    source, target = pair
    write = copying._Move._write
    monkeypatch.setattr(
        copying._Move,
        "_write",
        lambda self, name, batch: write(self, name, batch[: -(name == "mutes") or None]),
    )
    with source.write() as tx:
        tx.run(
            "dump.add_mutes",
            id=1,
            scope="role",
            target="adv",
            user_id=None,
            reason=None,
            at=0,
            until=9,
            ended_at=None,
        )
    with pytest.raises(StoreUnusable, match="the copy of mutes is not the same"):
        copying.copy(source, target, silent)
    assert value(target, "dump.size") == value(target, "dump.left_out") == 0


def test_a_text_that_the_other_engine_cannot_keep_names_its_table(make):
    source, target = make("sqlite"), make("postgres")
    source.connection.execute("INSERT INTO meta (name, value) VALUES ('odd', 'a' || char(0) || 'b')")
    with pytest.raises(InvalidInput, match="a row of meta cannot be kept"):
        copying.copy(source, target, silent)
    assert value(target, "dump.left_out") == 0


def test_two_schemas_are_not_mixed(make):
    source, target = make("sqlite"), make("sqlite")
    target.connection.execute("ALTER TABLE users ADD COLUMN nickname TEXT")
    with pytest.raises(StoreUnusable, match="different schemas: users"):
        copying.copy(source, target, silent)


def test_renewing_the_epoch_lets_clients_begin_anew_and_planning_go_on(pair):
    source, _ = pair
    old = upkeep.epoch(source)["epoch"]
    with source.read() as tx:
        last = tx.value("events.last")
    new = upkeep.renew_epoch(source)
    assert new["renewed"]
    assert new["epoch"] != old
    assert value(source, "planning.cursor") == f"{new['epoch']}-7"
    assert upkeep.epoch(source) == {"epoch": new["epoch"], "renewed": False}
    with pytest.raises(Conflict, match="another"):
        events.facts_after(source, old, last, 10)
