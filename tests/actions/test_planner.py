"""The planner of a configuration: its rules, its channels, its limits, and where its links lead."""

from zoneinfo import ZoneInfo

import pytest

from taskwatch.actions.planner import planner
from taskwatch.config import load
from taskwatch.model.calm import Limits
from taskwatch.model.routing import DEFAULT_RULES
from taskwatch.plugin.loading import Plugins

NONE = Plugins({}, {}, [], [])
FILE = """
timezone = "Europe/Berlin"
[server]
public_url = "https://tasks.example.org/"
[notify]
daily_cap = 20
group_minutes = 5
templates = "words"
[[notify.rule]]
to = ["admins"]
channels = ["post"]
[channel.post]
type = "mail"
host = "smtp.example.org"
[channel.all]
type = "webhook"
url = "https://example.org/hook"
[channel.each]
type = "webhook"
[channel.shell]
type = "exec"
command = ["true"]
[channel.unknown]
type = "pigeon"
"""


@pytest.fixture
def configured(tmp_path):
    def configured(text=""):
        (tmp_path / "taskwatch.toml").write_text(text)
        return planner(load(flags={}, environ={"HOME": str(tmp_path)}, cwd=str(tmp_path)), NONE)

    return configured


def test_without_a_configuration_the_usual_rules_have_the_inbox_and_open_pages(configured):
    found = configured()
    assert found.rules == DEFAULT_RULES
    assert found.channels == {"database": False, "broadcast": False}
    assert (found.limits, found.templates, found.public_url) == (Limits(), None, "http://localhost:8000")


def test_a_configuration_says_all_there_is_to_say(configured, tmp_path):
    found = configured(FILE)
    assert [rule.to for rule in found.rules] == [("admins",)]
    assert found.limits == Limits(daily_cap=20, group_seconds=300)
    assert found.zone == ZoneInfo("Europe/Berlin")
    assert found.templates == str(tmp_path / "words")
    assert found.public_url == "https://tasks.example.org"


def test_who_needs_an_address_follows_from_the_channel_and_what_is_set(configured):
    assert configured(FILE).channels == {
        "database": False, "broadcast": False, "post": True, "all": False, "each": True, "shell": False,
    }  # fmt: skip


def test_selectors_and_filters_of_plugins_are_taken_along(tmp_path):
    plugins = NONE._replace(filters={"shout": str.upper})
    found = planner(load(flags={}, environ={"HOME": str(tmp_path)}, cwd=str(tmp_path)), plugins)
    assert found.filters == {"shout": str.upper}
    assert list(found.resolve("oncall:night", 0)) == []
