"""Every view shows what is, follows what happens, and goes on after the daemon or the network was gone."""

import pytest

from browser.chrome import PATIENCE_MS, await_state, await_text, text
from browser.office import YOU

TITLES = {
    "board": "Board",
    "workflows": "Workflows",
    "workflow": "Order",
    "inbox": "Inbox",
    "task": "ADV Review",
    "operations": "Operations",
}


@pytest.mark.parametrize("view", TITLES)
def test_a_view_renders_and_follows_the_command_line(daemon, come, view):
    visitor, news = come(daemon), News(daemon)
    page = visitor.visit(news.paths[view], live=True)
    assert TITLES[view] in text(page, "h1")
    page.evaluate("window.isSame = true")
    sign = news.sign(page, view)
    daemon.run(*news.commands[view])
    await_text(page, *sign)
    assert page.evaluate("window.isSame")
    assert visitor.trouble() == []


@pytest.mark.parametrize("view", ["workflow", "task"])
def test_one_change_after_the_other_is_followed_as_soon(daemon, come, view):
    news = News(daemon)
    page = come(daemon).visit(news.paths[view], live=True)
    selector, _ = news.sign(page, view)
    for verb, status in (("start", "in progress"), ("hold", "on hold"), ("fail", "failed")):
        daemon.run("task", verb, news.code, "--reason", "out of stock")
        await_text(page, selector, status)


def test_who_is_not_signed_in_is_led_to_the_page_to_sign_in_on_and_back(daemon, come):
    visitor = come(daemon, who=None)
    page = visitor.visit("/workflows?late=true")
    page.fill("#token", "wrong")
    page.click("button")
    assert "not known" in text(page, "[role=alert]")
    page.fill("#token", daemon.tokens["you"])
    page.click("button")
    page.wait_for_url("**/workflows?late=true")
    assert [each for each in visitor.trouble() if "401" not in each] == []


def test_a_cut_network_is_told_and_what_was_missed_comes_after_it(daemon, come, cable):
    outlast(daemon, come(daemon, url=cable.url), cable.cut, cable.mend)


def test_a_restart_of_the_daemon_is_told_and_what_was_missed_comes_after_it(daemon, come):
    outlast(daemon, come(daemon), daemon.stop, daemon.start)


def outlast(daemon, visitor, interrupt, mend):
    """All views at once, as tabs of a browser, are told what happened while they could not hear it."""
    news = News(daemon)
    pages = {view: visitor.visit(path, live=True) for view, path in news.paths.items()}
    signs = {view: news.sign(page, view) for view, page in pages.items()}
    for page in pages.values():
        page.evaluate("window.isSame = true")
    assert visitor.trouble() == []
    interrupt()
    for page in pages.values():
        await_state(page, "offline")
    for command in set(news.commands.values()):
        daemon.run(*command)
    mend()
    for view, page in pages.items():
        await_text(page, *signs[view], within=PATIENCE_MS)
        await_state(page, "live")
        assert page.evaluate("window.isSame")
    daemon.run("task", "hold", news.code, "--reason", "out of stock")
    for view in ("workflow", "task"):
        await_text(pages[view], news.sign(pages[view], view)[0], "on hold")
    assert visitor.trouble(with_network=False) == []


class News:
    """What may happen to each view: where it is, the command that does it, the sign that it was seen."""

    def __init__(self, daemon):
        order, ((self.task, self.code), *_) = daemon.order()
        self.subject = daemon.new_subject()
        letter = daemon.ask("notify", "dead", "list")[0]["id"]
        self.paths = daemon.views(order, self.task)
        start = ("task", "start", self.code)
        begin = ("workflow", "start", "bc", "Order", self.subject)
        hand = (
            "task",
            "add",
            f"LOOK_{self.subject}",
            "--name",
            f"Look after {self.subject}",
            "--assign",
            f"user:{YOU}",
        )
        discard = ("notify", "dead", "discard", str(letter))
        self.commands = {
            "board": start, "workflow": start, "task": start, "workflows": begin, "inbox": hand,
            "operations": discard,
        }  # fmt: skip

    def sign(self, page, view):
        """A selector, and a pattern of what it will say."""
        running, dead = ".page-head p", "#figures div:last-child strong"
        signs = {
            "board": (running, lambda: f"^{int(text(page, running).split()[0]) + 1} in progress"),
            "workflows": ("#runs tbody tr", lambda: f"bc {self.subject}"),
            "workflow": (f"#row-{self.task}", lambda: "in progress"),
            "inbox": ("#entries ul", lambda: f"Look after {self.subject}"),
            "task": ("#head", lambda: "in progress"),
            "operations": (dead, lambda: f"^{int(text(page, dead)) - 1}$"),
        }
        selector, pattern = signs[view]
        return selector, pattern()
