"""A task left alone for a day, and three people who hear of it: the figures that the documentation names."""

from collections import Counter

import pytest

from figures import FIGURES
from taskwatch.actions import acknowledgements, alerts, deliveries, people, planning, tasks, transitions
from taskwatch.actions.people import NewUser
from taskwatch.actions.planner import Planner
from taskwatch.actions.preview import preview
from taskwatch.actions.tasks import NewTask
from taskwatch.model import assignment
from taskwatch.model.calm import Limits
from taskwatch.model.times import rfc3339
from taskwatch.plugin import ok

CHANNELS = {"database": False, "broadcast": False, "mail": True}
DAY_MS = 86_400_000
ASSIGNED, DRIVER, ADMIN = 5, 6, 7


def planner(*, daily_cap=0, group_minutes=0):
    return Planner(channels=CHANNELS, limits=Limits(daily_cap, 60 * group_minutes))


@pytest.fixture
def late(store, clock):
    """A task with three recipients, at the instant from which on it is late."""
    for user in (
        NewUser("dana", id=ASSIGNED, email="dana@example.com"),
        NewUser("eli", id=DRIVER, email="eli@example.com", roles=("driver",)),
        NewUser("finn", id=ADMIN, email="finn@example.com", admin=True),
    ):
        people.add(store, user, clock.change())
    whom = (assignment.user(ASSIGNED), assignment.role("driver"))
    tasks.add(store, [NewTask("A", timeout_minutes=30, assignments=whom)], clock.change())
    transitions.transition(store, "start", ["A"], clock.change())
    clock.advance(minutes=30)
    planning.plan(store, clock.now, planner())
    return store


def live_through(store, clock, until, planner):
    """Do at its instant whatever is due until then: alert, plan and deliver. What was mailed, in order."""
    mailed = []
    while clock.now <= until:
        alerts.monitor(store, clock.now)
        while planning.plan(store, clock.now, planner).more:
            pass
        for claimed in deliveries.claim(store, "w", {"mail": 100}, clock.now, 60_000):
            mailed.append((clock.now, claimed.message))
            assert deliveries.record(store, claimed, ok(), clock.now) == "sent"
        clock.now = max(clock.now + 1, next_instant(store, until))
    clock.now = until
    return mailed


def next_instant(store, until):
    nexts = alerts.next_due(store), deliveries.next_due(store, ["mail"]), planning.next_summary(store)
    return min((at for at in nexts if at is not None), default=until + 1)


@pytest.mark.parametrize(
    ("fresh", "limits", "figures"),
    [*(("sqlite", *each) for each in FIGURES), ("postgres", *FIGURES[-1])],
    ids=["usual", "hour", "4h", "cap", "both", "both on a server"],
    indirect=["fresh"],
)
def test_three_people_are_mailed_so_often_in_a_day(late, clock, limits, figures):
    until = clock.now + DAY_MS - 1
    announced = preview(late, "A", clock.now, until, planner(**limits))
    mailed = live_through(late, clock, until, planner(**limits))
    for user in (ASSIGNED, DRIVER, ADMIN):
        reasons = Counter(message.reason for _, message in mailed if message.recipient.user_id == user)
        assert reasons == figures
    assert len({message.id for _, message in mailed}) == len(mailed) == 3 * sum(figures.values())
    assert counts(late, "notifications WHERE in_inbox = 1") == {ASSIGNED: 91, DRIVER: 91, ADMIN: 91}
    unsaid = "deliveries WHERE state <> 'sent' AND (state <> 'suppressed' OR reason IS NULL)"
    assert counts(late, unsaid) == {}
    assert sorted(tuple(each.values()) for each in announced["messages"]) == came(late)
    assert announced["total"] == 3 * (91 + 91 + sum(figures.values()))


def came(store):
    """Every message that arrived, as a preview tells them."""
    rows = store.connection.execute(
        "SELECT d.ended_at, u.id, u.name, d.channel, n.kind, n.reason, n.level, n.title FROM deliveries AS d"
        " JOIN notifications AS n ON n.id = d.notification_id JOIN users AS u ON u.id = d.user_id"
        " WHERE d.state = 'sent'"
    )
    return sorted((rfc3339(at), *rest) for at, *rest in rows)


def counts(store, rows):
    return dict(store.connection.execute(f"SELECT user_id, count(*) FROM {rows} GROUP BY user_id"))


def test_an_acknowledgement_ends_the_day(late, clock):
    mailed = live_through(late, clock, clock.now + 150 * 60_000, planner())
    assert {message.level for _, message in mailed} == {"low", "medium", "high", "critical"}
    acknowledgements.acknowledge(late, ["A"], clock.now + DAY_MS, clock.change(by=ASSIGNED))
    assert live_through(late, clock, clock.now + DAY_MS - 1, planner()) == []
