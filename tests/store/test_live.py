"""Where daemons of a server's database are reached: a folder of this user's own on this machine."""

import os
import stat
from contextlib import closing

import pytest

from taskwatch.store.live import LiveFolder
from taskwatch.store.place import live_folder

URL = "postgresql://watch:s3cret@db.example.org/tasks?sslmode=verify-full"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    for name in ("STATE_DIRECTORY", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_it_is_in_the_state_directory_by_a_name_that_tells_nothing(home):
    folder = live_folder(URL)
    assert os.path.dirname(folder) == str(home / ".local/state/taskwatch")
    assert not {"s3cret", "watch", "tasks", "example"} & set(os.path.basename(folder).split("."))
    assert len(os.path.basename(folder)) == 16 + len(".live")


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("XDG_STATE_HOME", "/elsewhere", "/elsewhere/taskwatch"),
        ("XDG_STATE_HOME", "relative", "~/.local/state/taskwatch"),
        ("STATE_DIRECTORY", "/var/lib/taskwatch:/var/lib/other", "/var/lib/taskwatch"),
    ],
)
def test_systemd_and_xdg_say_where_that_is(monkeypatch, name, value, found):
    monkeypatch.setenv(name, value)
    assert os.path.dirname(live_folder(URL)) == os.path.expanduser(found)


def test_the_password_makes_no_difference_and_the_database_does():
    assert (
        live_folder(URL) == live_folder(URL.replace(":s3cret", "")) == live_folder(URL.replace("s3cret", "x"))
    )
    assert live_folder(URL) == live_folder(URL.replace("postgresql", "postgres"))
    others = [URL.replace("tasks", "other"), URL.replace("db.", "dc."), URL.replace("watch:", "clerk:")]
    assert len({live_folder(URL), *map(live_folder, others)}) == 4


def test_it_is_made_for_its_owner_alone_with_all_above_it(home):
    with closing(LiveFolder.make(URL)) as folder:
        while (path := folder.path) != str(home):
            assert stat.S_IMODE(os.stat(path).st_mode) == 0o700
            folder.path = os.path.dirname(path)
