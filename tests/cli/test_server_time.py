"""On a server's database every command goes by its time, not by that of the machine it is typed on."""

import json

import pytest

import postgres
from taskwatch import clock
from taskwatch.model.times import parse_instant
from taskwatch.store import open_store


@pytest.fixture(params=[True], ids=["made"])
def store(request, home, monkeypatch):
    url = postgres.new_database(pristine=request.param)
    monkeypatch.setenv("TASKWATCH_DB", url)
    yield url
    postgres.drop_database(url)


@pytest.mark.parametrize("store", [False], ids=["empty"], indirect=True)
def test_a_database_that_is_made_by_the_command_itself_is_no_obstacle(store, run):
    code, _, err = run("task", "list")
    assert (code, "taskwatch db migrate" in err) == (1, True)
    assert run("task", "add", "PACK")[0] == 0
    assert run("task", "list")[0] == 0


def test_a_change_is_of_the_time_of_the_database(store, run, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: 1_000)  # long ago
    code, out, err = run("task", "add", "PACK", "--json")
    assert (code, err) == (0, "")
    code, out, _ = run("task", "show", "PACK", "--json")
    opened = open_store(store)
    changed_at = parse_instant(json.loads(out)["changed_at"], now=0, zone=None)
    assert abs(changed_at - opened.now()) < 60_000
    opened.close()


def test_a_file_is_of_the_time_of_its_machine(run, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: 1_000)
    assert run("task", "add", "PACK")[0] == 0
    assert json.loads(run("task", "show", "PACK", "--json")[1])["changed_at"] == "1970-01-01T00:00:01Z"
