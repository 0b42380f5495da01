"""One invocation: flags, configuration, instant, zone and database, each found out once."""

import sqlite3
import time
from datetime import UTC, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskwatch import clock
from taskwatch.cli.command import Command
from taskwatch.cli.session import Session
from taskwatch.cli.zone import LocalZone
from taskwatch.errors import InvalidConfig, InvalidInput

NOON = 1_795_435_200_000
EARLY, LATE = datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2035-01-01")


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Session({"HOME": str(tmp_path)})


@pytest.fixture
def berlin(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_the_instant_is_read_once(session, monkeypatch):
    ticks = count(NOON)
    monkeypatch.setattr(clock, "now", lambda: next(ticks))
    assert session.now == session.now == session.at(None) == NOON


def test_a_typed_time_is_seen_from_now_and_in_the_zone(session):
    session.now = NOON
    session.note("option", (("timezone", "Asia/Tokyo"),))
    assert session.at("2h ago") == NOON - 7_200_000
    assert session.at("2026-11-23 09:00") == session.at("2026-11-23T00:00:00Z")
    with pytest.raises(InvalidInput):
        session.at("soon")


def test_utc_is_stronger_than_the_configured_zone(session):
    session.note("option", (("timezone", "Asia/Tokyo"),))
    session.note("utc", True)
    assert session.zone is UTC


def test_without_a_configured_zone_the_machine_s_is_used(session, berlin):
    assert datetime(2026, 7, 1, tzinfo=session.zone).utcoffset() == timedelta(hours=2)
    assert datetime(2026, 12, 1, tzinfo=session.zone).tzname() == "CET"


def test_the_machine_s_zone_equals_the_zone_database_through_every_clock_change(berlin):
    truth, local = ZoneInfo("Europe/Berlin"), LocalZone()

    def agree(moment):
        there = moment.astimezone(local)
        assert there.replace(tzinfo=truth) == moment.astimezone(truth)
        assert there.fold == moment.astimezone(truth).fold
        for fold in (0, 1):
            wall = moment.replace(fold=fold)
            assert wall.replace(tzinfo=local).utcoffset() == wall.replace(tzinfo=truth).utcoffset()

    given(st.datetimes(timezones=st.just(UTC), min_value=EARLY, max_value=LATE))(agree)()
    for minute in range(240):
        agree(datetime(2026, 10, 25, tzinfo=UTC) + timedelta(minutes=minute))
        agree(datetime(2026, 3, 29, tzinfo=UTC) + timedelta(minutes=minute))


@pytest.mark.parametrize(
    ("args", "json", "debug"),
    [
        ([], False, False),
        (["task", "list", "--json"], True, False),
        (["events", "--jsonl", "--debug"], True, True),
        (["task", "add", "--", "--json", "--debug"], False, False),
    ],
)
def test_the_wish_for_json_is_foreseen_in_the_arguments(session, args, json, debug):
    session.foresee(args)
    assert (session.json, session.debug) == (json, debug)


def test_the_environment_and_the_configuration_may_ask_for_json(session):
    assert not session.json
    session.note("option", (("output.format", "json"),))
    del session.config
    assert session.json
    assert Session({"TASKWATCH_OUTPUT": "json"}).json
    assert Session({"TASKWATCH_OUTPUT": "json", "TASKWATCH_USER": "nobody"}).json
    assert not Session({"TASKWATCH_OUTPUT": "text"}).json


@pytest.mark.parametrize("option", ["database", "user"])
def test_a_flag_of_its_own_is_stronger_than_the_same_key_by_option(session, option):
    session.note("option", (("database", "weak.db"), ("user", "1")))
    session.note("db", "strong.db")
    session.note("by", "2")
    assert session.config[option] == {"database": "strong.db", "user": 2}[option]


def test_quiet_and_verbose_make_one_verbosity(session):
    session.note("verbose", 2)
    session.note("quiet", 1)
    assert (session.verbose, session.quiet, session.verbosity) == (2, 1, 1)


def test_an_option_is_a_configuration_key_and_the_last_one_wins(session):
    session.note("option", (("output.hints", "true"),))
    session.note("option", (("output.hints", "false"), ("timezone", "UTC")))
    assert session.config.flag("output.hints") is False
    assert session.hints is False
    assert session.config.text("timezone") == "UTC"


def test_a_configuration_file_is_read(session, tmp_path):
    (tmp_path / "own.toml").write_text('timezone = "Asia/Tokyo"\n[output]\nhints = false\n')
    session.note("config", str(tmp_path / "own.toml"))
    assert session.config.text("timezone") == "Asia/Tokyo"
    assert not session.hints


def test_a_broken_configuration_is_an_error_but_never_stops_an_error_from_being_shown(session):
    session.note("option", (("no.such.key", "1"),))
    assert session.hints
    assert session.color == "auto"
    with pytest.raises(InvalidConfig):
        _ = session.config


def test_the_store_is_opened_once_and_closed_with_the_command(session, tmp_path):
    session.note("db", str(tmp_path / "own.db"))
    opened = []

    def work():
        opened.extend([session.store(), session.store()])
        assert (tmp_path / "own.db").exists()

    Command("work", callback=work).main([], obj=session, standalone_mode=False)
    assert opened[0] is opened[1]
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened[0].connection.execute("SELECT 1")
    with click.Context(Command("again")):
        assert session.store() is not opened[0]
