"""Pages in headless Chromium, and what went wrong on them."""

import contextlib
import os
import re
import time

from playwright.sync_api import sync_playwright

from front import parts

# A change has to be on the screen this long (ms) after the command that made it has ended; a machine that is
# busy with other things, as those that run tests are, gets as much again.
SOON_MS = 1_000
SLACK_MS = 1_000
PATIENCE_MS = 20_000
ARGS = ["--disable-gpu", "--disable-background-networking", "--disable-extensions", "--mute-audio"]
AS_ROOT = ["--no-sandbox"]  # Chromium has no sandbox for root
# What a page tells of itself before anything of it has run: a script that should not be there leaves a mark.
WATCH = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`refused by the policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
for (const name of ["alert", "confirm", "prompt"]) window[name] = () => { window.hurt = name };
"""
NETWORK = ("net::ERR_", "Failed to fetch")


@contextlib.contextmanager
def chromium():
    """A browser. While it is there, nothing else can run an event loop in this thread."""
    if not (path := parts.find_chromium()):
        parts.lacking("Chromium is not installed")
    with sync_playwright() as playwright:
        args = ARGS + (AS_ROOT if os.getuid() == 0 else [])
        browser = playwright.chromium.launch(executable_path=path, args=args)
        yield browser
        browser.close()


class Visitor:
    """Somebody with a browser of their own: `visit` opens tabs. Cookies are those of a sign-in, if any."""

    def __init__(self, browser, url, cookies=(), **options):
        self.url = url
        self._context = browser.new_context(viewport={"width": 1440, "height": 900}, **options)
        self._context.set_default_timeout(PATIENCE_MS)
        self._context.add_init_script(WATCH)
        self._context.add_cookies(list(cookies))
        self._trouble = []

    def visit(self, path, *, live=False):
        """A tab on a page; `live` waits until it follows what happens."""
        page = self._context.new_page()
        page.on("console", self._note)
        page.on("pageerror", lambda error: self._trouble.append(str(error)))
        page.goto(self.url + path)
        if live:
            await_state(page, "live")
        return page

    def sign_in(self, token):
        """Sign in as a person does, and be on the board; the cookies of it."""
        page = self.visit("/login")
        page.fill("#token", token)
        page.click("button")
        page.wait_for_selector("#live", state="attached")
        page.close()
        return self._context.cookies()

    def trouble(self, *, with_network=True):
        """What the console told of as wrong; without what a network that is gone makes it say."""
        return [each for each in self._trouble if with_network or not any(part in each for part in NETWORK)]

    def close(self):
        self._context.close()

    def _note(self, message):
        if message.type in {"error", "warning"}:
            self._trouble.append(f"{message.text} ({message.location.get('url')})")


def await_state(page, state, within=PATIENCE_MS):
    """Wait until the badge of a page says how it follows."""
    page.wait_for_selector(f'#live[data-state="{state}"]', timeout=within)


def await_text(page, selector, pattern, within=SOON_MS + SLACK_MS):
    """Wait until an element says what a pattern describes; how long (seconds) that took."""
    began = time.monotonic()
    while not re.search(pattern, found := text(page, selector)):
        took = time.monotonic() - began
        assert took < within / 1000, f"{selector} says {found!r} after {took:.1f} s, not {pattern!r}"
        page.wait_for_timeout(20)
    return time.monotonic() - began


def text(page, selector):
    """What an element says, in one line; "" if it is not there."""
    script = "selector => document.querySelector(selector)?.textContent.replace(/\\s+/g, ' ').trim() ?? ''"
    return page.evaluate(script, selector)
