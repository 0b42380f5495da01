"""Pages in jsdom or Chromium, driven from here: give orders, wait for what they tell."""

import itertools
import json
import subprocess
import threading
from pathlib import Path

import pytest

from front.parts import environment

DRIVER = Path(__file__).with_name("driver") / "main.mjs"
PATIENCE = 10  # seconds
LONG_PATIENCE = 30


class Browser:
    """A browser process. `elsewhere` is an origin that serves empty pages and is nobody else's."""

    def __init__(self, modules, kind, *args):
        self.kind = kind
        self._process = subprocess.Popen(
            ["node", DRIVER, kind, *args],
            env=environment(modules),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._numbers = itertools.count(1)
        self._news = threading.Condition()
        self._answers = {}
        self._pages = {}
        self._ended = False
        self.elsewhere = self._read_hello()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def open(self, url, script, login=None):
        """A page at an address, running a script; in Chromium it may sign in with a token before."""
        page = Page(self, next(self._numbers), self._news)
        self._pages[page.number] = page
        self.order(open=page.number, url=url, script=str(script), login=login)
        return page

    def order(self, **order):
        """The answer to an order; AssertionError if the page refuses."""
        number = next(self._numbers)
        with self._news:
            self._process.stdin.write(json.dumps({"id": number, **order}) + "\n")
            self._process.stdin.flush()
            there = self._news.wait_for(lambda: number in self._answers or self._ended, LONG_PATIENCE)
            assert there, f"{self.kind} does not answer {order}"
            assert not self._ended, f"{self.kind} has ended"
            answer = self._answers.pop(number)
        assert "error" not in answer, answer["error"]
        return answer["answer"]

    def close(self):
        """End it with all its pages."""
        self._process.stdin.close()
        self._process.wait(LONG_PATIENCE)
        self._reader.join()
        self._process.stdout.close()

    def _read_hello(self):
        if hello := self._process.stdout.readline():
            return json.loads(hello)["elsewhere"]
        self._process.communicate()
        return pytest.fail(f"{self.kind} did not start", pytrace=False)

    def _read(self):
        for line in self._process.stdout:
            message = json.loads(line)
            with self._news:
                if "page" in message:
                    self._pages[message["page"]].reports.append(message["report"])
                else:
                    self._answers[message["id"]] = message
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()


class Page:
    """A page. `reports` are those that nobody has waited for yet, oldest first."""

    def __init__(self, browser, number, news):
        self.number = number
        self.reports = []
        self._browser = browser
        self._news = news

    def do(self, verb, *args):
        """The answer of one of the page's verbs."""
        return self._browser.order(call=self.number, verb=verb, args=args)

    def wait(self, within=PATIENCE, **wanted):
        """The oldest report that has what is wanted; it is taken out of `reports`."""
        with self._news:
            self._news.wait_for(lambda: self.told(**wanted) or self.told(broken=anything), within)
            assert self.told(**wanted), f"{wanted} was not told; what was: {self.reports}"
            found = self.told(**wanted)[0]
            self.reports.remove(found)
            return found

    def told(self, **wanted):
        """The reports that have what is wanted: equal values, or values that a function says yes to."""
        return [report for report in self.reports if _has(report, wanted)]

    def close(self):
        """Leave the page."""
        self._browser.order(close=self.number)


def anything(_):
    """Says yes to every value."""
    return True


def _has(found, wanted):
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(key in found and _has(found[key], value) for key, value in wanted.items())
    return bool(wanted(found)) if callable(wanted) else found == wanted
