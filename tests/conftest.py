"""The fixtures that everybody shares: a clock driven by hand, and a store on a real file."""

import pytest

from taskwatch.testing import HandClock, new_store


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def store(tmp_path):
    opened = new_store(tmp_path)
    yield opened
    opened.close()
