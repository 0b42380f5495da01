"""Who may follow which topic, and who may change which task."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskwatch.model import assignment
from taskwatch.model.access import OWNER, Identity, may_follow, may_move
from taskwatch.model.task import new
from taskwatch.model.topic import is_pattern, matches

TASK = new("PACK", "Pack", "task", None, 0)
IN_BC = new("PACK", "Pack", "task", None, 0, (1, "bc", "Order", "114"))
ELI = Identity(user_id=5, roles=frozenset({"driver"}))
MINE, OTHERS = assignment.user(5), assignment.user(6)
DRIVERS, STORE = assignment.role("driver"), assignment.role("store")

EVERYBODY = {
    "owner": OWNER,
    "admin": Identity(9, admin=True),
    "dana": Identity(5, frozenset({"adv"})),
    "screen": Identity(),
    "limited": Identity(5, frozenset({"adv"}), workflows=frozenset({"bc"})),
    "limited admin": Identity(9, admin=True, workflows=frozenset({"bc"})),
}
ALL = set(EVERYBODY)
ADMINS, FREE = {"owner", "admin"}, {"owner", "admin", "dana", "screen"}
TABLE = {
    "workflow.bc.114": ALL,
    "workflow.bc.*": ALL,
    "workflow.bc.Order.*": ALL,
    "workflow.bc.": ALL,
    "workflow.dd.114": FREE,
    "workflow.dd.*": FREE,
    "workflow.bcd.1": FREE,
    "workflow.bc*": FREE,
    "workflow.b*": FREE,
    "workflow.*": FREE,
    "workflow.bc": FREE,
    "workflow.": set(),
    "workflow": set(),
    "workflow*": ADMINS,
    "task.7": FREE,
    "task.*": FREE,
    "task*": ADMINS,
    "task.": ADMINS,
    "task": ADMINS,
    "user.5.tasks": {*ADMINS, "dana"},
    "user.6.tasks": ADMINS,
    "user.05.tasks": ADMINS,
    "user.None.tasks": ADMINS,
    "user.5.*": ADMINS,
    "user.5.tasks*": ADMINS,
    "user.5": ADMINS,
    "user.5.mail": ADMINS,
    "user.6.tasks.user.5.tasks": ADMINS,
    "user.*": ADMINS,
    "role.adv.tasks": {*ADMINS, "dana"},
    "role.boss.tasks": ADMINS,
    "role..tasks": ADMINS,
    "role.adv.*": ADMINS,
    "admin.sla.alerts": ADMINS,
    "admin.people": ADMINS,
    "admin.*": ADMINS,
    "orders.1": ADMINS,
    "Workflow.bc.114": ADMINS,
    "*": ADMINS,
    "": ADMINS,
}


@pytest.mark.parametrize("topic", TABLE)
def test_each_topic_is_for_those_it_is_meant_for(topic):
    assert {name for name, identity in EVERYBODY.items() if may_follow(identity, topic)} == TABLE[topic]


words = st.sampled_from(
    ["workflow", "task", "user", "role", "admin", "bc", "dd", "5", "6", "adv", "tasks", "", "x"]
)
topics = st.lists(words, min_size=1, max_size=4).map(".".join)
identities = st.builds(
    Identity,
    user_id=st.sampled_from([None, 5]),
    roles=st.sampled_from([frozenset(), frozenset({"adv"})]),
    admin=st.booleans(),
    workflows=st.sampled_from([None, frozenset(), frozenset({"bc"}), frozenset({"bc", "dd"})]),
)


@given(identity=identities, topic=topics, cut=st.integers(0, 20))
def test_a_pattern_never_shows_what_may_not_be_followed_by_name(identity, topic, cut):
    pattern = f"{topic[:cut]}*"
    assert is_pattern(pattern)
    assert matches(pattern, topic)
    if may_follow(identity, pattern) and topic.split(".")[1:] not in ([], [""]):
        assert may_follow(identity, topic)


@given(identity=identities, topic=topics)
def test_a_limit_never_gives_more(identity, topic):
    if may_follow(identity, topic):
        assert may_follow(identity._replace(workflows=None), topic)
        assert may_follow(identity._replace(admin=True, workflows=None), topic)


@given(identity=identities)
def test_who_is_limited_sees_their_types_alone(identity):
    assert identity.sees_all is (identity.workflows is None)
    for workflow_type in ("bc", "dd", "", None):
        seen = identity.may_see_type(workflow_type)
        assert seen is (identity.workflows is None or workflow_type in identity.workflows)


@pytest.mark.parametrize(
    ("assigned", "allowed"),
    [
        ((), True),
        ((MINE,), True),
        ((DRIVERS,), True),
        ((STORE, MINE), True),
        ((OTHERS,), False),
        ((STORE,), False),
    ],
)
def test_a_user_may_move_what_is_nobody_s_or_their_own(assigned, allowed):
    assert may_move(ELI, TASK, assigned) is allowed


def test_who_has_claimed_a_task_may_move_it():
    assert may_move(ELI, TASK._replace(claimed_by=5), [OTHERS])
    assert not may_move(ELI, TASK._replace(claimed_by=6), [OTHERS])


def test_a_token_without_a_user_has_claimed_nothing():
    assert not may_move(Identity(roles=frozenset({"driver"})), TASK, [STORE])
    assert may_move(Identity(roles=frozenset({"driver"})), TASK, [DRIVERS])


def test_an_admin_may_move_everything_they_see():
    assert may_move(OWNER, TASK, [OTHERS])
    assert not may_move(OWNER._replace(workflows=frozenset({"hr"})), IN_BC, [])


@pytest.mark.parametrize(
    ("types", "allowed"), [(None, True), ({"bc"}, True), ({"hr"}, False), (set(), False)]
)
def test_what_is_not_seen_is_not_moved(types, allowed):
    limited = ELI._replace(workflows=None if types is None else frozenset(types))
    assert may_move(limited, IN_BC._replace(claimed_by=5), [MINE]) is allowed


def test_a_task_outside_of_any_workflow_is_for_those_who_see_all():
    assert not may_move(ELI._replace(workflows=frozenset({"bc"})), TASK, [])
