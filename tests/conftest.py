"""The fixtures that everybody shares: a clock driven by hand, and a store on a real file."""

from pathlib import Path

import pytest

from taskwatch.testing import HandClock, new_store


HERE = Path(__file__).parent
# One process has the browsers; what measures how quick something is has its folder's company alone.
TOGETHER = {"front": "browsers", "browser": "browsers", "chaos": "chaos"}


def pytest_collection_modifyitems(items):
    """Where two processes share the tests, a file stays whole, and some folders do."""
    for item in items:
        folder = item.path.relative_to(HERE).parts[0] if item.path.is_relative_to(HERE) else ""
        item.add_marker(pytest.mark.xdist_group(TOGETHER.get(folder, str(item.path))))


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def store(tmp_path):
    opened = new_store(tmp_path)
    yield opened
    opened.close()
