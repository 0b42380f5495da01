"""The application: every route behind its policy, and the borders around all of them."""

from aiohttp import web

from taskwatch.server import (
    asyncapi,
    dashboard,
    docs,
    gate,
    health,
    links,
    login,
    openapi,
    rest,
    sse,
    websocket,
)
from taskwatch.server.house import HOUSE, House
from taskwatch.server.problem import problems
from taskwatch.server.pusher import auth, connection, http_api
from taskwatch.server.route import Route

MAX_BODY_BYTES = 1024 * 1024

ROUTES: tuple[Route, ...] = (
    *health.ROUTES,
    *dashboard.ROUTES,
    *rest.ROUTES,
    *sse.ROUTES,
    *websocket.ROUTES,
    *connection.ROUTES,
    *auth.ROUTES,
    *http_api.ROUTES,
    *login.ROUTES,
    *links.ROUTES,
    *openapi.ROUTES,
    *asyncapi.ROUTES,
    *docs.ROUTES,
)


def application(house: House) -> web.Application:
    """The server as an aiohttp application."""
    borders = [problems, dashboard.readable, gate.border]
    app = web.Application(middlewares=borders, client_max_size=MAX_BODY_BYTES)
    app[HOUSE] = house
    dashboard.furnish(app)
    app[openapi.DOCUMENT] = openapi.Document(ROUTES)
    app.on_response_prepare.append(gate.dress)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, gate.guarded(route), expect_handler=gate.encourage)
    return app
