"""The preview announces exactly what alerts and planning then really make."""

import pytest

from postgres import everything
from taskwatch.actions import alerts, people, planning, preferences, tasks, transitions
from taskwatch.actions.people import NewUser
from taskwatch.actions.planner import Planner
from taskwatch.actions.preview import preview
from taskwatch.actions.tasks import NewTask
from taskwatch.errors import InvalidInput, NotFound
from taskwatch.model import assignment
from taskwatch.model.calm import Limits
from taskwatch.model.event import BECAME_READY, SLA_EXCEEDED
from taskwatch.model.preference import parse_quiet
from taskwatch.model.routing import DEFAULT_RULES, Rule
from taskwatch.model.times import rfc3339

CHANNELS = {"database": False, "broadcast": False, "mail": True}
PLAIN = Planner(channels=CHANNELS)
DAY_MINUTES = 24 * 60


@pytest.fixture
def house(store, clock):
    """dana is assigned and sleeps at night, eli is a driver, finn an admin. A has 30 minutes."""
    for user in (
        NewUser("dana", id=5, email="dana@example.com", timezone="Europe/Berlin"),
        NewUser("eli", id=6, email="eli@example.com", roles=("driver",)),
        NewUser("finn", id=7, email="finn@example.com", admin=True),
    ):
        people.add(store, user, clock.change())
    preferences.set_quiet(store, 5, parse_quiet("22:00-07:00"), clock.change())
    planning.plan(store, clock.now, PLAIN)
    whom = (assignment.user(5), assignment.role("driver"))
    tasks.add(store, [NewTask("A", timeout_minutes=30, assignments=whom)], clock.change())
    transitions.transition(store, "start", ["A"], clock.change())
    planning.plan(store, clock.now, PLAIN)
    return store


def live(store, clock, planner, minutes, step_seconds=60):
    """Let it really happen: a monitor, a planner and channels that work, looking every so often."""
    for _ in range(minutes * 60 // step_seconds):
        clock.advance(seconds=step_seconds)
        alerts.monitor(store, clock.now)
        while planning.plan(store, clock.now, planner).more:
            pass
        store.connection.execute(
            "UPDATE deliveries SET state = 'sent', ended_at = ? WHERE state = 'pending' AND due_at <= ?",
            (clock.now, clock.now),
        )
        if planning.plan(store, clock.now, planner).deliveries:
            raise AssertionError("planning again made more")


def sent_since(store, start):
    """(user, channel, kind, reason, level) of all that went out, in order."""
    return store.connection.execute(
        "SELECT d.user_id, d.channel, n.kind, n.reason, n.level FROM deliveries AS d "
        "JOIN notifications AS n ON n.id = d.notification_id WHERE d.state = 'sent' AND d.created_at > ? "
        "ORDER BY d.ended_at, d.id",
        (start,),
    ).fetchall()


def announced(found):
    return [(m["user_id"], m["channel"], m["kind"], m["reason"], m["level"]) for m in found["messages"]]


PLANNERS = {
    "plain": PLAIN,
    "capped": PLAIN._replace(limits=Limits(daily_cap=10)),
    "grouped": PLAIN._replace(limits=Limits(group_seconds=3_600)),
    "both": PLAIN._replace(limits=Limits(daily_cap=10, group_seconds=3_600)),
}


@pytest.mark.parametrize(
    ("fresh", "name"), [*(("sqlite", name) for name in PLANNERS), ("postgres", "plain")], indirect=["fresh"]
)
def test_what_is_announced_is_what_comes(house, clock, name):
    planner, start = PLANNERS[name], clock.now
    found = preview(house, "A", start, start + DAY_MINUTES * 60_000, planner)
    live(house, clock, planner, DAY_MINUTES)
    assert sorted(announced(found), key=str) == sorted(sent_since(house, start), key=str)


@pytest.mark.parametrize("fresh", ["sqlite"], indirect=True)
def test_one_task_left_alone_for_a_day_alerts_each_of_three_people_so_often(house, clock):
    totals = {}
    for name, planner in PLANNERS.items():
        found = preview(house, "A", clock.now, clock.now + DAY_MINUTES * 60_000, planner)
        totals[name] = {c["user_id"]: c["messages"] for c in found["counts"] if c["channel"] == "mail"}
    assert totals["plain"] == {5: 90, 6: 90, 7: 90}
    assert totals["capped"] == {5: 21, 6: 21, 7: 21}  # ten on either day of these 24 hours, and a summary
    assert totals["grouped"] == {5: 25, 6: 25, 7: 25}
    assert totals["both"] == {5: 21, 6: 21, 7: 21}


def test_a_preview_changes_nothing(house, clock):
    before = everything(house)
    preview(house, "A", clock.now, clock.now + DAY_MINUTES * 60_000, PLAIN)
    assert everything(house) == before


def test_the_instants_are_those_of_the_alert_calendar(house, clock):
    due = clock.now + 30 * 60_000
    found = preview(house, "A", clock.now, clock.now + 3 * 3_600_000, PLAIN)
    mails = [m["at"] for m in found["messages"] if m["channel"] == "mail" and m["user_id"] == 6]
    assert mails == [
        rfc3339(due + 1000),
        *(rfc3339(due + minutes * 60_000) for minutes in (60, 90, 120, 135, 150)),
    ]
    assert found["total"] == len(found["messages"]) == sum(c["messages"] for c in found["counts"])


def test_an_alert_that_is_due_already_is_among_them(house, clock):
    clock.advance(minutes=45)
    found = preview(house, "A", clock.now, clock.now, PLAIN)
    assert {(m["at"], m["reason"]) for m in found["messages"]} == {(rfc3339(clock.now), "first")}


def test_what_quiet_hours_hold_back_beyond_the_end_is_told_as_held(house, clock):
    preferences.set_quiet(house, 5, parse_quiet("11:00-23:00"), clock.change())
    found = preview(house, "A", clock.now, clock.now + 2 * 3_600_000, PLAIN)
    held = [(h["user_id"], h["channel"], h["reason"], h["messages"]) for h in found["held"]]
    assert held == [(5, "mail", "quiet_hours", 1), (5, "mail", "superseded", 2)]


def test_a_mail_that_waits_already_is_announced(house, clock):
    preferences.set_quiet(house, 5, parse_quiet("11:00-23:00"), clock.change())
    clock.advance(minutes=31)
    alerts.monitor(house, clock.now)
    planning.plan(house, clock.now, PLAIN)
    transitions.transition(house, "hold", ["A"], clock.change())
    found = preview(house, "A", clock.now, clock.now + DAY_MINUTES * 60_000, PLAIN)
    assert (5, "mail", SLA_EXCEEDED, "first", "low") in announced(found)


def test_a_task_that_does_not_run_says_why_nothing_comes(house, clock):
    transitions.transition(house, "complete", ["A"], clock.change())
    found = preview(house, "A", clock.now, clock.now + DAY_MINUTES * 60_000, PLAIN)
    assert (found["total"], found["messages"]) == (0, [])
    assert found["reason"] == "it is completed, and only a task in progress can be late"


def test_other_tasks_are_left_out(house, clock):
    tasks.add(house, [NewTask("B", timeout_minutes=1, assignments=(assignment.user(5),))], clock.change())
    transitions.transition(house, "start", ["B"], clock.change())
    planning.plan(house, clock.now, PLAIN)
    found = preview(house, "A", clock.now, clock.now + 3_600_000, PLAIN)
    assert "B" not in str([m["title"] for m in found["messages"]])


def test_a_ready_message_that_is_gathered_is_announced_as_a_summary(house, clock):
    rules = (*DEFAULT_RULES, Rule("mail", ("assigned",), ("mail",), (BECAME_READY,)))
    planner = PLAIN._replace(rules=rules, limits=Limits(group_seconds=600))
    tasks.add(house, [NewTask("B", assignments=(assignment.user(5),))], clock.change())
    planning.plan(house, clock.now, planner)
    found = preview(house, "B", clock.now, clock.now + 3_600_000, planner)
    assert announced(found) == [(5, "mail", "digest", "digest", None)]


def test_an_end_before_the_beginning_or_beyond_a_month_is_refused(house, clock):
    for until in (clock.now - 1, clock.now + 32 * 86_400_000):
        with pytest.raises(InvalidInput):
            preview(house, "A", clock.now, until, PLAIN)


def test_a_task_that_does_not_exist_is_not_found(house, clock):
    with pytest.raises(NotFound):
        preview(house, "Z", clock.now, clock.now, PLAIN)
