"""A small server behind the real gate: one route for each policy, on loopback."""

from contextlib import asynccontextmanager

from aiohttp import ClientSession, CookieJar, web

from taskwatch.errors import TaskwatchError
from taskwatch.server import gate, login
from taskwatch.server.house import HOUSE, House
from taskwatch.server.keeper import Keeper
from taskwatch.server.policy import Policy
from taskwatch.server.problem import problems
from taskwatch.server.route import Route
from taskwatch.server.settings import PusherApp, Settings
from taskwatch.services.database import Database
from taskwatch.services.hub import Hub
from taskwatch.services.relay import Relay

APP = PusherApp("1", "taskwatch", b"hidden")


async def tell(request):
    """Who was let in."""
    identity = request.get(gate.IDENTITY)
    return web.json_response(
        identity and {"user": identity.user_id, "admin": identity.admin, "token": identity.credential}
    )


async def fail(request):
    raise RuntimeError("planned")


async def talk(request):
    """A socket that tells whether it was let in."""
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    try:
        identity = await gate.admit(request)
        await socket.send_json({"admin": identity.admin})
    except TaskwatchError as error:
        await socket.send_json({"error": error.http_status})
    await socket.close()
    return socket


ROUTES = [
    Route("GET", "/anyone", tell, Policy.ANYONE, "", ""),
    Route("GET", "/known", tell, Policy.KNOWN, "", ""),
    Route("POST", "/known", tell, Policy.KNOWN, "", ""),
    Route("DELETE", "/known", tell, Policy.KNOWN, "", ""),
    Route("GET", "/all", tell, Policy.SEES_ALL, "", ""),
    Route("GET", "/admin", tell, Policy.ADMIN, "", ""),
    Route("GET", "/fail", fail, Policy.KNOWN, "", ""),
    Route("POST", "/signed", tell, Policy.SIGNED, "", "", hidden=True),
    Route("POST", "/broadcasting/auth", tell, Policy.KNOWN, "", "", hidden=True),
    Route("GET", "/ws", talk, Policy.SOCKET, "", "", hidden=True),
    *login.ROUTES,
]


class Guarded:
    """The server's parts, and a client of it."""

    def __init__(self, house, runner, session, port):
        self.house, self.runner, self.session, self.port = house, runner, session, port
        self.database, self.keeper, self.relay = house.database, house.keeper, house.relay

    def request(self, method, path, *, host=None, **more):
        """A request as its method, its path and more of aiohttp's; `host` replaces the Host header."""
        headers = {**({"Host": host} if host is not None else {}), **more.pop("headers", {})}
        url = f"http://127.0.0.1:{self.port}{path}"
        return self.session.request(method, url, headers=headers, allow_redirects=False, **more)

    async def status(self, method, path, **more):
        async with self.request(method, path, **more) as response:
            return response.status

    async def json(self, method, path, **more):
        async with self.request(method, path, **more) as response:
            assert response.status == 200, await response.text()
            return await response.json()


@asynccontextmanager
async def guarded(path, now, **settings):
    """A running server on a database; `settings` are those of the server."""
    database, hub = Database(str(path)), Hub()
    chosen = Settings(app=APP, **settings)
    keeper, relay = Keeper(database, now, chosen), Relay(database.url, hub)
    relay.listeners.append(keeper.learn)
    house = House(
        settings=chosen, database=database, hub=hub, relay=relay, keeper=keeper, now=now,
        clients=None, switchboard=None, watch=None,
    )  # fmt: skip
    app = web.Application(middlewares=[problems, gate.border])
    app[HOUSE] = house
    app.on_response_prepare.append(gate.dress)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, gate.guarded(route))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await relay.start()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
            yield Guarded(house, runner, session, port)
    finally:
        await runner.cleanup()
        await relay.stop()
        await database.close()
