"""What templates say of instants and durations."""

import pytest
from jinja2 import Environment

from taskwatch.server.dashboard.words import FILTERS

NOW = 1_766_570_400_000


@pytest.fixture
def say():
    environment = Environment(autoescape=True)
    environment.filters |= FILTERS

    def say(source, **values):
        return environment.from_string("{{ " + source + " }}").render(now=NOW, **values)

    return say


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (59, "59s"), (60, "1m 00s"), (725, "12m 05s"), (3599, "59m 59s"), (3600, "1h 00m"),
     (90_000, "1d 1h"), (-65, "-1m 05s")],
)  # fmt: skip
def test_a_clock_has_seconds_below_an_hour(say, seconds, text):
    assert say(f"({seconds})|clock") == text


def test_an_instant_is_read_from_a_number_and_from_its_text(say):
    shown = '<time datetime="2025-12-24T10:00:00Z" data-when>2025-12-24 10:00 UTC</time>'
    assert say("at|when", at=NOW) == say("at|when", at="2025-12-24T10:00:00Z") == shown
    assert say("at|when", at=None) == ""


def test_what_counts_in_the_browser_says_from_when(say):
    assert say("at|left", at=NOW + 725_900) == f'<span data-due="{NOW + 725_900}">12m 05s</span>'
    assert say("at|over", at=NOW - 61_000) == f'<span data-over-since="{NOW - 61_000}">1m 01s</span>'
    assert say("at|ago", at=NOW - 61_000).endswith(f'data-ago="{NOW - 61_000}">1m ago</time>')


@pytest.mark.parametrize(
    ("rate", "text"), [(100.0, "100%"), (99.99, "99.9%"), (68.75, "68.8%"), (0.0, "0%"), (None, "-")]
)
def test_a_rate_is_full_only_when_nothing_is_missing(say, rate, text):
    assert say("rate|percent", rate=rate) == text


def test_names_become_words(say):
    assert say("'in_progress'|words") == "in progress"
    assert say("'task.became.ready'|words") == "task became ready"
