"""Fixtures: a browser, an office to look at, people who look, and what stands between."""

import contextlib

import pytest

from browser import chrome, hurtful, office
from browser.backstage import Cable, backstage
from front.daemon import running


@pytest.fixture(scope="package")
def chromium():
    """A headless Chromium."""
    with chrome.chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def database(tmp_path_factory):
    """A database with two weeks of work in it, to copy."""
    path = tmp_path_factory.mktemp("rehearsed") / "taskwatch.db"
    office.rehearse(path)
    return path


@pytest.fixture(scope="package")
def daemon(database, tmp_path_factory):
    """A daemon at work, that everybody shares."""
    with running(office.Office(tmp_path_factory.mktemp("office"), database)) as daemon:
        yield daemon


@pytest.fixture(scope="package")
def hurtful_daemon(tmp_path_factory):
    """A daemon of an office where everything has a hostile name."""
    path = tmp_path_factory.mktemp("hurtful") / "taskwatch.db"
    hurtful.furnish(path)
    with running(office.Office(tmp_path_factory.mktemp("hurt"), path)) as daemon:
        yield daemon


@pytest.fixture(scope="package")
def receive(chromium):
    """Receive somebody with a browser of their own, signed in to a daemon as `who`."""

    @contextlib.contextmanager
    def receive(daemon, who="you", url="", **options):
        visitor = chrome.Visitor(chromium, url or daemon.url, daemon.cookies.get(who, ()), **options)
        if who and who not in daemon.cookies:
            daemon.cookies[who] = visitor.sign_in(daemon.tokens[who])
        yield visitor
        visitor.close()

    return receive


@pytest.fixture
def come(receive):
    """Let somebody come, and stay for a test."""
    with contextlib.ExitStack() as stay:
        yield lambda *who, **how: stay.enter_context(receive(*who, **how))


@pytest.fixture(scope="package")
def run():
    """Have a coroutine run beside the tests."""
    with backstage() as run:
        yield run


@pytest.fixture
def cable(daemon, run):
    """A cable to the daemon."""
    cable = Cable(run, daemon.port)
    yield cable
    cable.close()
