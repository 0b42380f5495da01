"""A server of the Pusher endpoints on loopback, run in a thread so that blocking SDKs can be its clients."""

import asyncio
import base64
import threading
from contextlib import contextmanager

import pusher
import requests
from aiohttp import web

from taskwatch.actions.events import Filter, newest
from taskwatch.model.access import OWNER, Identity
from taskwatch.server.gate import IDENTITY
from taskwatch.server.house import HOUSE, House
from taskwatch.server.problem import problems
from taskwatch.server.pusher import auth, http_api
from taskwatch.server.pusher.sealing import master_key
from taskwatch.server.pusher.switchboard import Switchboard
from taskwatch.server.settings import PusherApp, Settings
from taskwatch.services.bus import LoneBus
from taskwatch.services.database import Database
from taskwatch.services.hub import Hub

APP = PusherApp("17", "key-of-the-app", b"a secret nobody knows")

IDENTITIES = {
    "owner": OWNER,
    "dana": Identity(user_id=7, roles=frozenset({"dispatcher"}), credential=12),
    "display": Identity(workflows=frozenset({"bc"}), roles=frozenset({"viewer"}), credential=13),
}


class Server:
    """The endpoints with a real database; who comes in is said by a header, as the gate has its own tests."""

    def __init__(self, store, clock):
        self.store = store
        self.clock = clock
        self.port = 0
        database, hub, settings = Database(store.url), Hub(), Settings(APP)
        self.house = House(
            settings=settings,
            database=database,
            hub=hub,
            relay=None,
            clients=None,
            keeper=None,
            switchboard=Switchboard(hub, settings, LoneBus(), 0),
            watch=None,
            now=self.now,
        )

    def now(self):
        return self.clock.now

    def post(self, path, identity="owner", **kwargs):
        url = f"http://127.0.0.1:{self.port}{path}"
        return requests.post(
            url, headers={"X-As": identity, **kwargs.pop("headers", {})}, timeout=10, **kwargs
        )

    def request(self, method, path, **kwargs):
        return requests.request(method, f"http://127.0.0.1:{self.port}{path}", timeout=10, **kwargs)

    def events(self):
        """The messages that were published, oldest first."""
        return newest(self.store, Filter(("message.published",)), 100).events

    def application(self):
        app = web.Application(middlewares=[problems, _known])
        app[HOUSE] = self.house
        for route in (*auth.ROUTES, *http_api.ROUTES):
            app.router.add_route(route.method, route.path, route.handler)
        return app


def sdk_of(port, **changes):
    options = {
        "app_id": APP.id,
        "key": APP.key,
        "secret": APP.secret.decode(),
        "ssl": False,
        "host": "127.0.0.1",
        "port": port,
        "encryption_master_key_base64": _base64(master_key(APP.secret)),
    }
    return pusher.Pusher(**{**options, **changes})


def _base64(key):
    return base64.b64encode(key).decode()


@web.middleware
async def _known(request, handler):
    request[IDENTITY] = IDENTITIES[request.headers.get("X-As", "owner")]
    return await handler(request)


@contextmanager
def served(server):
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(work):
        return asyncio.run_coroutine_threadsafe(work, loop).result(10)

    async def start():
        runner = web.AppRunner(server.application())
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.port = runner.addresses[0][1]
        return runner

    async def stop(runner):
        await runner.cleanup()
        await server.house.database.close()

    runner = run(start())
    try:
        yield
    finally:
        run(stop(runner))
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
