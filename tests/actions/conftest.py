"""What the verbs do they do on every engine."""

import pytest

import postgres


@pytest.fixture(params=["sqlite", "postgres"])
def fresh(request, tmp_path):
    """Opens empty databases of the engine whose turn it is, and closes them at the end."""
    with postgres.databases(request.param, tmp_path) as new:
        yield new


@pytest.fixture
def store(fresh):
    return fresh()
