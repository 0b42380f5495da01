"""The fixtures that everybody shares: a clock driven by hand, and a store on a real file."""

import pytest

from taskwatch.testing import HandClock, new_store

# Which folders stay whole where several processes share the tests: one of them has the browsers.
TOGETHER = {"tests/front": "browsers", "tests/browser": "browsers", "tests/chaos": "chaos"}


def pytest_xdist_make_scheduler(config, log):
    """Every other file stays whole: what it sets up is set up once."""
    from xdist.scheduler import LoadScopeScheduling

    class ByPlace(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file = nodeid.partition("::")[0]
            return TOGETHER.get("/".join(file.split("/")[:2]), file)

    return ByPlace(config, log)


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def store(tmp_path):
    opened = new_store(tmp_path)
    yield opened
    opened.close()
