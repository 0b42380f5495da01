"""Two hundred hostile names of tasks, people and types, and as many reasons: shown, and nothing else."""

import pytest

from browser.chrome import await_text
from browser.hurtful import PAYLOADS, names

# Where each name is, whatever else is there.
EVERYWHERE = ("/workflows/bad/1", "/?all=1")
SMUGGLED = "main :is(script, img, iframe, template, [onload], [onerror], [onfocus], [onmouseover], [srcdoc])"


@pytest.mark.parametrize("path", [*EVERYWHERE, "/workflows", "/inbox", "/admin/operations", "/?type=bad"])
def test_names_are_shown_and_run_nothing(hurtful_daemon, come, path):
    visitor = come(hurtful_daemon)
    page = visitor.visit(path, live=True)
    check(page, visitor)
    if path in EVERYWHERE:
        said = words(page.text_content("main"))
        assert [name for name in names() if words(name) not in said] == []


def test_the_page_of_a_task_shows_names_reasons_and_people_and_runs_nothing(hurtful_daemon, come):
    visitor = come(hurtful_daemon)
    page = visitor.visit("/")
    for number in chosen():
        page.goto(f"{visitor.url}/admin/tasks/T{number}")
        said = words(page.text_content("main"))
        assert said.count(words(names()[number])) >= 2
        check(page, visitor)


@pytest.mark.long
def test_the_page_of_every_task_runs_nothing(hurtful_daemon, come):
    visitor = come(hurtful_daemon)
    page = visitor.visit("/")
    for number in range(len(names())):
        page.goto(f"{visitor.url}/admin/tasks/T{number}")
        check(page, visitor)


def test_what_comes_in_live_runs_nothing_either(hurtful_daemon, come):
    visitor = come(hurtful_daemon)
    paths = ("/workflows/bad/1", "/", "/inbox")
    pages = [visitor.visit(path, live=True) for path in paths]
    subject = hurtful_daemon.new_subject()
    for number, name in enumerate(PAYLOADS):
        code = f"LIVE{subject}_{number}"
        hurtful_daemon.ask("task", "add", code, "--name", name, "--workflow", "bad.1", "--assign", "user:1")
        hurtful_daemon.ask("task", "start", code, "--reason", name)
        hurtful_daemon.ask("task", "complete", code, "--reason", name)
    last = f"LIVE{subject}_{len(PAYLOADS) - 1}"
    await_text(pages[0], "#tasks", f"{last} .*completed")
    await_text(pages[0], "#toasts", "completed!")
    for page in pages:
        check(page, visitor)


def chosen():
    """Those that could hurt most, and started for a reason."""
    return [number for number in range(len(PAYLOADS) + 2) if number % 4 < 3]


def check(page, visitor):
    page.mouse.move(700, 300)
    page.keyboard.press("Tab")
    assert page.evaluate("window.hurt") is None
    assert page.locator(SMUGGLED).count() == 0
    assert visitor.trouble() == []


def words(text):
    return " ".join(text.split())
