"""Looking at tasks: filters, the shape, the history."""

import pytest

from taskwatch.actions import holders, tasks, workflows
from taskwatch.actions.change import Change
from taskwatch.actions.listing import Filters, list_tasks, show_task, status_of
from taskwatch.actions.tasks import SHOWN_ONLY, NewTask
from taskwatch.actions.transitions import transition
from taskwatch.errors import InvalidInput, NotFound
from taskwatch.model import definition
from taskwatch.model.assignment import role, user

NOON = 1_795_435_200_000
MINUTE = 60_000


def at(minutes=0, **more):
    return Change(now=NOON + minutes * MINUTE, **more)


def add(store, *codes, **wishes):
    return tasks.add(store, [NewTask(code, **wishes) for code in codes], at())


BC = {
    "workflow": {"code": "bc", "name": "Order"},
    "task": [{"code": "REVIEW", "name": "Review", "type": "review", "timeout": 30}],
}


@pytest.fixture
def house(store):
    with store.write() as tx:
        for id_ in (5, 6):
            values = {"name": f"user{id_}", "email": None, "timezone": None, "admin": 0, "created_at": NOON}
            tx.value("people.add", id=id_, **values)
        tx.run("people.grant", role_name="adv", user_id=5, granted_at=NOON)
    add(store, "A", assignments=(role("adv"),), timeout_minutes=100)
    add(store, "B", assignments=(user(6),), name="Büro")
    add(store, "C", after=("A",))
    workflows.define(store, definition.check(BC)[0], at())
    workflows.start(store, "bc", "Order", "114", at())
    return store


def codes(store, minutes=0, **filters):
    return [task["code"] for task in list_tasks(store, Filters(**filters), NOON + minutes * MINUTE)]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["A", "B", "C", "REVIEW_BC114"]),
        ({"statuses": ("pending", "on_hold")}, ["C"]),
        ({"user_id": 5}, ["A"]),
        ({"user_id": 6}, ["B"]),
        ({"role_name": "adv"}, ["A"]),
        ({"role_name": "nobody"}, []),
        ({"workflow": "bc.114"}, ["REVIEW_BC114"]),
        ({"workflow_type": "bc"}, ["REVIEW_BC114"]),
        ({"text": "bür"}, ["B"]),
        ({"text": "review"}, ["REVIEW_BC114"]),
        ({"text": "%"}, []),
        ({"limit": 2}, ["A", "B"]),
        ({"statuses": ("ready",), "text": "a"}, ["A"]),
    ],
)
def test_filters_add_up(house, filters, expected):
    assert codes(house, **filters) == expected


def test_a_claim_makes_a_task_somebody_s(house):
    holders.claim(house, ["REVIEW_BC114"], at(by=6))
    assert codes(house, user_id=6) == ["B", "REVIEW_BC114"]


@pytest.mark.parametrize(
    ("minutes", "risk"), [(10, "low"), (51, "medium"), (81, "high"), (91, "critical"), (101, "exceeded")]
)
def test_the_risk_is_that_of_the_moment_and_only_of_what_has_begun(house, minutes, risk):
    assert codes(house, minutes, risk=risk) == []
    transition(house, "start", ["A"], at())
    assert codes(house, minutes, risk=risk) == ["A"]
    assert codes(house, minutes, risk=risk, statuses=("completed",)) == []
    transition(house, "complete", ["A"], at(minutes))
    assert codes(house, minutes, risk=risk) == []


@pytest.mark.parametrize(
    ("filters", "error", "message"),
    [
        ({"statuses": ("redy",)}, InvalidInput, "there is no status 'redy'"),
        ({"risk": "hgh"}, InvalidInput, "there is no risk level 'hgh'"),
        ({"user_id": 9}, NotFound, "there is no user 9"),
        ({"workflow": "bc.9"}, NotFound, "there is no workflow 'bc.9'"),
        ({"workflow_type": "cb"}, NotFound, "there is no workflow type 'cb'"),
    ],
)
def test_a_filter_that_cannot_match_is_told(house, filters, error, message):
    with pytest.raises(error, match=message):
        codes(house, **filters)


def test_a_task_shows_its_clock_at_the_moment_asked_for(house):
    transition(house, "start", ["A"], at(1))
    shown = show_task(house, "A", NOON + 163 * MINUTE + 999)
    facts = {
        "status": "in_progress",
        "can_start": False,
        "started_at": "2026-11-23T12:01:00Z",
        "due_at": "2026-11-23T13:41:00Z",
        "next_alert_at": "2026-11-23T13:41:01Z",
        "elapsed_seconds": 162 * 60,
        "remaining_seconds": -62 * 60,
        "remaining_minutes": -62,
        "exceeded_by_seconds": 62 * 60,
        "exceeded_by_minutes": 62,
        "risk_level": "exceeded",
        "alert_level": "high",
        "dependents": ["C"],
        "assignments": [{"type": "role", "user_id": None, "role_name": "adv"}],
    }
    assert facts.items() <= shown.items()


def test_what_has_no_timeout_or_has_not_begun_has_no_standing(house):
    transition(house, "start", ["B"], at())
    keys = ("remaining_seconds", "remaining_minutes", "exceeded_by_seconds", "risk_level", "alert_level")
    for code in ("A", "B"):
        shown = show_task(house, code, NOON + MINUTE)
        assert [shown[key] for key in keys] == [None] * len(keys)


def test_the_history_is_every_event_of_the_task_as_a_sentence(house):
    transition(house, "start", ["A"], at(1, by=5, reason="go"))
    transition(house, "complete", ["A"], at(2))
    history = show_task(house, "A", NOON)["history"]
    assert [entry["sentence"] for entry in history] == [
        "A was created",
        "A: pending -> ready",
        "A is ready",
        "A: ready -> in_progress (go)",
        "A was claimed by user 5",
        "A: in_progress -> completed",
    ]
    assert [entry["by"] for entry in history][3:] == [5, 5, None]


def test_the_status_is_found_by_id_and_code(house):
    assert status_of(house, "B") == status_of(house, "2") == {"id": 2, "code": "B", "status": "ready"}
    with pytest.raises(NotFound):
        status_of(house, "99")


def test_what_is_shown_beyond_the_wishes_of_a_task_is_known_to_the_reader(house):
    assert set(show_task(house, "A", NOON)) == SHOWN_ONLY | set(NewTask._fields) - {"workflow"}
