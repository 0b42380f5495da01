"""Rules become wishes: everybody once per channel, and a trace of every rule."""

from hypothesis import given
from hypothesis import strategies as st

from taskwatch.model.event import BECAME_READY, SLA_EXCEEDED
from taskwatch.model.routing import DEFAULT_RULES, KINDS, Rule, Subject, kinds_of, route

PEOPLE = {"admins": [1, 2], "role:driver": [2, 3], "role:lead": [4], "user:3": [3], "user:5": [5]}
SUBJECT = Subject(SLA_EXCEEDED, "bc", "high", (5,), ("driver",))


def people(selector):
    return PEOPLE.get(selector, [])


def wished(rules, subject=SUBJECT):
    return [(wish.user_id, wish.channel) for wish in route(rules, subject, people).wishes]


def rule(name="r", to=("admins",), channels=("mail",), **more):
    return Rule(name, to, channels, **more)


def test_the_usual_rules_tell_of_ready_tasks_in_the_inbox_and_on_open_pages():
    ready = SUBJECT._replace(kind=BECAME_READY, level=None)
    expected = {(user, channel) for user in (5, 2, 3) for channel in ("database", "broadcast")}
    assert set(wished(DEFAULT_RULES, ready)) == expected


def test_the_usual_rules_tell_admins_of_overdue_tasks_too_and_by_mail():
    expected = {(user, channel) for user in (1, 2, 3, 5) for channel in ("database", "broadcast", "mail")}
    assert set(wished(DEFAULT_RULES)) == expected


def test_a_rule_asks_for_all_that_it_names():
    assert wished([rule(kinds=(BECAME_READY,))]) == []
    assert wished([rule(workflow_types=("bl",))]) == []
    assert wished([rule(levels=("low",))]) == []
    assert wished([rule(roles=("lead",))]) == []
    fit = rule(kinds=(SLA_EXCEEDED,), workflow_types=("bc",), levels=("high",), roles=("lead", "driver"))
    assert wished([fit]) == [(1, "mail"), (2, "mail")]


def test_a_task_without_workflow_fits_no_rule_for_a_type():
    assert wished([rule(workflow_types=("bc",))], SUBJECT._replace(workflow_type=None)) == []


def test_a_rule_that_stops_ends_the_list_and_the_trace_says_so():
    routed = route([rule("one", stop=True), rule("two", ("user:5",))], SUBJECT, people)
    assert [wish.user_id for wish in routed.wishes] == [1, 2]
    assert [(step.about, step.passed) for step in routed.steps] == [("rule one", True), ("rule two", False)]
    assert "rule one fits and says stop" in routed.steps[1].sentence


def test_a_rule_that_does_not_fit_stops_nothing():
    assert wished([rule(levels=("low",), stop=True), rule(to=("user:5",))]) == [(5, "mail")]


def test_every_way_to_a_person_is_kept_and_one_mandatory_rule_is_enough():
    rules = [rule("one", ("roles",)), rule("two", ("user:3",), mandatory=True)]
    wish = next(wish for wish in route(rules, SUBJECT, people).wishes if wish.user_id == 3)
    assert (wish.rule, wish.ways, wish.mandatory) == ("one", ("role:driver", "user:3"), True)


def test_kinds_of_rules_without_kinds_are_all():
    assert kinds_of([rule()]) == set(KINDS)
    assert kinds_of(DEFAULT_RULES) == {BECAME_READY, SLA_EXCEEDED}


words = st.sampled_from
rules = st.builds(
    Rule,
    name=words(["a", "b", "c"]),
    to=st.lists(words(["assigned", "roles", *PEOPLE]), min_size=1, max_size=3).map(tuple),
    channels=st.lists(words(["mail", "database", "push"]), min_size=1, max_size=3).map(tuple),
    kinds=st.lists(words(KINDS), max_size=2).map(tuple),
    workflow_types=st.lists(words(["bc", "bl"]), max_size=2).map(tuple),
    levels=st.lists(words(["low", "high"]), max_size=2).map(tuple),
    roles=st.lists(words(["driver", "lead"]), max_size=2).map(tuple),
    mandatory=st.booleans(),
    stop=st.booleans(),
)
subjects = st.builds(
    Subject,
    kind=words(KINDS),
    workflow_type=words(["bc", "bl", None]),
    level=words(["low", "high", None]),
    users=st.lists(words([3, 5]), max_size=2).map(tuple),
    roles=st.lists(words(["driver", "lead"]), max_size=2).map(tuple),
)


@given(st.lists(rules, max_size=5), subjects)
def test_nobody_is_wished_for_twice_on_a_channel_and_every_rule_leaves_a_step(rules, subject):
    routed = route(rules, subject, people)
    places = [(wish.user_id, wish.channel) for wish in routed.wishes]
    assert len(places) == len(set(places))
    assert [step.about for step in routed.steps] == [f"rule {rule.name}" for rule in rules]


@given(st.lists(rules, max_size=5), rules, subjects)
def test_a_further_rule_takes_nobody_away(rules, further, subject):
    before = {(wish.user_id, wish.channel) for wish in route(rules, subject, people).wishes}
    after = {(wish.user_id, wish.channel) for wish in route([*rules, further], subject, people).wishes}
    assert before <= after
