"""Words of notifications: from templates of the house or of one's own, and plain when those are broken."""

import json
import os

import pytest

from hostile import names
from taskwatch.actions import rendering
from taskwatch.actions.rendering import LARGEST, render
from taskwatch.model.event import BECAME_READY, SLA_EXCEEDED
from taskwatch.model.notice import notice
from taskwatch.plugin import Recipient, one_line

URL = "http://localhost:8000"
DANA = Recipient(5, "dana", "Europe/Paris")
PAYLOAD = {
    "task_id": 125, "task_code": "ADV_REVIEW_BC115", "task_name": "ADV Review", "workflow_type": "bc",
    "taskable_type": "Order", "taskable_id": 115, "timeout_minutes": 30, "exceeded_by_minutes": 75,
    "alert_level": "high",
}  # fmt: skip


def told(kind=SLA_EXCEEDED, **changes):
    return notice(kind, {**PAYLOAD, **changes}, user_id="5", event_id="1", public_url=URL)


def write(folder, **files):
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content)
    return str(folder)


def test_the_subject_of_an_alert_is_the_one_people_know():
    words = render(SLA_EXCEEDED, told(), DANA, URL)
    assert words.title == "⚠️ SLA Alert: Task Overdue - ADV Review"
    assert words.degraded is None


def test_the_text_says_what_is_late_by_how_much_and_where():
    text = render(SLA_EXCEEDED, told(), DANA, URL).text
    assert text.startswith("Task 'ADV Review' exceeded SLA by 75 minutes\n")
    for fact in (
        "ADV_REVIEW_BC115",
        "bc, Order 115",
        "30m",
        "1h 15m",
        "high",
        f"{URL}/admin/tasks/125",
        "dana",
    ):
        assert fact in text


@pytest.mark.parametrize("reason", ["first", "repeat", "level_raised", "resolved", "digest", "test"])
@pytest.mark.parametrize("kind", [SLA_EXCEEDED, BECAME_READY, "something.else"])
def test_every_kind_and_reason_has_words(kind, reason):
    data = told(kind) if kind != "something.else" else {"message": "Something else"}
    words = render(kind, {**data, "entries": [data, data]}, DANA, URL, reason=reason)
    assert words.degraded is None
    assert words.title
    assert words.text.strip()
    assert words.html.startswith("<!DOCTYPE html>")


def test_a_digest_lists_its_entries():
    words = render(
        "digest",
        {"message": "2 tasks", "entries": [told(), told(task_name="Other")]},
        DANA,
        URL,
        reason="digest",
    )
    assert words.text.count("exceeded SLA by") == 2
    assert words.html.count("<li>") == 2


def test_links_to_act_are_shown_when_they_are_there():
    assert "/ack/" not in render(SLA_EXCEEDED, told(), DANA, URL).text
    words = render(SLA_EXCEEDED, {**told(), "ack_url": f"{URL}/ack/abc"}, DANA, URL)
    assert f"{URL}/ack/abc" in words.text
    assert f'href="{URL}/ack/abc"' in words.html


def test_no_link_leads_anywhere_but_to_the_web():
    words = render(SLA_EXCEEDED, {**told(), "action_url": "javascript:alert(1)"}, DANA, URL)
    assert 'href="javascript' not in words.html


@pytest.mark.parametrize("number", range(200))
def test_hostile_names_stay_within_their_line_and_are_no_markup(number):
    name = names()[number]
    plain = render(SLA_EXCEEDED, told(), DANA, URL)
    words = render(SLA_EXCEEDED, told(task_name=name), Recipient(5, name), URL)
    assert words.degraded is None
    assert words.title == one_line(f"⚠️ SLA Alert: Task Overdue - {name}", 200)
    assert words.text.count("\n") == plain.text.count("\n")
    assert words.html.count("<") == plain.html.count("<")
    assert words.html.count('"') == plain.html.count('"')
    json.dumps(words).encode()
    (words.title + words.text + words.html).encode()


def test_a_file_of_ones_own_replaces_that_part_alone(tmp_path):
    folder = write(tmp_path, task__sla__exceeded__title="Late: {{ task_name }}")
    words = render(SLA_EXCEEDED, told(), DANA, URL, folder)
    assert words.title == "Late: ADV Review"
    assert words.text == render(SLA_EXCEEDED, told(), DANA, URL).text
    assert render(BECAME_READY, told(BECAME_READY), DANA, URL, folder).title == "Task Ready - ADV Review"


def test_the_nearest_name_wins(tmp_path):
    folder = write(tmp_path, notice__title="notice", task__sla__exceeded__repeat__title="again")
    assert render(SLA_EXCEEDED, told(), DANA, URL, folder, reason="repeat").title == "again"
    assert render("other", told(), DANA, URL, folder).title == "notice"


def test_what_is_changed_counts_at_once(tmp_path):
    folder = write(tmp_path, notice__title="one")
    assert render("other", told(), DANA, URL, folder).title == "one"
    write(tmp_path, notice__title="two")
    os.utime(tmp_path / "notice.title", (0, 0))
    assert render("other", told(), DANA, URL, folder).title == "two"
    write(tmp_path, other__title="nearer")
    assert render("other", told(), DANA, URL, folder).title == "nearer"


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ("{{ task_nam }}", "'task_nam' is undefined"),
        ("{% if %}", "line 1"),
        ("{{ task_name", "line 1"),
        ("\n\n{{ 1 / 0 }}", "task.sla.exceeded.html, line 3: division by zero"),
        ("{{ task_name | nosuch }}", "nosuch"),
        ("{% include 'nosuch' %}", "nosuch"),
        ("{% include '../../../../../../etc/passwd' %}", "passwd"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ recipient._replace.__globals__ }}", "unsafe"),
        ("{{ entries.append(1) }}", ""),
        ("{% for a in range(100000000) %}x{% endfor %}", "counts to 1000"),
        (
            "{% for a in range(999) %}{% for b in range(999) %}xxxxxxxxxx{% endfor %}{% endfor %}",
            "more than 100000",
        ),
        ("{{ recurse() }}", "recurse"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "recursion"),
    ],
)
def test_a_broken_template_becomes_plain_text_and_says_so(tmp_path, broken, words):
    folder = write(tmp_path, task__sla__exceeded__html=broken)
    rendered = render(SLA_EXCEEDED, {**told(), "entries": []}, DANA, URL, folder)
    house = render(SLA_EXCEEDED, told(), DANA, URL)
    assert (rendered.title, rendered.text, rendered.html) == (house.title, house.text, None)
    assert words in rendered.degraded
    assert one_line(rendered.degraded) == rendered.degraded


def test_a_filter_that_raises_anything_harms_nothing(tmp_path):
    def broken(value):
        raise RuntimeError(f"no {value}")

    folder = write(tmp_path, notice__title="{{ message | shout }}")
    rendered = render("other", {"message": "hello"}, DANA, URL, folder, {"shout": broken})
    assert (rendered.title, rendered.degraded) == ("hello", "notice.title, line 1: no hello")


def test_filters_of_plugins_and_of_the_house_can_be_used(tmp_path):
    template = (
        "{{ message | shout }} {{ 90 | minutes }} {{ '2025-12-24T10:00:00Z' | moment }} {{ 0 | moment }}"
    )
    folder = write(tmp_path, notice__title=template)
    rendered = render("other", {"message": "hello"}, DANA, URL, folder, {"shout": str.upper})
    assert rendered.title == "HELLO 1h 30m 2025-12-24 11:00 1970-01-01 01:00"


def test_names_are_no_templates():
    assert render(SLA_EXCEEDED, told(task_name="{{ 7 * 7 }}"), DANA, URL).title.endswith("{{ 7 * 7 }}")


@pytest.mark.parametrize(
    "data", [{}, {"message": None}, {"message": 5}, {"timeout_minutes": "soon", "message": "m"}]
)
def test_odd_data_still_has_words(data):
    words = render("some.kind", data, DANA, URL)
    assert words.title
    assert words.text


def test_a_long_title_is_cut_and_marked():
    title = render(SLA_EXCEEDED, told(task_name="x" * 500), DANA, URL).title
    assert len(title) == rendering.LONGEST_TITLE
    assert title.endswith("…")
    assert LARGEST > 10_000
