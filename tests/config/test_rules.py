"""The `[[notify.rule]]` tables: what they may hold, and an error that names the line of what they may not."""

import re
from pathlib import Path

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from taskwatch import tomlfile
from taskwatch.config import load
from taskwatch.config.rules import rules, rules_in
from taskwatch.errors import InvalidConfig
from taskwatch.model.routing import DEFAULT_RULES, KINDS, Rule

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"

FULL = """
[[notify.rule]]
name = "loud"
kinds = ["task.sla.exceeded"]
workflow_types = ["bc"]
levels = ["high", "critical"]
roles = ["driver"]
to = ["assigned", "roles", "admins", "user:5", "role:lead", "oncall:night"]
channels = ["database", "mail"]
mandatory = true
stop = true

[[notify.rule]]
to = ["admins"]
channels = ["mail"]
"""


def read(text):
    return rules_in(tomlfile.parse(text, "config.toml"))


def configured(folder, *texts):
    """The configuration of files, the weakest first."""
    home, work = folder / "home", folder / "work"
    paths = (home / ".config" / "taskwatch" / "config.toml", work / "taskwatch.toml")
    for path, text in zip(paths, texts, strict=False):
        path.parent.mkdir(parents=True)
        path.write_text(text)
    return load(flags={}, environ={"HOME": str(home)}, cwd=str(work))


def test_a_rule_holds_what_its_table_says_and_has_its_number_for_a_name():
    assert read(FULL) == (
        Rule(
            "loud",
            ("assigned", "roles", "admins", "user:5", "role:lead", "oncall:night"),
            ("database", "mail"),
            ("task.sla.exceeded",),
            ("bc",),
            ("high", "critical"),
            ("driver",),
            mandatory=True,
            stop=True,
        ),
        Rule("2", ("admins",), ("mail",)),
    )


def test_without_rules_the_usual_ones_hold(tmp_path):
    assert rules(configured(tmp_path)) == DEFAULT_RULES
    assert read("[notify]\ndaily_cap = 3") == ()


def test_rules_of_the_strongest_file_that_has_any_replace_all_others(tmp_path):
    weak = configured(tmp_path / "weak", FULL, "[notify]\ndaily_cap = 3")
    assert [rule.name for rule in rules(weak)] == ["loud", "2"]
    strong = configured(tmp_path / "strong", FULL, "[[notify.rule]]\nto = ['admins']\nchannels = ['mail']")
    assert [rule.name for rule in rules(strong)] == ["1"]


def test_the_other_keys_of_the_section_are_read_beside_the_rules(tmp_path):
    config = configured(tmp_path, f"[notify]\ndaily_cap = 3\n{FULL}")
    assert config["notify.daily_cap"] == 3


def test_the_rules_in_the_example_are_the_usual_ones():
    text = EXAMPLE.read_text()
    rule_lines = text[text.index("#[[notify.rule]]") :].split("\n\n")[0]
    assert read(re.sub(r"^#", "", rule_lines, flags=re.MULTILINE)) == DEFAULT_RULES


BASE = "[[notify.rule]]\nto = ['admins']\nchannels = ['mail']\n"


@pytest.mark.parametrize(
    ("text", "line", "said", "hint"),
    [
        ("[[notify.rule]]\nchannels = ['mail']", 1, "notify.rule needs to", "write to = [...]: assigned"),
        ("[[notify.rule]]\nto = []\nchannels = ['mail']", 1, "notify.rule needs to", "assigned"),
        (f"{BASE}level = ['low']", 4, "no key notify.rule.level", "did you mean notify.rule.levels?"),
        (f"{BASE}levels = ['hgih']", 4, "notify.rule.levels cannot have 'hgih'", "low or medium"),
        (f"{BASE}kinds = ['task.created']", 4, "cannot have 'task.created'", "task.became.ready"),
        (f"{BASE}kinds = 'task.became.ready'", 4, "must be a list of texts", "kinds = [...]"),
        (f"{BASE}roles = [1]", 4, "must be a list of texts", "names of roles"),
        (f"{BASE}mandatory = 'yes'", 4, "must be true or false", "mandatory = true"),
        (f"{BASE}name = ''", 4, "notify.rule.name must be a short text", "leave it out"),
        (f"{BASE}\n{BASE}stop = 1", 8, "notify.rule.stop must be true or false", "stop = true"),
        ("[[notify.rule]]\nto = ['everybody']\nchannels = ['mail']", 2, "cannot have 'everybody'", "roles"),
        ("[[notify.rule]]\nto = ['user:dana']\nchannels = ['mail']", 2, "cannot have 'user:dana'", "user:5"),
        ("[[notify.rule]]\nto = ['role:']\nchannels = ['mail']", 2, "cannot have 'role:'", "role:NAME"),
        ("[[notify.rule]]\nto = ['admins']\nchannels = ['a b']", 3, "cannot have", "names of channels"),
        ("[notify.rule]\nto = ['admins']", 1, "must be a list of tables", "write [[notify.rule]]"),
        ("[notify]\nrule = ['x']", 2, "notify.rule must be a table", "[notify.rule]"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_the_next_step(text, line, said, hint):
    with pytest.raises(InvalidConfig) as caught:
        read(text)
    assert caught.value.message.startswith(f"config.toml:{line}: ")
    assert said in caught.value.message
    assert hint in caught.value.hint


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.text(max_size=8)
    | st.sampled_from(["admins", "mail", *KINDS]),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)
keys = st.sampled_from(
    ["name", "to", "channels", "kinds", "levels", "roles", "workflow_types", "mandatory", "stop"]
)


@given(st.lists(st.dictionaries(keys | st.text(max_size=5), values, max_size=6), max_size=3))
def test_any_table_is_rules_or_an_error_in_a_sentence(tables):
    document = tomlfile.Document("config.toml", {"notify": {"rule": tables}}, "")
    found, error = [], ""
    try:
        found = rules_in(document)
    except InvalidConfig as caught:
        error = caught.message
    assert len(found) == (0 if error else len(tables))
    assert not error or error.startswith("config.toml:")
    assert all(rule.to and rule.channels for rule in found)


def test_the_documented_example_of_a_rule_can_be_read():
    from taskwatch.config import rules as module

    text = "\n".join(line[4:] for line in module.__doc__.splitlines() if line.startswith("    "))
    assert tomli.loads(text)
    assert read(text)[0].levels == ("high", "critical")
