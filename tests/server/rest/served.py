"""For the tests of REST: the routes behind the real gate, on loopback, with a real database."""

import asyncio
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from taskwatch.actions import people, tokens, transitions, workflows
from taskwatch.actions.people import NewUser
from taskwatch.actions.tokens import NewToken
from taskwatch.model import definition
from taskwatch.server import docs, gate, openapi, rest
from taskwatch.server.house import HOUSE, House
from taskwatch.server.keeper import Keeper
from taskwatch.server.problem import problems
from taskwatch.server.settings import PusherApp, Settings
from taskwatch.services.database import Database
from taskwatch.testing import HandClock, new_store

ROUTES = (*rest.ROUTES, *openapi.ROUTES, *docs.ROUTES)
BC = {
    "workflow": {"code": "bc", "name": "Delivery", "subject": "Order"},
    "task": [
        {
            "code": "ADV_REVIEW",
            "name": "ADV Review",
            "timeout": 30,
            "assign": ["user:5"],
            "actions": {"adv": {"approve": "complete", "begin": "start"}},
        },
        {"code": "CONVERT_TO_BL", "name": "Convert to BL", "after": ["ADV_REVIEW"], "timeout": 30},
        {"code": "DELIVER", "name": "Deliver", "after": ["CONVERT_TO_BL"], "assign": ["role:driver"]},
    ],
}
HR = {"workflow": {"code": "hr", "name": "Hiring"}, "task": [{"code": "INTERVIEW", "name": "Interview"}]}


class Served:
    """A server with its clock, its store, and one client per identity. `url` ends without a slash."""

    def __init__(self, url, store, clock, session, secrets):
        self.url, self.store, self.clock = url, store, clock
        self._session, self.secrets = session, secrets

    async def ask(self, method, path, body=None, *, as_="admin", headers=None, data=None):
        """The answer to one request, as `Answer`."""
        given = {"Authorization": f"Bearer {self.secrets[as_]}"} if as_ else {}
        skipped = () if body is not None or data is not None else ("Content-Type",)
        async with self._session.request(
            method, self.url + path, json=body, data=data, headers={**given, **(headers or {})},
            skip_auto_headers=skipped,
        ) as response:  # fmt: skip
            return Answer(response.status, response.headers, await response.read())

    async def get(self, path, **how):
        return await self.ask("GET", path, **how)

    async def post(self, path, body=None, **how):
        return await self.ask("POST", path, body, **how)


class Answer:
    def __init__(self, status, headers, content):
        self.status, self.headers, self.content = status, headers, content

    @property
    def json(self):
        import json

        return json.loads(self.content)

    def __repr__(self):
        return f"{self.status} {self.content[:500]!r}"


def play(tmp_path, scene, *, more_routes=()):
    """Run `scene(served)` against a server with bc 114 and hr 7 begun, and users 1 (admin), 5, 6 (driver)."""

    async def main():
        async with serving(tmp_path, more_routes) as served, asyncio.timeout(60):
            return await scene(served)

    return asyncio.run(main())


@asynccontextmanager
async def serving(tmp_path, more_routes=()):
    clock = HandClock()
    store = new_store(tmp_path)
    secrets = furnish(store, clock)
    database = Database(store.url)
    settings = Settings(app=PusherApp("1", "taskwatch", b"secret"))
    keeper = Keeper(database, lambda: clock.now, settings)
    app = web.Application(middlewares=[problems, gate.border])
    app[HOUSE] = House(
        settings=settings, database=database, hub=None, relay=None, clients=None, keeper=keeper,
        switchboard=None, watch=None, now=lambda: clock.now,
    )  # fmt: skip
    routes = (*ROUTES, *more_routes)
    app[openapi.DOCUMENT] = openapi.Document(routes)
    for route in routes:
        app.router.add_route(route.method, route.path, gate.guarded(route))
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with aiohttp.ClientSession() as session:
            yield Served(url, store, clock, session, secrets)
    finally:
        await runner.cleanup()
        await database.close()
        store.close()


def furnish(store, clock):
    """Users, types, runs and tokens; the secret of each token by its name."""
    change = clock.change()
    people.add(store, NewUser("dana", id=1, email="dana@example.com", admin=True), change)
    people.add(store, NewUser("eli", id=5, email="eli@example.com"), change)
    people.add(store, NewUser("kim", id=6, roles=("driver",)), change)
    for document in (BC, HR):
        kept, problems = definition.check(document)
        assert not problems
        workflows.define(store, kept, change)
    workflows.start(store, "bc", "Order", "114", change)
    workflows.start(store, "hr", "Person", "7", change)
    wanted = {
        "admin": NewToken("admin", user_id=1, admin=True),
        "eli": NewToken("eli", user_id=5),
        "kim": NewToken("kim", user_id=6),
        "limited": NewToken("limited", user_id=5, workflows=("bc",)),
        "program": NewToken("program", roles=("driver",)),
    }
    return {name: tokens.create(store, each, change)["secret"] for name, each in wanted.items()}


def begin(served, code="ADV_REVIEW_BC114"):
    """Start a task as its holder."""
    return transitions.transition(served.store, "start", [code], served.clock.change(by=5))
