"""Two people click at the same moment: one has done it, the other is told what became of it."""

import pytest

from browser.office import OTHER, YOU

CLICK = """([selector, at]) => new Promise((clicked) => setTimeout(() => {
  document.querySelector(selector).click();
  clicked();
}, at - Date.now()))"""
ACTS = "buttons => buttons.map((each) => each.dataset.act)"
TOASTS = (
    "() => [...document.querySelectorAll('#toasts .toast')].map((each) => each.className.split(' ').pop())"
)


@pytest.fixture
def two(daemon, come):
    """Two people, each with a browser."""
    return come(daemon), come(daemon, who="other")


def test_of_two_who_start_a_task_one_has_and_the_other_is_told(daemon, two):
    _, ((task, code), *_) = daemon.order()
    pages = [visitor.visit(f"/admin/tasks/{task}", live=True) for visitor in two]
    click_at_once(pages, f'[data-act="/api/v1/tasks/{task}/start"]')
    outcomes = [await_toast(page) for page in pages]
    assert sorted(outcomes) == ["success", "warn"]
    for page in pages:
        page.wait_for_selector("#head .badge.is-in_progress")
    told = pages[outcomes.index("warn")].text_content("#toasts")
    assert code in told
    assert "in progress" in told or "version" in told
    assert daemon.ask("task", "show", code)["claimed_by"] == (YOU, OTHER)[outcomes.index("success")]


def test_what_was_typed_outlasts_a_conflict(daemon, two):
    _, ((task, code), *_) = daemon.order()
    daemon.ask("task", "start", code)
    page = two[0].visit(f"/admin/tasks/{task}", live=True)
    page.click("summary:has-text('Fail')")
    page.fill("#why-fail", "the paper is torn")
    page.evaluate("window.isSame = true")
    daemon.run("task", "hold", code, "--reason", "lunch")
    page.wait_for_selector("#head .badge.is-on_hold")
    assert page.input_value("#why-fail") == "the paper is torn"
    assert page.evaluate("document.activeElement.id") == "why-fail"
    assert page.evaluate("window.isSame")


def test_of_two_who_take_care_of_a_late_task_the_other_sees_who_does(daemon, two):
    pages = [visitor.visit("/", live=True) for visitor in two]
    selector = "#late button[data-act$='/ack']"
    first, second = (set(page.eval_on_selector_all(selector, ACTS)) for page in pages)
    path = min(first & second)
    click_at_once(pages, f'[data-act="{path}"]')
    row = f'#late tr:has([data-act="{path.replace("/ack", "/unack")}"])'
    for page in pages:
        page.wait_for_selector(f"{row} .who-has:has-text('taken care of')")


def click_at_once(pages, selector):
    """Each page waits for the same instant by itself."""
    at = pages[0].evaluate("Date.now()") + 400
    for page in pages:
        page.evaluate("wish => void (window.clicked = (" + CLICK + ")(wish))", [selector, at])


def await_toast(page):
    page.wait_for_selector("#toasts .toast")
    return page.evaluate(TOASTS)[0]
