"""Fixtures: npm's packages, browsers, pages, and the daemons that they talk to."""

import pytest

from front import parts
from front.browser import Browser
from front.daemon import Daemon, running


@pytest.fixture(scope="session")
def modules():
    """The folder of npm's packages."""
    return parts.packages()


@pytest.fixture(scope="session")
def scripts(modules, tmp_path_factory):
    """The scripts of the two pages, by name."""
    folder = tmp_path_factory.mktemp("scripts")
    entries = (parts.HERE / "page/echo.js", parts.HERE / "page/components.jsx")
    return {entry.stem: parts.bundle(entry, modules, folder) for entry in entries}


@pytest.fixture(scope="session")
def jsdom(modules):
    """A browser that is jsdom."""
    browser = Browser(modules, "jsdom")
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def chromium(modules):
    """A browser that is headless Chromium."""
    if not (path := parts.find_chromium()):
        parts.lacking("Chromium is not installed")
    browser = Browser(modules, "chromium", path)
    yield browser
    browser.close()


@pytest.fixture(scope="session", params=["jsdom", "chromium"])
def browser(request):
    """Each browser in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def own_daemon(tmp_path_factory):
    """A daemon on which no token was ever made: who sits at the machine owns it. Pages may whisper."""
    with running(Daemon(tmp_path_factory.mktemp("own"), {"pusher.client_events": "true"})) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def daemon(browser, tmp_path_factory):
    """A daemon for dana (5), eli (6) and an admin (1), who have tokens and come from another origin."""
    daemon = Daemon(tmp_path_factory.mktemp("shared"), {"server.allowed_origins": browser.elsewhere})
    daemon.admit("ada", 1, "--admin")
    daemon.admit("dana", 5, "--role", "adv")
    daemon.admit("eli", 6)
    with running(daemon):
        yield daemon


@pytest.fixture
def visit(browser, scripts):
    """Open a page, connected: elsewhere for `who` sends a token, else of the daemon's own origin."""
    pages = []

    def visit(daemon, who=None, login=None):
        url = f"{browser.elsewhere}/" if who else f"{daemon.url}/test/page.html"
        pages.append(page := browser.open(url, scripts["echo"], login))
        page.do("connect", daemon.url, daemon.tokens[who] if who else None)
        page.wait(heard="state", state="connected")
        return page

    yield visit
    for page in pages:
        page.close()
