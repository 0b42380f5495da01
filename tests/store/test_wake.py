"""A commit rings every daemon of its database, and costs nothing where there is none."""

import os
import select
import socket
import subprocess
import sys
from contextlib import closing, suppress

import pytest

from taskwatch.actions import tasks
from taskwatch.store import open_store, wake
from taskwatch.store.live import LiveFolder
from taskwatch.testing import HandClock, new_store


@pytest.fixture
def ear(store):
    with closing(wake.listen(store.url)) as opened:
        yield opened


def add_task(store):
    tasks.add(store, [tasks.NewTask("PACK")], HandClock().change())


def rung(ear):
    return bool(select.select([ear], [], [], 0)[0])


def test_a_commit_that_wrote_rings(store, ear):
    assert not rung(ear)
    add_task(store)
    assert rung(ear)
    assert ear.drain()
    assert not rung(ear)
    assert not ear.drain()


def test_several_nudges_are_drained_at_once(store, ear):
    for _ in range(5):
        wake.nudge(store.url)
    assert ear.drain()
    assert not ear.drain()


def test_reading_dry_runs_failures_and_empty_writes_do_not_ring(store, ear):
    with store.read() as tx:
        tx.value("events.epoch")
    with store.write(dry_run=True) as tx:
        add_user(tx)
    with suppress(ZeroDivisionError), store.write() as tx:
        add_user(tx)
        raise ZeroDivisionError
    with store.write():
        pass
    assert not rung(ear)
    with store.write() as tx:
        add_user(tx)
    assert rung(ear)


def add_user(tx):
    tx.value("people.add", id=5, name="dana", email=None, timezone=None, admin=0, created_at=0)


def test_every_ear_of_that_database_is_rung_and_no_other(store, ear, tmp_path):
    with (
        closing(wake.listen(store.url)) as second,
        closing(wake.listen(str(tmp_path / "other.db"))) as other,
    ):
        add_task(store)
        assert (rung(ear), rung(second), rung(other)) == (True, True, False)


def test_another_process_rings_by_another_name_of_the_file(store, ear, tmp_path):
    (tmp_path / "link.db").symlink_to(store.url)
    words = [sys.executable, "-m", "taskwatch", "task", "add", "PACK"]
    environ = {**os.environ, "TASKWATCH_DB": "link.db", "HOME": str(tmp_path)}
    subprocess.run(words, cwd=tmp_path, env=environ, check=True, capture_output=True)
    assert rung(ear)


def test_a_daemon_that_does_not_listen_holds_nobody_up(store, ear):
    for _ in range(2000):
        wake.nudge(store.url)
    assert ear.drain()


def test_only_the_owner_can_reach_it(store, ear, tmp_path):
    folder = tmp_path / "taskwatch.db.live"
    (name,) = os.listdir(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / name).stat().st_mode & 0o777 == 0o600


def test_closing_removes_the_socket(store, tmp_path):
    wake.listen(store.url).close()
    assert os.listdir(tmp_path / "taskwatch.db.live") == []


def test_a_socket_whose_process_is_gone_is_removed_and_other_things_are_left(
    store, ear, tmp_path, monkeypatch
):
    folder = tmp_path / "taskwatch.db.live"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        monkeypatch.chdir(folder)  # the path of a socket must be short
        dead.bind("wake-1-dead")
    (folder / "wake-text").write_text("no socket")
    (folder / "note").write_text("mine")
    add_task(store)
    assert rung(ear)
    assert {"note"} <= set(os.listdir(folder))
    assert "wake-1-dead" not in os.listdir(folder)


@pytest.mark.parametrize("length", [100, 200])
def test_a_long_path_is_reached_too(tmp_path, length):
    folder = tmp_path / ("a" * length) / ("b" * length)
    folder.mkdir(parents=True)
    with closing(open_store(str(folder / "t.db"))) as store, closing(wake.listen(store.url)) as ear:
        add_task(store)
        assert rung(ear)


def test_where_no_folder_can_be_made_there_is_no_ear_and_commits_go_on(tmp_path):
    with closing(new_store(tmp_path)) as store:
        (tmp_path / "taskwatch.db.live").write_text("in the way")
        assert wake.listen(store.url) is None
        add_task(store)
    assert wake.listen(str(tmp_path / "none" / "t.db")) is None


def test_a_folder_that_leads_elsewhere_is_not_used(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "t.db.live").symlink_to(tmp_path / "elsewhere")
    assert wake.listen(str(tmp_path / "t.db")) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_not_used(tmp_path):
    (tmp_path / "t.db.live").mkdir()
    os.chown(tmp_path / "t.db.live", 12345, 12345)
    assert wake.listen(str(tmp_path / "t.db")) is None


def test_a_folder_left_open_to_others_is_closed_to_them(tmp_path):
    (tmp_path / "t.db.live").mkdir(mode=0o755)
    wake.listen(str(tmp_path / "t.db")).close()
    assert (tmp_path / "t.db.live").stat().st_mode & 0o777 == 0o700


def test_names_are_never_used_twice(tmp_path):
    with closing(LiveFolder.make(str(tmp_path / "t.db"))) as folder:
        assert len({folder.new_name("wake-") for _ in range(100)}) == 100


@pytest.mark.parametrize("folder_is_there", [False, True])
def test_without_a_daemon_a_change_does_not_import_socket(tmp_path, folder_is_there):
    new_store(tmp_path).close()
    if folder_is_there:
        (tmp_path / "taskwatch.db.live").mkdir()
    script = (
        "import sys\nfrom taskwatch.cli import main\ntry:\n    main(['task', 'add', 'PACK'])\n"
        "finally:\n    print('socket' in sys.modules, 'taskwatch.store.wake' in sys.modules)"
    )
    environ = {"TASKWATCH_DB": "taskwatch.db", "HOME": str(tmp_path), "PATH": ""}
    words = [sys.executable, "-c", script]
    done = subprocess.run(words, cwd=tmp_path, env=environ, check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "False True"
