"""The account of a decision: every rule, every check, and what was recorded."""

import pytest

from taskwatch.actions import acknowledgements, alerts, people, planning, preferences, tasks, transitions
from taskwatch.actions.people import NewUser
from taskwatch.actions.planner import Planner
from taskwatch.actions.tasks import NewTask
from taskwatch.actions.why import why
from taskwatch.errors import NotFound
from taskwatch.model import assignment
from taskwatch.model.event import BECAME_READY, SLA_EXCEEDED
from taskwatch.model.preference import parse_quiet

PLANNER = Planner(channels={"database": False, "broadcast": False, "mail": True})


@pytest.fixture
def house(store, clock):
    """dana has A, which is a minute late; finn is an admin without address, gabi a stranger."""
    people.add(
        store, NewUser("dana", id=5, email="dana@example.com", timezone="Europe/Berlin"), clock.change()
    )
    people.add(store, NewUser("finn", id=7, admin=True), clock.change())
    people.add(store, NewUser("gabi", id=8, email="gabi@example.com"), clock.change())
    planning.plan(store, clock.now, PLANNER)
    tasks.add(store, [NewTask("A", timeout_minutes=30, assignments=(assignment.user(5),))], clock.change())
    transitions.transition(store, "start", ["A"], clock.change())
    clock.advance(minutes=31)
    alerts.monitor(store, clock.now)
    return store


def decision(found, kind=SLA_EXCEEDED):
    return next(each for each in found["decisions"] if each["kind"] == kind)


def channel(found, name="mail", kind=SLA_EXCEEDED):
    return next(each for each in decision(found, kind)["channels"] if each["channel"] == name)


def account(store, clock, user=5, planner=PLANNER):
    return why(store, "A", user, clock.now, planner)


def test_every_rule_is_accounted_for(house, clock):
    rules = decision(account(house, clock))["rules"]
    assert [(rule["about"], rule["passed"]) for rule in rules] == [
        ("rule ready", False),
        ("rule overdue", True),
    ]
    assert rules[0]["sentence"] == "it is for the kind task.became.ready, and this is task.sla.exceeded"


def test_a_message_that_goes_out_says_by_which_rule_and_way(house, clock):
    mail = channel(account(house, clock))
    assert (mail["rule"], mail["ways"], mail["sentence"]) == ("overdue", ["user:5"], "mail at once")
    assert mail["address"] == "dana@example.com"


def test_quiet_hours_are_named_with_their_end_in_the_persons_zone(house, clock):
    preferences.set_quiet(house, 5, parse_quiet("11:00-13:00"), clock.change())
    assert channel(account(house, clock))["sentence"] == (
        "mail later because: quiet hours until 2025-12-24 13:00 Europe/Berlin"
    )


def test_a_preference_and_an_acknowledgement_are_named(house, clock):
    preferences.prefer(house, 5, (SLA_EXCEEDED, "mail"), False, clock.change())
    expected = "no mail because: does not want task.sla.exceeded on mail"
    assert channel(account(house, clock))["sentence"] == expected
    acknowledgements.acknowledge(house, ["A"], clock.now + 7_200_000, clock.change(by=7))
    inbox = channel(account(house, clock), "database")
    assert inbox["sentence"] == "no database because: acknowledged by user 7 until 2025-12-24T12:31:00Z"


def test_a_missing_address_and_a_missing_channel_are_named(house, clock):
    mail = channel(account(house, clock, 7))
    assert mail["sentence"] == "no mail because: there is no working address for mail"
    without = account(house, clock, 7, PLANNER._replace(channels={"database": False, "broadcast": False}))
    assert channel(without)["sentence"] == "no mail because: there is no channel mail in the configuration"


def test_a_stranger_is_reached_by_no_rule(house, clock):
    found = account(house, clock, 8)
    assert [each["channels"] for each in found["decisions"]] == [[], []]


def test_what_is_decided_here_is_what_planning_then_does(house, clock):
    preferences.prefer(house, 5, ("*", "broadcast"), False, clock.change())
    expected = [(each["channel"], each["reason"]) for each in decision(account(house, clock))["channels"]]
    planning.plan(house, clock.now, PLANNER)
    rows = [row for row in account(house, clock)["deliveries"] if row["kind"] == SLA_EXCEEDED]
    assert [(row["channel"], row["because"]) for row in reversed(rows)] == expected


def test_what_was_recorded_is_shown_the_newest_first(house, clock):
    planning.plan(house, clock.now, PLANNER)
    rows = account(house, clock)["deliveries"]
    assert [(row["kind"], row["channel"], row["state"]) for row in rows] == [
        (SLA_EXCEEDED, "mail", "pending"),
        (SLA_EXCEEDED, "broadcast", "sent"),
        (SLA_EXCEEDED, "database", "sent"),
        (BECAME_READY, "broadcast", "sent"),
        (BECAME_READY, "database", "sent"),
    ]


def test_the_account_tells_whether_the_next_alert_raises_the_level(house, clock):
    assert decision(account(house, clock))["reason"] == "repeat"
    clock.advance(minutes=120)
    assert (decision(account(house, clock))["level"], decision(account(house, clock))["reason"]) == (
        "critical", "level_raised",
    )  # fmt: skip


def test_a_task_or_user_that_does_not_exist_is_not_found(house, clock):
    with pytest.raises(NotFound):
        why(house, "Z", 5, clock.now, PLANNER)
    with pytest.raises(NotFound):
        why(house, "A", 99, clock.now, PLANNER)
