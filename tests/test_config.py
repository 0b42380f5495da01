import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from taskwatch.config import KEYS, acting_user, database_path, load
from taskwatch.errors import InvalidConfig

EXAMPLE = Path(__file__).parents[1] / "config.example.toml"
DEFAULTS = {name: key.default for name, key in KEYS.items()}


class Place:
    """A home, a working directory and a system file, all in one temporary folder."""

    def __init__(self, root):
        self.cwd, self.home, self.system = root / "work", root / "home", root / "etc" / "config.toml"
        for folder in (self.cwd, self.home, self.system.parent):
            folder.mkdir()
        self.project = self.cwd / "taskwatch.toml"
        self.user = self.home / ".config" / "taskwatch" / "config.toml"
        self.user.parent.mkdir(parents=True)
        self.environ = {"HOME": str(self.home)}

    def load(self, environ=(), config_path=None, **flags):
        named = {name.replace("__", "."): text for name, text in flags.items()}
        return self.load_flags(named, environ, config_path)

    def load_flags(self, flags, environ=(), config_path=None):
        both = self.environ | dict(environ)
        return load(flags=flags, environ=both, cwd=str(self.cwd), config_path=config_path)


@pytest.fixture
def place(tmp_path, monkeypatch):
    place = Place(tmp_path)
    monkeypatch.setattr("taskwatch.config.places.SYSTEM_FILE", str(place.system))
    return place


def values(config):
    return {setting.name: setting.value for setting in config.settings()}


def origin(config, name):
    return next(setting.origin for setting in config.settings() if setting.name == name)


def test_without_any_source_every_key_has_its_default(place):
    config = place.load()
    assert values(config) == DEFAULTS
    assert {setting.origin for setting in config.settings()} == {"default"}
    assert config.files == [(str(path), False) for path in (place.project, place.user, place.system)]


def test_each_source_overrides_the_weaker_ones(place):
    def days(environ=(), **flags):
        config = place.load(environ, **flags)
        return config.number("retention.events_days"), origin(config, "retention.events_days")

    place.system.write_text("[retention]\nevents_days = 1\n")
    assert days() == (1, f"{place.system}:2")
    place.user.write_text("# mine\n[retention]\nevents_days = 2\n")
    assert days() == (2, f"{place.user}:3")
    place.project.write_text("retention.events_days = 3\n")
    assert days() == (3, f"{place.project}:1")
    environ = {"TASKWATCH_RETENTION__EVENTS_DAYS": "4"}
    assert days(environ) == (4, "environment TASKWATCH_RETENTION__EVENTS_DAYS")
    assert days(environ, retention__events_days="5") == (5, "flag -o")


def test_sources_override_key_by_key_and_not_as_a_whole(place):
    place.system.write_text("user = 7\n[output]\ncolor = 'never'\n")
    place.project.write_text("[output]\ntime = 'iso'\n")
    config = place.load()
    assert (config["user"], config["output.color"], config["output.time"]) == (7, "never", "iso")
    assert config.files == [(str(place.project), True), (str(place.user), False), (str(place.system), True)]


def test_a_flag_of_its_own_is_named_as_the_origin(place):
    config = place.load_flags({"--db": "/srv/tasks.db", "--by": "7"})
    assert (config["database"], origin(config, "database")) == ("/srv/tasks.db", "flag --db")
    assert (config["user"], origin(config, "user")) == (7, "flag --by")


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("TASKWATCH_DB", "tasks.db", "database", "tasks.db"),
        ("TASKWATCH_USER", "7", "user", 7),
        ("TASKWATCH_TIMEZONE", "Europe/Paris", "timezone", "Europe/Paris"),
        ("TASKWATCH_COLOR", "never", "output.color", "never"),
        ("TASKWATCH_OUTPUT", "json", "output.format", "json"),
        ("TASKWATCH_HINTS", "off", "output.hints", False),
        ("TASKWATCH_TIME", "iso", "output.time", "iso"),
        ("TASKWATCH_SLA__ALERT_ON_RISE", "Yes", "sla.alert_on_rise", True),
        ("TASKWATCH_RETENTION__EVENTS_DAYS", "90", "retention.events_days", 90),
        ("TASKWATCH_RETENTION__IDEMPOTENCY_HOURS", "48", "retention.idempotency_hours", 48),
        ("TASKWATCH_SERVER__HOST", "::1", "server.host", "::1"),
        ("TASKWATCH_SERVER__PORT", "0", "server.port", 0),
        ("TASKWATCH_SERVER__WORKERS", "64", "server.workers", 64),
        ("TASKWATCH_PUSHER__APP_ID", "42", "pusher.app_id", "42"),
        ("TASKWATCH_PUSHER__CLIENT_EVENTS", "yes", "pusher.client_events", True),
    ],
)
def test_a_variable_sets_its_key(place, variable, text, name, value):
    config = place.load({variable: text})
    assert (config[name], origin(config, name)) == (value, f"environment {variable}")
    assert values(config) == DEFAULTS | {name: value}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("server.host", "tasks.example.org"),
        ("server.host", "[::]"),
        ("server.allowed_hosts", "tasks.example.org, 10.0.0.7 , [::1]"),
        ("server.allowed_origins", "https://app.example.org, http://localhost:5173"),
        ("server.trusted_proxies", "127.0.0.1, 10.0.0.0/8, fd00::/8"),
        ("server.public_url", "https://example.org/tasks/"),
        ("server.url", ""),
        ("pusher.key", "app-key_1"),
    ],
)
def test_a_text_that_is_understood_is_kept_as_it_was_written(place, name, text):
    assert place.load_flags({name: text})[name] == text


@pytest.mark.parametrize(
    ("name", "text", "hint"),
    [
        ("server.host", "", "The address that the daemon listens on"),
        ("server.host", "exa mple", "a host name or an address"),
        ("server.port", "65536", "The port"),
        ("server.workers", "0", "How many processes"),
        ("server.allowed_hosts", "tasks.example.org:8000", "without a port"),
        ("server.allowed_hosts", "a.example, *.example", "a host name or an address"),
        ("server.allowed_hosts", " ", "Names it answers to"),
        ("server.allowed_origins", "app.example.org", "scheme and host"),
        ("server.allowed_origins", "*", "scheme and host"),
        ("server.allowed_origins", "https://app.example.org/page", "without a path"),
        ("server.trusted_proxies", "proxy.example.org", "addresses or networks"),
        ("server.public_url", "ftp://example.org", "https://"),
        ("server.public_url", "http://example.org:99999", "https://"),
        ("server.public_url", "https://dana:secret@example.org", "https://"),
        ("server.url", "https://example.org/?a=1", "https://"),
        ("server.log_format", "xml", "How the daemon logs"),
        ("pusher.app_id", "one", "Id of the application"),
        ("pusher.key", "a/b", "Key of the application"),
    ],
)
def test_a_text_that_is_not_understood_names_its_key_and_the_next_step(place, name, text, hint):
    with pytest.raises(InvalidConfig, match=f"flag -o: {name} must be ") as error:
        place.load_flags({name: text})
    assert hint in error.value.hint


def test_an_empty_variable_counts_as_not_set(place):
    empty = dict.fromkeys([*(key.environ for key in KEYS.values()), "TASKWATCH_CONFIG"], "")
    assert values(place.load(empty)) == DEFAULTS


def test_foreign_variables_are_left_alone(place):
    foreign = {"TASKWATCH_PORT": "tcp://10.0.0.1:80", "TASKWATCHER__SLA": "1", "SLA__ALERT_ON_RISE": "1"}
    assert values(place.load(foreign)) == DEFAULTS


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("\n[retention]\nevents_days = 36526", 3, "retention.events_days must be 0..36525, got 36526"),
        ("retention = { events_days = true }", 1, "retention.events_days must be 0..36525, got true"),
        ("retention.events_days = 20.0", 1, "retention.events_days must be 0..36525, got 20.0"),
        ("[retention]\nidempotency_hours = 23", 2, "retention.idempotency_hours must be 24..876600, got 23"),
        ("[retention]\nevents_days = -1", 2, "retention.events_days must be 0..36525, got -1"),
        ("user = 'dana'", 1, 'user must be 0..9223372036854775807, got "dana"'),
        ("user = 0x" + "f" * 5000, 1, "user must be 0..9223372036854775807, got a very large number"),
        ("output.color = 'red'", 1, 'output.color must be auto, always or never, got "red"'),
        ("output.color = []", 1, "output.color must be auto, always or never, got a list"),
        ("output.hints = 'true'", 1, 'output.hints must be true or false, got "true"'),
        ("database = 1979-05-27", 1, "database must be one line of text, got 1979-05-27"),
        ("[database]", 1, "database must be one line of text, got a table"),
        (
            "timezone = 'Europe/Pariss'",
            1,
            'timezone must be a time zone such as Europe/Paris, got "Europe/Pariss"',
        ),
        ("timezone = 1", 1, "timezone must be a time zone such as Europe/Paris, got 1"),
        ("\nsla = 5", 2, "sla must be a table"),
        ("[[sla]]", 1, "sla must be a table"),
        ("[sla]\nalert_on_ris = true", 2, "there is no key sla.alert_on_ris"),
        ("\n[slaa]", 2, "there is no section slaa"),
        ("[sla.more]", 1, "there is no section sla.more"),
        ("'sla.alert_on_rise' = true", 1, 'there is no key "sla.alert_on_rise"'),
    ],
)
def test_a_wrong_value_in_a_file_is_told_with_its_line_and_key(place, text, line, sentence):
    place.project.write_text(text + "\n")
    with pytest.raises(InvalidConfig) as error:
        place.load()
    assert error.value.message == f"{place.project}:{line}: {sentence}"
    assert error.value.exit_code == 78
    assert error.value.hint


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[sla]\nalert_on_ris = true", "did you mean sla.alert_on_rise?"),
        ("colour = 'auto'", "did you mean output.color?"),
        ("color = 'auto'", "did you mean output.color?"),
        ("[ouput]", "did you mean output?"),
        ("[sla]\ntimezone = ''", "did you mean timezone?"),
        ("[zzz]", "choose from notify, output, plugins, pusher, retention, server, sla"),
        ("timezone = 'Europe/Pariss'", "Europe/Paris"),
        ("output.color = 'red'", 'When to use colour (default "auto")'),
    ],
)
def test_a_wrong_line_in_a_file_is_told_with_the_next_step(place, text, hint):
    place.project.write_text(text)
    with pytest.raises(InvalidConfig) as error:
        place.load()
    assert hint in error.value.hint


@pytest.mark.parametrize("letter", ["\\n", "\\u0000", "\\u001b", "\\u007f"])
def test_a_path_with_control_characters_is_refused(place, letter):
    place.project.write_text(f'database = "tasks{letter}.db"')
    with pytest.raises(InvalidConfig, match="one line of text"):
        place.load()


def test_a_very_long_value_is_cut_in_the_message(place):
    with pytest.raises(InvalidConfig) as error:
        place.load(output__color="x" * 10_000)
    assert len(error.value.message) < 150


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"TASKWATCH_USER": "dana"}, "environment TASKWATCH_USER: user must be 0"),
        ({"TASKWATCH_HINTS": "maybe"}, "environment TASKWATCH_HINTS: output.hints must be true or false"),
        ({"TASKWATCH_COLOR": "red"}, 'environment TASKWATCH_COLOR: output.color must be .* got "red"'),
        ({"TASKWATCH_RETENTION__EVENTS_DAYS": "9" * 5000}, "EVENTS_DAYS: .* must be 0..36525"),
        ({"TASKWATCH_SLA__ALRT": "1"}, "environment: there is no variable TASKWATCH_SLA__ALRT"),
    ],
)
def test_a_wrong_variable_is_told_by_its_name(place, environ, message):
    with pytest.raises(InvalidConfig, match=message):
        place.load(environ)


def test_the_nested_name_of_a_key_with_a_name_of_its_own_leads_to_that_name(place):
    with pytest.raises(InvalidConfig) as error:
        place.load({"TASKWATCH_OUTPUT__COLOR": "never"})
    assert error.value.hint == "did you mean TASKWATCH_COLOR?"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"--by": "dana"}, 'flag --by: user must be .* got "dana"'),
        ({"retention.events_days": "40000"}, "flag -o: retention.events_days must be 0..36525, got 40000"),
        ({"retention.events_days": "1.5"}, 'must be 0..36525, got "1.5"'),
        ({"sla.risk": "1"}, "flag -o: there is no key sla.risk"),
        ({"": "1"}, "flag -o: there is no key"),
    ],
)
def test_a_wrong_flag_is_told_by_its_name(place, flags, message):
    with pytest.raises(InvalidConfig, match=message):
        place.load_flags(flags)


@given(name=st.text(max_size=20) | st.sampled_from([*KEYS]), text=st.text(max_size=20))
def test_any_flag_either_fits_its_key_or_is_an_invalid_config(name, text):
    assert fits_or_is_refused(name, text)


def fits_or_is_refused(name, text):
    try:
        config = load(
            flags={name: text}, environ={"HOME": "/nowhere"}, cwd="/nowhere", config_path="/dev/null"
        )
    except InvalidConfig as error:
        return error.message.startswith("flag -")
    return KEYS[name].kind.fits(config[name])


def test_a_chosen_file_takes_the_place_of_the_search(place):
    place.project.write_text("user = 1")
    (place.cwd / "mine.toml").write_text("user = 2")
    (place.home / "other.toml").write_text("user = 3")
    by_environ = place.load({"TASKWATCH_CONFIG": "~/other.toml"})
    by_flag = place.load({"TASKWATCH_CONFIG": "~/other.toml"}, config_path="mine.toml")
    assert (by_environ["user"], by_flag["user"]) == (3, 2)
    assert by_flag.files == [(str(place.cwd / "mine.toml"), True)]


def test_a_chosen_file_that_is_missing_is_an_error_that_names_who_chose_it(place):
    with pytest.raises(InvalidConfig, match="no configuration file") as by_flag:
        place.load(config_path="none.toml")
    with pytest.raises(InvalidConfig, match="no configuration file") as by_environ:
        place.load({"TASKWATCH_CONFIG": "none.toml"})
    assert "--config" in by_flag.value.hint
    assert "TASKWATCH_CONFIG" in by_environ.value.hint


def test_a_file_that_is_not_toml_is_an_invalid_config_with_line_and_column(place):
    place.user.write_text("user = 1\ntimezone Europe\n")
    with pytest.raises(InvalidConfig, match=re.escape(f"{place.user}:2:10: ")) as error:
        place.load()
    assert error.value.exit_code == 78


def test_the_user_file_lies_where_xdg_says_unless_that_is_relative(place):
    folder = place.home / "xdg"
    absolute = place.load({"XDG_CONFIG_HOME": str(folder)}).files[1][0]
    relative = place.load({"XDG_CONFIG_HOME": "xdg"}).files[1][0]
    assert absolute == str(folder / "taskwatch" / "config.toml")
    assert relative == str(place.user)


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({}, "/home/dana/.local/share/taskwatch/taskwatch.db"),
        ({"XDG_DATA_HOME": "/data"}, "/data/taskwatch/taskwatch.db"),
        ({"XDG_DATA_HOME": "data"}, "/home/dana/.local/share/taskwatch/taskwatch.db"),
        (
            {"XDG_DATA_HOME": "/data", "STATE_DIRECTORY": "/var/lib/tw:/var/lib/two"},
            "/var/lib/tw/taskwatch.db",
        ),
        ({"STATE_DIRECTORY": "/var/lib/tw", "TASKWATCH_DB": "/srv/t.db"}, "/srv/t.db"),
        ({"TASKWATCH_DB": "~/t.db"}, "/home/dana/t.db"),
        ({"TASKWATCH_DB": "t.db"}, "t.db"),
        ({"TASKWATCH_DB": "postgresql://~@db/tasks"}, "postgresql://~@db/tasks"),
    ],
)
def test_the_database_lies_where_it_is_said_else_in_its_usual_place(place, environ, path):
    environ = {"HOME": "/home/dana", **environ}
    assert database_path(place.load(environ), environ) == path


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("t.db", "{folder}/t.db"),
        ("/srv/t.db", "/srv/t.db"),
        ("~/t.db", "{home}/t.db"),
        ("postgresql://db/tasks", "postgresql://db/tasks"),
        ("", "{home}/.local/share/taskwatch/taskwatch.db"),
    ],
)
def test_a_relative_database_in_a_file_starts_at_that_file(place, written, path):
    place.user.write_text(f"database = '{written}'")
    expected = path.format(folder=place.user.parent, home=place.home)
    assert database_path(place.load(), place.environ) == expected


def test_the_acting_user_is_nobody_until_one_is_set(place):
    assert acting_user(place.load()) is None
    assert acting_user(place.load({"TASKWATCH_USER": "7"})) == 7


def test_an_accessor_of_the_wrong_type_is_a_mistake_of_the_caller(place):
    config = place.load()
    for read, name in ((config.flag, "user"), (config.text, "user"), (config.number, "output.hints")):
        with pytest.raises(TypeError, match=re.escape(name)):
            read(name)
    with pytest.raises(KeyError):
        config.text("no.such")


def test_every_default_fits_its_key():
    assert [name for name, key in KEYS.items() if not key.kind.fits(key.default)] == []


def test_the_example_uncommented_loads_to_exactly_the_defaults_and_names_every_key(place):
    uncommented = re.sub(r"^#(?=\S)", "", EXAMPLE.read_text(), flags=re.MULTILINE)
    place.project.write_text(uncommented)
    config = place.load()
    assert values(config) == DEFAULTS
    unset = [setting.name for setting in config.settings() if setting.origin == "default"]
    assert unset == []


def test_the_example_as_it_is_sets_nothing():
    assert not any(tomli.loads(EXAMPLE.read_text()).values())


def test_the_example_explains_every_key_as_the_table_does():
    text = EXAMPLE.read_text()
    for name, key in KEYS.items():
        last = re.escape(name.rpartition(".")[2])
        assert re.search(
            rf"^# {re.escape(key.about)}\b.*\({key.environ}\)\n(# .*\n)*#{last} = ", text, re.MULTILINE
        )


HEAVY = {
    "tomli",
    "msgspec",
    "difflib",
    "pathlib",
    "zoneinfo",
    "json",
    "dataclasses",
    "datetime",
    "inspect",
}


def test_without_a_file_nothing_heavy_is_imported(tmp_path):
    program = f"""
import sys, os
before = set(sys.modules)
from taskwatch.config import database_path, load
environ = {{"HOME": {str(tmp_path)!r}, "TASKWATCH_DB": "t.db", "TASKWATCH_USER": "7"}}
database_path(load(flags={{"--color": "never"}}, environ=environ, cwd={str(tmp_path)!r}), environ)
print(*(set(sys.modules) - before))
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={**os.environ}
    )
    loaded = set(run.stdout.split())
    assert "taskwatch.config.settings" in loaded
    assert "taskwatch.config.files" not in loaded
    assert not loaded & HEAVY
