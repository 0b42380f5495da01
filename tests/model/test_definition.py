import copy
import json
import os
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskwatch.errors import InvalidInput
from taskwatch.model import assignment, definition, names
from taskwatch.model.definition import Action, Problem, Template, WorkflowType

EXAMPLE = os.path.join(os.path.dirname(__file__), "..", "data", "bc.toml")


@pytest.fixture
def bc():
    with open(EXAMPLE, "rb") as file:
        return tomllib.load(file)


def checked(data):
    """The type of a definition that must be good."""
    workflow_type, problems = definition.check(data)
    assert problems == []
    return workflow_type


def only_problem(data):
    """The one problem of a definition that must have exactly one."""
    workflow_type, problems = definition.check(data)
    assert workflow_type is None
    assert len(problems) == 1, problems
    return problems[0]


def tasks(**after):
    """A definition of tasks, each with the codes it comes after."""
    rows = [{"code": code, "name": code, "after": befores} for code, befores in after.items()]
    return {"workflow": {"code": "t", "name": "T"}, "task": rows}


def test_the_example_becomes_a_workflow_type(bc):
    assert checked(bc) == WorkflowType(
        "bc",
        "Order to bill of lading",
        "Order",
        (
            Template(
                "ADV_REVIEW",
                "ADV Review",
                "review",
                (),
                30,
                (assignment.role("adv"),),
                (Action("adv", "approve", "complete"), Action("adv", "reject", "fail")),
            ),
            Template(
                "CONVERT_TO_BL",
                "Convert to BL",
                "conversion",
                ("ADV_REVIEW",),
                30,
                (assignment.role("dispatcher"),),
                (),
            ),
            Template(
                "DELIVER", "Deliver", "delivery", ("CONVERT_TO_BL",), 120, (assignment.role("driver"),), ()
            ),
        ),
    )


def test_a_task_needs_only_a_code_and_a_name():
    data = {"workflow": {"code": "t", "name": "T"}, "task": [{"code": "A", "name": "a"}]}
    assert checked(data) == WorkflowType("t", "T", None, (Template("A", "a", "task", (), None, (), ()),))


def test_a_task_may_come_after_one_that_is_defined_below_it():
    assert checked(tasks(A=["B"], B=[])).templates[0].after == ("B",)


def test_checking_does_not_change_what_it_reads(bc):
    before = copy.deepcopy(bc)
    definition.check(bc)
    assert bc == before


def test_all_problems_are_reported_and_not_only_the_first(bc):
    bc["workflow"].update(code="B C", nmae="x")
    bc["task"][0].update(timeout=0, assign=["role:adv", "nobody"])
    del bc["task"][1]["name"]
    bc["task"][2]["after"] = ["CONVERT_TO_BI", 7]
    workflow_type, problems = definition.check(bc)
    assert workflow_type is None
    assert {problem.keys for problem in problems} == {
        ("workflow", "code"),
        ("workflow", "nmae"),
        ("task", 0, "timeout"),
        ("task", 0, "assign", 1),
        ("task", 1),
        ("task", 2, "after", 0),
        ("task", 2, "after", 1),
    }
    assert len(problems) == 7


@pytest.mark.parametrize(
    ("path", "value", "keys", "words"),
    [
        (("workflow", "code"), "BC", ("workflow", "code"), "a workflow type code cannot be 'BC'"),
        (("workflow", "name"), " ", ("workflow", "name"), "not empty"),
        (("workflow", "subject"), 5, ("workflow", "subject"), "cannot be 5"),
        (("workflow",), [], ("workflow",), "must be a table"),
        (("task", 1), "x", ("task", 1), "must be a table"),
        (("task", 2, "code"), "deliver", ("task", 2, "code"), "a template code cannot be 'deliver'"),
        (("task", 0, "name"), "a\x1b[2J", ("task", 0, "name"), "control characters"),
        (("task", 0, "type"), True, ("task", 0, "type"), "cannot be True"),
        (("task", 0, "timeout"), "soon", ("task", 0, "timeout"), "soon"),
        (("task", 0, "timeout"), True, ("task", 0, "timeout"), ""),
        (("task", 0, "timeout"), 1.5, ("task", 0, "timeout"), ""),
        (("task", 0, "timeout"), [30], ("task", 0, "timeout"), ""),
        (("task", 0, "after"), "DELIVER", ("task", 0, "after"), "after must be a list"),
        (("task", 0, "assign"), ["adv"], ("task", 0, "assign", 0), "an assignment cannot be 'adv'"),
        (("task", 0, "assign"), {"role": "adv"}, ("task", 0, "assign"), "assign must be a list"),
        (("task", 0, "actions"), ["adv"], ("task", 0, "actions"), "must be a table"),
        (("task", 0, "actions", "adv"), "fail", ("task", 0, "actions", "adv"), "must be a table"),
        (
            ("task", 0, "actions"),
            {"a.b": {"c": "fail"}},
            ("task", 0, "actions", "a.b", "c"),
            "an action cannot be named 'a.b'",
        ),
        (
            ("task", 0, "actions"),
            {"a": {"b/c": "fail"}},
            ("task", 0, "actions", "a", "b/c"),
            "an action cannot be named 'b/c'",
        ),
        (("task", 0, "actions", "adv", "x"), 3, ("task", 0, "actions", "adv", "x"), "cannot do 3"),
    ],
)
def test_a_bad_value_is_reported_where_it_stands(bc, path, value, keys, words):
    *parents, last = path
    place = bc
    for key in parents:
        place = place[key]
    place[last] = value
    if path == ("task", 1):
        del bc["task"][2]["after"]
    problem = only_problem(bc)
    assert problem.keys == keys
    assert words in problem.message


@pytest.mark.parametrize(
    ("table", "key", "where"),
    [
        (("workflow",), "code", ("workflow",)),
        (("workflow",), "name", ("workflow",)),
        (("task", 2), "code", ("task", 2)),
        (("task", 2), "name", ("task", 2)),
    ],
)
def test_a_missing_key_is_reported_at_its_table(bc, table, key, where):
    place = bc
    for each in table:
        place = place[each]
    del place[key]
    assert only_problem(bc) == Problem(where, f"a {table[0]} needs a {key}", f'add {key} = "..."')


@pytest.mark.parametrize(
    ("table", "key", "hint"),
    [
        ((), "tasks", "did you mean task?"),
        (("workflow",), "SUBJECT", "did you mean subject?"),
        (("task", 1), "timout", "did you mean timeout?"),
        (("task", 1), "zzz", "the keys are code, name, type, after, timeout, assign, actions"),
    ],
)
def test_an_unknown_key_comes_with_a_suggestion(bc, table, key, hint):
    place = bc
    for each in table:
        place = place[each]
    place[key] = 1
    assert only_problem(bc) == Problem((*table, key), f"there is no key '{key}'", hint)


def test_a_second_use_of_a_code_names_the_first(bc):
    bc["task"][2]["code"] = "ADV_REVIEW"
    problem = only_problem(bc)
    assert problem.keys == ("task", 2, "code")
    assert problem.message == "ADV_REVIEW is already defined by task 1"


def test_an_action_may_be_defined_once_in_a_type(bc):
    bc["task"][1]["actions"] = {"adv": {"approve": "start", "reopen": "start"}}
    problem = only_problem(bc)
    assert problem.keys == ("task", 1, "actions", "adv", "approve")
    assert problem.message == "adv.approve is already defined by task 1"


@pytest.mark.parametrize("verb", definition.VERBS)
def test_an_action_can_do_every_verb(bc, verb):
    bc["task"][2]["actions"] = {"driver": {"act": verb}}
    assert checked(bc).templates[2].actions == (Action("driver", "act", verb),)


@pytest.mark.parametrize(
    ("verb", "hint"),
    [
        ("COMPLETE", "did you mean complete?"),
        ("cancle", "did you mean cancel?"),
        ("xyz", "it can start, complete, fail, skip, hold, resume, cancel"),
    ],
)
def test_an_unknown_verb_comes_with_a_suggestion(bc, verb, hint):
    bc["task"][0]["actions"]["adv"]["approve"] = verb
    where = ("task", 0, "actions", "adv", "approve")
    assert only_problem(bc) == Problem(where, f"an action cannot do '{verb}'", hint)


@pytest.mark.parametrize("unknown", ["CONVERT_TO_BI", "convert_to_bl"])
def test_a_reference_to_no_task_comes_with_a_suggestion(bc, unknown):
    bc["task"][2]["after"] = ["ADV_REVIEW", unknown]
    assert only_problem(bc) == Problem(
        ("task", 2, "after", 1), f"there is no task '{unknown}' in this file", "did you mean CONVERT_TO_BL?"
    )


def test_a_reference_to_a_task_whose_code_is_bad_is_not_a_second_problem():
    assert only_problem(tasks(a=[], B=["a"])).keys == ("task", 0, "code")


def test_a_bad_code_is_never_suggested():
    problems = definition.check(tasks(**{"REVIEW\x1b": [], "B": ["REVIEW"]}))[1]
    assert [problem.hint for problem in problems if problem.keys == ("task", 1, "after", 0)] == [None]


def test_suggestions_end_where_they_would_take_long():
    unknown = [f"AA{number}" for number in range(definition.MAX_SUGGESTIONS + 5)]
    problems = definition.check(tasks(AA=[], B=unknown))[1]
    hints = [problem.hint for problem in problems]
    assert hints == ["did you mean AA?"] * definition.MAX_SUGGESTIONS + [None] * 5


def test_a_task_cannot_wait_for_itself():
    problem = only_problem(tasks(A=[], B=["A", "B"]))
    assert problem.keys == ("task", 1, "after", 1)
    assert problem.message == "a task cannot wait for itself: B -> B"


def test_a_cycle_is_spelled_as_a_path():
    problem = only_problem(tasks(FIRST=[], A=["FIRST", "B"], B=["A"]))
    assert problem.keys == ("task", 1, "after")
    assert problem.message == "these tasks wait for each other: A -> B -> A"


def test_separate_cycles_are_all_reported():
    problems = definition.check(tasks(A=["B"], B=["A"], C=["E"], D=["C"], E=["D"]))[1]
    assert [problem.message.partition(": ")[2] for problem in problems] == ["A -> B -> A", "C -> D -> E -> C"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("after", ["ADV_REVIEW", "ADV_REVIEW"]),
        ("assign", ["user:5", "user:5"]),
        ("assign", ["user:5", "user:05"]),
    ],
)
def test_nothing_may_stand_twice_in_a_list(bc, key, value):
    bc["task"][1][key] = value
    problem = only_problem(bc)
    assert problem.keys == ("task", 1, key, 1)
    assert problem.message.endswith(f"stands twice in {key}")


@pytest.mark.parametrize("empty", [{}, {"task": []}])
def test_a_workflow_needs_a_task(empty):
    problem = only_problem({"workflow": {"code": "t", "name": "T"}, **empty})
    assert problem == Problem((), "the workflow has no tasks", "add a [[task]]")


def test_one_task_table_instead_of_a_list_is_explained():
    problem = only_problem({"workflow": {"code": "t", "name": "T"}, "task": {"code": "A"}})
    assert (problem.keys, problem.hint) == (("task",), "write [[task]]")


def test_a_workflow_can_have_a_thousand_tasks_and_no_more():
    chain = {f"T{number}": [f"T{number - 1}"] if number else [] for number in range(1001)}
    assert only_problem(tasks(**chain)) == Problem(
        ("task",), "a workflow can have 1000 tasks at most, got 1001", None
    )
    del chain["T1000"]
    assert len(checked(tasks(**chain)).templates) == 1000


def test_a_task_may_be_assigned_to_users_and_roles(bc):
    bc["task"][0]["assign"] = ["role:adv", "user:5"]
    assert checked(bc).templates[0].assignments == (assignment.role("adv"), assignment.user(5))


def test_the_stored_form_has_the_field_names_of_tasks(bc):
    bc["task"][0]["assign"] = ["role:adv", "user:5"]
    stored = definition.to_json(checked(bc))
    assert stored["subject_type"] == "Order"
    assert stored["templates"][0] == {
        "code": "ADV_REVIEW",
        "name": "ADV Review",
        "type": "review",
        "after": [],
        "timeout_minutes": 30,
        "assignments": [
            {"type": "role", "user_id": None, "role_name": "adv"},
            {"type": "user", "user_id": 5, "role_name": None},
        ],
        "actions": [
            {"noun": "adv", "name": "approve", "verb": "complete"},
            {"noun": "adv", "name": "reject", "verb": "fail"},
        ],
    }


def test_a_changed_definition_is_not_equal(bc):
    before = checked(bc)
    assert checked(copy.deepcopy(bc)) == before
    bc["task"][2]["timeout"] = 121
    assert checked(bc) != before


def test_a_task_code_is_made_of_template_type_and_subject():
    assert definition.task_code("ADV_REVIEW", "bc", "114") == "ADV_REVIEW_BC114"


def test_a_task_code_that_is_too_long_is_refused():
    assert len(definition.task_code("A" * 60, "b" * 3, "1" * 64)) == 128
    with pytest.raises(InvalidInput, match="too long"):
        definition.task_code("A" * 60, "b" * 4, "1" * 64)


def test_an_action_is_found_with_its_template(bc):
    workflow_type = checked(bc)
    found = definition.find_action(workflow_type, "adv", "reject")
    assert found == (workflow_type.templates[0], Action("adv", "reject", "fail"))
    assert definition.find_action(workflow_type, "adv", "remove") is None
    assert definition.find_action(workflow_type, "driver", "reject") is None


keys = st.sampled_from(
    [
        *("workflow", "task", "code", "name", "subject", "type"),
        *("after", "timeout", "assign", "actions", "adv", ""),
    ]
)
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
    | st.sampled_from(["A", "B", "bc", "role:adv", "user:5", "30m", "complete"])
)  # fmt: skip
garbage = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(keys | st.text(max_size=5), inner, max_size=5)
    ),
)
rows = st.fixed_dictionaries({}, optional=dict.fromkeys(definition._TASK_KEYS, garbage))
near_misses = st.fixed_dictionaries(
    {}, optional={"workflow": garbage, "task": st.lists(rows | garbage, max_size=4)}
)


@given(near_misses | st.dictionaries(keys, garbage, max_size=4) | garbage)
def test_garbage_yields_problems_or_a_type_and_never_raises(data):
    workflow_type, problems = definition.check(data)
    assert (workflow_type is None) == bool(problems)
    for problem in problems:
        assert exists(data, problem.keys)
        assert problem.message.isprintable()
    if workflow_type:
        assert definition.from_json(definition.to_json(workflow_type)) == workflow_type


def exists(data, path):
    """Whether a key path leads to something, or is an absent table of a file."""
    for key in path:
        if path in (("workflow",), ("task",)):
            return True
        data = data[key]
    return True


names_for_people = st.text(min_size=1, max_size=30).filter(
    lambda text: text.strip() and not names.CONTROL.search(text)
)
words = st.from_regex(names.WORD, fullmatch=True)
assignees = st.builds(lambda number: f"user:{number}", st.integers(1, 10**15)) | words.map("role:{}".format)


@st.composite
def good_definitions(draw):
    """A definition file's data without any problem: tasks come after earlier ones only."""
    codes = draw(
        st.lists(st.from_regex(names.TEMPLATE_CODE, fullmatch=True), min_size=1, max_size=6, unique=True)
    )
    header = {"code": draw(st.from_regex(names.TYPE_CODE, fullmatch=True)), "name": draw(names_for_people)}
    optional = st.fixed_dictionaries(
        {},
        optional={
            "type": words,
            "timeout": st.integers(1, 100_000) | st.integers(1, 900).map("{}m".format),
            "assign": st.lists(assignees, unique=True, max_size=4),
        },
    )
    rows = [
        {
            "code": code,
            "name": draw(names_for_people),
            "after": draw(st.lists(st.sampled_from(codes[:place]), unique=True)) if place else [],
            "actions": {
                f"noun{place}": draw(st.dictionaries(words, st.sampled_from(definition.VERBS), max_size=3))
            },
            **draw(optional),
        }
        for place, code in enumerate(codes)
    ]
    return {"workflow": header, "task": rows}


@given(good_definitions())
def test_every_good_definition_survives_being_stored(data):
    workflow_type = checked(data)
    stored = json.loads(json.dumps(definition.to_json(workflow_type)))
    assert definition.from_json(stored) == workflow_type
    assert [template.code for template in workflow_type.templates] == [row["code"] for row in data["task"]]


@given(
    st.dictionaries(st.sampled_from("ABCDEF"), st.lists(st.sampled_from("ABCDEF"), unique=True), min_size=1)
)
def test_a_type_never_has_a_cycle(after):
    workflow_type, problems = definition.check(tasks(**after))
    assert (workflow_type is None) == (bool(set().union(*after.values()) - set(after)) or is_cyclic(after))
    assert (workflow_type is None) == bool(problems)


def is_cyclic(after):
    """Take away what waits for nothing, again and again; a cycle is what remains."""
    left = dict(after)
    while free := [code for code in left if not set(left[code]) & set(left)]:
        for code in free:
            del left[code]
    return bool(left)
