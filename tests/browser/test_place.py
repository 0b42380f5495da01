"""Where the dashboard may stand and who looks: under a path behind a proxy, without scripts, in many tabs."""

import pytest

from browser.backstage import Proxy
from browser.chrome import Visitor, await_text, text
from browser.office import Office
from front.daemon import running

FIRST_VIEW_BYTES = 100_000
PREFIX = "/tw"
PRESENT = {
    "board": ("in progress with a timeout", "Overdue", "At risk"),
    "workflows": ("bc 1", "of 3"),
    "workflow": ("in progress", "ADV Review", "Convert to BL"),
    "inbox": ("unread", "ADV Review"),
    "task": ("in progress", "ADV_REVIEW"),
    "operations": ("550 no such user", "SSE"),
}
OUTSIDE = """(prefix) => [...document.querySelectorAll("[href], [src], [action]")]
  .flatMap((each) => ["href", "src", "action"].map((name) => each.getAttribute(name)))
  .filter((path) => path && !path.startsWith(`${prefix}/`) && !path.startsWith("#"))"""


@pytest.fixture(scope="module")
def proxy(run):
    """What serves a daemon under a path, and other things beside it."""
    proxy = Proxy(run, PREFIX)
    yield proxy
    proxy.close()


@pytest.fixture(scope="module")
def remote(proxy, database, tmp_path_factory):
    """A daemon behind that proxy."""
    settings = {"server.public_url": proxy.url, "server.trusted_proxies": "127.0.0.1"}
    with running(Office(tmp_path_factory.mktemp("remote"), database, settings)) as daemon:
        proxy.serve(daemon.url)
        yield daemon


def test_under_a_path_one_signs_in_looks_acts_and_signs_out(remote, proxy, chromium):
    visitor = Visitor(chromium, proxy.url)
    cookies = visitor.sign_in(remote.tokens["you"])
    assert {each["path"] for each in cookies} == {PREFIX}
    order, ((task, code), *_) = remote.order()
    for path in remote.views(order, task).values():
        page = visitor.visit(path, live=True)
        outside = page.evaluate(OUTSIDE, PREFIX)
        assert outside == [], path
        page.close()
    page = visitor.visit(f"/admin/tasks/{task}", live=True)
    page.click(f'[data-act="/api/v1/tasks/{task}/start"]')
    page.wait_for_selector("#head .badge.is-in_progress")
    remote.run("task", "complete", code)
    await_text(page, "#head", "completed")
    page.click("nav a:has-text('Workflows')")
    page.click("#runs tbody a >> nth=0")
    page.wait_for_selector("#graph")
    page.click("text=Sign out")
    page.wait_for_url(f"{proxy.url}/login")
    assert visitor.trouble() == []
    assert proxy.strays == []
    visitor.close()


@pytest.mark.parametrize("view", ["board", "workflows", "workflow", "inbox", "task", "operations"])
def test_without_scripts_every_view_is_its_present_state_as_text_and_tables(daemon, come, view):
    visitor = come(daemon, java_script_enabled=False)
    order, ((task, code), *_) = daemon.order()
    page = visitor.visit(daemon.views(order, task)[view])
    daemon.ask("task", "start", code)
    page.reload()
    main = " ".join(page.text_content("main").split())
    for word in PRESENT[view]:
        assert word in main
    assert page.locator("main :is(table, ul.entries)").count() > 0
    assert page.locator(".needs-script:visible").count() == 0
    assert visitor.trouble() == []


def test_a_form_without_scripts_filters_the_board(daemon, come):
    page = come(daemon, java_script_enabled=False).visit("/")
    page.select_option("#by-type", "bc")
    page.click("#filters button")
    assert "type=bc" in page.url
    assert "in progress" in page.text_content("main")


def test_the_first_view_of_the_board_is_small(daemon, come, cable):
    come(daemon)  # signed in elsewhere: this browser has seen nothing yet
    visitor = come(daemon, url=cable.url)
    assert cable.carried == 0
    visitor.visit("/")  # and no longer: what happens next is fetched next
    assert 20_000 < cable.carried <= FIRST_VIEW_BYTES


def test_tabs_share_one_connection(daemon, come):
    visitor = come(daemon)
    pages = [visitor.visit(path, live=True) for path in ("/", "/workflows", "/admin/operations")]
    await_text(pages[-1], "#figures", r"Live clients ?1 ?1 SSE", within=10_000)
    pages[0].close()
    _, ((_, code), *_) = daemon.order()
    daemon.run("task", "start", code)
    await_text(pages[1], "#runs", code.removeprefix("ADV_REVIEW_BC"))
    assert text(pages[1], "#live") == "live"
