import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskwatch.server.dashboard.caption import breadth, caption


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Deliver", ["Deliver"]),
        ("Convert to bill of lading", ["Convert to bill of", "lading"]),
        ("exactly  sixteen 1234", ["exactly sixteen", "1234"]),
        ("Check the credit limit of the customer", ["Check the credit", "limit of the custo…"]),
        ("Donaudampfschifffahrtsgesellschaft", ["Donaudampfschifff", "ahrtsgesellschaft"]),
        ("検査検査検査検査検査検査", ["検査検査検査検査", "検査検査"]),
        ("", []),
    ],
)
def test_a_name_is_broken_between_words_where_it_can(text, lines):
    assert caption(text, 16) == lines


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=120),
    st.integers(4, 30),
    st.integers(1, 3),
)
def test_every_line_fits_and_nothing_is_lost_but_the_end(text, width, lines):
    broken = caption(text, width, lines)
    assert len(broken) <= lines
    assert all(breadth(line) <= width for line in broken)
    whole = "".join(text.split())
    said = "".join("".join(broken).split())
    assert said == whole or (said.endswith("…") and whole.startswith(said[:-1]))
