"""Links in messages: what was sealed is read back, and nothing else is."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskwatch.errors import InvalidInput
from taskwatch.model.link import ACK, Link, seal, unseal

SECRET, NOW = b"0" * 32, 1_000
LINK = Link(ACK, 5, ("12", "1"), 2_000)


def test_what_was_sealed_is_read_back_until_it_expires():
    text = seal(SECRET, LINK)
    assert unseal(SECRET, text, 1_999) == LINK
    with pytest.raises(InvalidInput, match="has expired"):
        unseal(SECRET, text, 2_000)


def test_a_link_needs_no_escaping_in_an_address():
    assert re.fullmatch(r"[A-Za-z0-9_.-]{1,200}", seal(SECRET, LINK))


def test_another_secret_opens_nothing():
    with pytest.raises(InvalidInput, match="not whole"):
        unseal(b"1" * 32, seal(SECRET, LINK), NOW)


@given(st.integers(0, 200), st.characters())
def test_a_link_with_one_other_character_is_refused(place, letter):
    text = seal(SECRET, LINK)
    changed = text[: place % len(text)] + letter + text[place % len(text) + 1 :]
    if changed != text:
        with pytest.raises(InvalidInput, match="not whole"):
            unseal(SECRET, changed, NOW)


@pytest.mark.parametrize(
    "text", ["", ".", "a.b", "\u00e4.\u00e4", "a" * 5_000, "..", seal(SECRET, LINK) + "."]
)
def test_anything_else_is_refused(text):
    with pytest.raises(InvalidInput, match="not whole"):
        unseal(SECRET, text, NOW)
