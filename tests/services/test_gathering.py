"""Messages in texts of bounded length: whole, once and in order, or whoever missed one hears of it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskwatch.services import gathering
from taskwatch.services.bus import GONE
from taskwatch.services.gathering import BYE, MISSED, PIECE, Gathering

MESSAGES = st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=40), max_size=3), max_size=5)
BATCHES = st.lists(MESSAGES.filter(bool), max_size=6)


@pytest.fixture
def ours():
    return Gathering(1, silence=15)


@pytest.fixture
def theirs():
    return Gathering(2, silence=15)


def heard(listener, texts, now=0.0):
    return [each for text in texts for each in listener.hear(text, now)]


@given(batches=BATCHES, size=st.integers(1, 30))
def test_what_is_said_is_heard_whole_once_and_in_order(batches, size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gathering, "PIECE", size)
        patch.setattr(gathering, "MOST_PARTS", 10**6)
        us, them = Gathering(1, 15), Gathering(2, 15)
        got = [each for batch in batches for each in heard(us, them.texts(batch))]
    assert got == [(2, message) for batch in batches for message in batch if "here" not in message]


def test_no_text_is_longer_than_the_server_takes_whatever_is_in_it(theirs):
    texts = theirs.texts([{"text": "\N{SNOWMAN}\0\ud800'" * 9_000}])
    assert max(len(text.encode()) for text in texts) < PIECE + 100 < 8_000
    assert len(texts) > 10


def test_it_does_not_hear_itself(ours):
    assert heard(ours, ours.texts([{"a": 1}])) == []
    assert ours.names == []


def test_what_is_said_twice_is_heard_once(ours, theirs):
    first, second = theirs.texts([{"a": 1}]), theirs.texts([{"a": 2}])
    assert heard(ours, first + first + second + second) == [(2, {"a": 1}), (2, {"a": 2})]


def test_whoever_misses_a_batch_hears_of_it_once(ours, theirs):
    heard(ours, theirs.texts([{"a": 1}]))
    theirs.texts([{"a": 2}])
    third, fourth = theirs.texts([{"a": 3}]), theirs.texts([{"a": 4}])
    assert heard(ours, third) == [(2, MISSED), (2, {"a": 3})]
    assert heard(ours, fourth) == [(2, {"a": 4})]


def test_a_batch_whose_beginning_was_not_heard_is_missed_as_a_whole(ours, theirs):
    heard(ours, theirs.texts([{"a": 1}]))
    long = theirs.texts([{"a": "x" * 3 * PIECE}])
    assert heard(ours, long[1:]) == []
    assert heard(ours, theirs.texts([{"a": 3}])) == [(2, MISSED), (2, {"a": 3})]


def test_whoever_comes_later_misses_nothing_by_that(ours, theirs):
    theirs.texts([{"a": 1}])
    assert heard(ours, theirs.texts([{"a": 2}])) == [(2, {"a": 2})]


def test_names_are_known_until_the_silence_lasts_too_long(ours, theirs):
    heard(ours, theirs.texts([{"here": "host 7"}]), now=100)
    assert ours.names == ["host 7"]
    assert ours.give_up(114.9) == []
    assert ours.give_up(115) == [(2, GONE)]
    assert (ours.names, ours.give_up(200)) == ([], [])


def test_one_who_was_given_up_and_talks_again_was_not_heard_in_between(ours, theirs):
    heard(ours, theirs.texts([{"a": 1}]))
    ours.give_up(20)
    assert heard(ours, theirs.texts([{"a": 2}]), now=30) == [(2, MISSED), (2, {"a": 2})]
    assert heard(ours, theirs.texts([{"a": 3}]), now=30) == [(2, {"a": 3})]


def test_a_goodbye_is_the_end_and_nothing_to_blame(ours, theirs):
    heard(ours, theirs.texts([{"here": "host 7"}]))
    assert heard(ours, theirs.texts([BYE])) == [(2, GONE)]
    assert (ours.names, ours.give_up(100)) == ([], [])


def test_after_being_deaf_nobody_is_blamed(ours, theirs):
    heard(ours, theirs.texts([{"a": 1}]))
    theirs.texts([{"a": 2}])
    ours.rejoin(100)
    assert ours.give_up(110) == []
    assert heard(ours, theirs.texts([{"a": 3}]), now=110) == [(2, {"a": 3})]


@pytest.mark.parametrize(
    "text", ["", "1 2", "2 x 0 1 []", "2 1 1 1 []", "2 1 0 5000 []", "2 1 0 1 [", "2 1 0 1 7", "2 1 0 1 [7]"]
)
def test_what_is_none_of_our_words_is_refused(ours, text):
    with pytest.raises((ValueError, TypeError)):
        ours.hear(text, 0)


def test_a_message_cannot_pretend_to_be_of_somebody_else(ours, theirs):
    said = {"whisper": {"channel": "c", "text": '3 1 0 1 [{"terminate":"5"}]'}}
    assert heard(ours, theirs.texts([said])) == [(2, said)]
    assert json.dumps(said)
