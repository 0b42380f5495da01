"""Names of topics, and patterns over them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskwatch.errors import InvalidInput
from taskwatch.model.topic import is_pattern, matches, parse

ALPHABET = "abzABZ019_=@,;.-"
names = st.text(ALPHABET, min_size=1, max_size=30)


@given(name=names)
def test_a_name_is_read_as_it_is_and_matches_itself_alone(name):
    assert parse(name) == name
    assert not is_pattern(name)
    assert matches(name, name)
    assert not matches(name, f"{name}x")


@given(name=names, cut=st.integers(0, 30))
def test_a_pattern_matches_what_begins_as_it_does(name, cut):
    pattern = parse(f"{name[:cut]}*")
    assert is_pattern(pattern)
    assert matches(pattern, name)
    assert matches(pattern, f"/{name}") is (pattern == "*")


@given(pattern=names.map(lambda name: f"{name}*"), name=names)
def test_a_pattern_matches_nothing_else(pattern, name):
    assert matches(pattern, name) is (name[: len(pattern) - 1] == pattern[:-1])


def test_letters_are_told_apart_by_their_case():
    assert not matches("workflow.BC.*", "workflow.bc.1")
    assert not matches("workflow.bc.1", "workflow.BC.1")


@pytest.mark.parametrize(
    "text",
    ["", " ", "a b", "a/b", "a#b", "workflow.*.114", "**", "*a", "a\n", "a*\n", "a\x00", "é", "٣", "a" * 201,
     "a" * 201 + "*", "workflow.bc.?", "a%", "a'b", 'a"b'],
)  # fmt: skip
def test_what_is_no_topic_is_refused_with_an_example(text):
    with pytest.raises(InvalidInput, match="a topic cannot be") as caught:
        parse(text)
    assert "workflow.bc.114" in caught.value.hint


def test_the_longest_topic_is_taken():
    assert parse("a" * 200)
    assert parse("a" * 200 + "*")
