"""Upgrading in two halves: this version and the one before side by side, on both engines."""

import shutil
import threading

import pytest

import postgres
from taskwatch.errors import StoreUnusable
from taskwatch.store import base, open_store, steps

PRE, POST = "0002_people.pre", "0002_people.post"
ADDS = "ALTER TABLE users ADD COLUMN nickname TEXT;\nCREATE INDEX users_by_nickname ON users (nickname);\n"
REMOVES = "ALTER TABLE users DROP COLUMN timezone;\n"


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path):
    if request.param == "sqlite":
        yield str(tmp_path / "taskwatch.db")
        return
    url = postgres.new_database(pristine=False)
    yield url
    postgres.drop_database(url)


@pytest.fixture
def world(tmp_path, monkeypatch):
    """Be a version: 1, 2 with a step in two halves, or 3 with one more."""
    versions = tmp_path / "versions"
    shutil.copytree(steps.FOLDER, versions / "1")
    shutil.copytree(versions / "1", versions / "2")
    (versions / "2" / f"{PRE}.sql").write_text(ADDS)
    (versions / "2" / f"{POST}.sql").write_text(REMOVES)
    shutil.copytree(versions / "2", versions / "3")
    (versions / "3" / "0003_more.sql").write_text(
        "CREATE TABLE more (id INTEGER PRIMARY KEY AUTOINCREMENT) STRICT;\n"
    )

    def be(version):
        monkeypatch.setattr(base, "SCHEMA_VERSION", version)
        monkeypatch.setattr(steps, "FOLDER", str(versions / str(version)))

    be(1)
    return be


def opened(url, *, create=True):
    """Open and close it; the steps that this applied."""
    store = open_store(url, create=create)
    store.close()
    return store.steps


def finish(url):
    store = open_store(url)
    try:
        return store.upkeep().migrate()
    finally:
        store.close()


def has(url, column):
    store = open_store(url)
    with store.read() as tx:
        found = [column[0] for column in tx.all(tuple, "dump.columns", table="users")]
    store.close()
    return column in found


def test_the_newest_step_is_the_version_of_the_schema():
    assert max(step.number for step in steps.known()) == base.SCHEMA_VERSION


def test_the_one_before_works_on_between_the_halves(url, world):
    opened(url)
    world(2)
    assert opened(url) == [PRE]
    assert opened(url) == []
    world(1)
    assert opened(url, create=False) == []
    assert has(url, "timezone")
    world(2)
    assert finish(url) == [POST]
    assert not has(url, "timezone")
    assert has(url, "nickname")
    world(1)
    with pytest.raises(StoreUnusable, match="has schema 2, this taskwatch knows up to 1"):
        opened(url)


def test_the_one_before_does_not_finish_what_it_does_not_know(url, world):
    opened(url)
    world(2)
    opened(url)
    world(1)
    assert finish(url) == []
    assert has(url, "timezone")


def test_two_versions_apart_is_too_far_and_what_lies_between_is_finished(url, world):
    opened(url)
    world(3)
    assert opened(url) == [PRE, POST, "0003_more"]
    for old in (1, 2):
        world(old)
        if old == 2:
            assert opened(url) == []
            continue
        with pytest.raises(StoreUnusable, match="has schema 3"):
            opened(url)


def test_a_new_database_needs_no_halves(url, world):
    world(2)
    assert opened(url) == ["0001_begin", PRE, POST]
    assert not has(url, "timezone")


def test_an_older_database_is_not_migrated_by_who_may_only_look(url, world):
    opened(url)
    world(2)
    with pytest.raises(StoreUnusable, match="older schema"):
        opened(url, create=False)


def test_the_doctor_tells_what_is_still_to_do(url, world):
    opened(url)
    world(2)
    store = open_store(url)
    found = {finding.name: finding for finding in store.upkeep().examine()}["schema"]
    assert (found.level, found.fix) == ("warn", "when all is upgraded, run: taskwatch db migrate --post")
    assert POST in found.message
    store.upkeep().migrate()
    assert {finding.name: finding for finding in store.upkeep().examine()}["schema"].level == "ok"
    store.close()


def test_a_step_that_fails_leaves_nothing_behind(url, world, tmp_path):
    opened(url)
    world(2)
    (tmp_path / "versions" / "2" / f"{PRE}.sql").write_text(ADDS + "CREATE TABLE users (id INTEGER);\n")
    with pytest.raises(Exception, match="users"):
        opened(url)
    world(1)
    assert not has(url, "nickname")
    world(2)
    (tmp_path / "versions" / "2" / f"{PRE}.sql").write_text(ADDS)
    assert opened(url) == [PRE]


def test_many_migrate_at_once_and_each_step_is_applied_once(url, world):
    opened(url)
    world(2)
    applied, threads = [], []
    for _ in range(6):
        threads.append(threading.Thread(target=lambda: applied.append(opened(url))))
        threads[-1].start()
    for thread in threads:
        thread.join()
    assert sorted(applied) == [[]] * 5 + [[PRE]]
