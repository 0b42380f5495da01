"""A daemon with people and an order in it, and a browser's eye for its pages."""

import asyncio
import re
from contextlib import asynccontextmanager
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

from live import serving
from server.rest.served import furnish
from taskwatch.actions import transitions

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


class Seen:
    """A page as it came. `acts` are what its buttons and forms send: (path, label or "", attributes)."""

    def __init__(self, status, headers, html):
        self.status, self.headers, self.html = status, headers, html
        found = _Reader()
        found.feed(html)
        self.acts, self.tags, self.title = found.acts, found.tags, found.title
        spaced = re.sub(r"</(dt|dd|td|th|li|option)>", " ", html)
        self.text = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", "", spaced))).strip()

    def offers(self, verb):
        """What sends this verb: its attributes, or None."""
        return next((attributes for path, attributes in self.acts if path.endswith(f"/{verb}")), None)


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.acts, self.tags, self.title, self._in_title = [], [], "", False

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        self._in_title = tag == "title"
        if "data-act" in attributes:
            self.acts.append((attributes["data-act"], attributes))

    def handle_data(self, data):
        self.title += data if self._in_title else ""
        self._in_title = False


class Office:
    """The users dana (1, an admin), eli (5) and kim (6, a driver); bc 114 and hr 7 have begun."""

    def __init__(self, daemon, store, clock, session, secrets):
        self.daemon, self.store, self.clock = daemon, store, clock
        self._session, self._secrets = session, secrets

    async def look(self, path, as_="admin", **headers):
        """The page that a browser gets."""
        given = {**BROWSER, "Authorization": f"Bearer {self._secrets[as_]}", **headers}
        async with self._session.get(self.daemon.address + path, headers=given) as answer:
            return Seen(answer.status, answer.headers, await answer.text())

    async def act(self, attributes, as_="admin", **body):
        """Do what a button or a form on a page says; the status and the answer."""
        import json

        given = {"Authorization": f"Bearer {self._secrets[as_]}", "Content-Type": "application/json"}
        if "data-match" in attributes:
            given["If-Match"] = f'"{attributes["data-match"]}"'
        sent = {**json.loads(attributes.get("data-body") or "{}"), **body}
        url = self.daemon.address + attributes["data-act"]
        async with self._session.post(url, json=sent, headers=given) as answer:
            return answer.status, await answer.json(content_type=None)

    def move(self, verb, code="ADV_REVIEW_BC114", **circumstances):
        """Move a task behind everybody's back."""
        return transitions.transition(self.store, verb, [code], self.clock.change(**circumstances))[0]


def visit(store, clock, scene, **settings):
    """Run `scene(office)` against a daemon."""

    async def main():
        async with asyncio.timeout(60), opening(store, clock, **settings) as office:
            await scene(office)

    asyncio.run(main())


@asynccontextmanager
async def opening(store, clock, **settings):
    from aiohttp import ClientSession

    secrets = furnish(store, clock)
    async with serving(Path(store.url), clock=clock, **settings) as daemon, ClientSession() as session:
        yield Office(daemon, store, clock, session, secrets)
