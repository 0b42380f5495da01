"""Who may call which route: every route, everybody, for what is eli's (bc 114) and what is kim's (hr 7).

A route that is missing from the table fails; so does a success that the table does not foresee.
"""

import re

import pytest
from aiohttp import ClientSession, ClientTimeout

from server.world import ELI, EVERYBODY, KIM, live_in
from taskwatch.model.task import VERBS
from taskwatch.server.app import ROUTES
from taskwatch.server.policy import Policy
from taskwatch.server.pusher.signing import sign_request

MINE, OTHERS = "bc", "hr"
OWNER = {MINE: ELI, OTHERS: KIM}
REFUSED = {401, 403, 404}
DRY = {"dry_run": True}


# Who may, told of somebody and of whose thing it is.
def everybody(who, thing):
    return True


def known(who, thing):
    return who.known


def wide(who, thing):
    return who.wide


def admins(who, thing):
    return who.admin


def in_scope(who, thing):
    return who.wide or (who.known and thing == MINE)


def themselves(who, thing):
    return who.admin or who.user == OWNER[thing]


def readers(who, thing):
    return who.wide and themselves(who, thing)


def users(who, thing):
    return who.user is not None


def assigned(who, thing):
    return who.admin or (who.user == ELI if thing == MINE else "driver" in who.roles)


def nobody(who, thing):
    return False


# method and path: who may, and what to send
TABLE = {
    "GET /healthz": (everybody,),
    "GET /readyz": (everybody,),
    "GET /login": (everybody,),
    "GET /openapi.json": (everybody,),
    "GET /asyncapi.json": (everybody,),
    "GET /docs": (everybody,),
    "GET /": (known,),
    "GET /assets/{version}/{file}": (everybody,),
    "POST /logout": (everybody,),
    "POST /login": (nobody,),  # without the secret of a token in the form
    "GET /api/v1/tasks": (known,),
    "GET /api/v1/tasks/{task}": (in_scope,),
    "GET /api/v1/tasks/{task}/explain": (in_scope,),
    "GET /api/v1/tasks/{task}/simulate": (in_scope,),
    "GET /admin/tasks/{task}": (in_scope,),
    "GET /workflows": (known,),
    "GET /workflows/{type}/{subject}": (in_scope,),
    "GET /workflows/{type}/{subject}/history/{task}": (in_scope,),
    "GET /inbox": (readers,),
    "GET /admin/operations": (admins,),
    **{
        f"POST /api/v1/tasks/{{task}}/{verb.name}": (assigned, DRY)
        for verb in VERBS.values()
        if not verb.automatic
    },
    "POST /api/v1/tasks/{task}/claim": (assigned, DRY),
    "POST /api/v1/tasks/{task}/release": (assigned, DRY),
    "POST /api/v1/tasks/{task}/assign": (assigned, {"who": ["role:x"], **DRY}),
    "POST /api/v1/tasks/{task}/unassign": (assigned, {"who": ["role:x"], **DRY}),
    "POST /api/backend/{noun}/{type}/{id}/{action}": (assigned, DRY),
    "POST /api/v1/tasks/{task}/ack": (assigned, DRY),
    "POST /api/v1/tasks/{task}/snooze": (assigned, {"until": "1h", **DRY}),
    "POST /api/v1/tasks/{task}/unack": (assigned, DRY),
    "POST /api/v1/tasks": (admins, {"tasks": [{"code": "T"}], **DRY}),
    "POST /api/v1/tasks/{task}/timeout": (admins, {"timeout_minutes": 5, **DRY}),
    "POST /api/v1/tasks/{task}/link": (admins, {"after": ["2"], **DRY}),
    "POST /api/v1/tasks/{task}/unlink": (admins, {"after": ["2"], **DRY}),
    "GET /api/v1/workflows": (known,),
    "POST /api/v1/workflows": (in_scope, {"taskable_type": "Order", "taskable_id": "9", **DRY}),
    "GET /api/v1/workflows/{workflow}": (in_scope,),
    "GET /api/v1/workflows/{workflow}/graph": (in_scope,),
    "GET /api/backend/tasks/workflow/{type}/{taskable_type}/{id}/progress": (in_scope,),
    "POST /api/v1/workflows/{workflow}/cancel": (assigned, DRY),  # who may change its open tasks
    "GET /api/v1/types": (known,),
    "GET /api/v1/types/{type}": (in_scope,),
    "POST /api/v1/types": (admins, {"toml": "", **DRY}),
    "GET /api/v1/users": (admins,),
    "GET /api/v1/users/{user}": (themselves,),
    "POST /api/v1/users": (admins, {"name": "lou", **DRY}),
    "PATCH /api/v1/users/{user}": (admins, {"name": "lou", **DRY}),
    "DELETE /api/v1/users/{user}": (admins, DRY),
    "POST /api/v1/users/import": (admins, {"users": [], **DRY}),
    "GET /api/v1/users/{user}/preferences": (themselves,),
    "PUT /api/v1/users/{user}/preferences": (themselves, {"channel": "mail", "wanted": None, **DRY}),
    "PUT /api/v1/users/{user}/quiet": (themselves, {"hours": None, **DRY}),
    "GET /api/v1/users/{user}/contacts": (themselves,),
    "POST /api/v1/users/{user}/contacts": (admins, {"channel": "x", "address": "y", **DRY}),
    "DELETE /api/v1/users/{user}/contacts": (
        admins,
        {"channel": "webhook", "address": "https://example.org/", **DRY},
    ),
    "GET /api/v1/inbox": (readers,),
    "GET /api/v1/inbox/count": (readers,),
    "POST /api/v1/inbox/seen": (readers, DRY),
    "POST /api/v1/inbox/read": (readers, DRY),
    "POST /api/v1/inbox/archive": (readers, DRY),
    "GET /api/v1/channels": (admins,),
    "GET /api/v1/deliveries/dead": (admins,),
    "POST /api/v1/deliveries/retry": (admins, DRY),
    "POST /api/v1/deliveries/discard": (admins, DRY),
    "GET /api/v1/mutes": (wide,),
    "POST /api/v1/mutes": (admins, {"scope": "type", "target": "bc", "until": "1h", **DRY}),
    "DELETE /api/v1/mutes/{mute}": (admins, DRY),
    # A link lets in by its seal alone; this one has none.
    "GET /ack/{link}": (everybody,),
    "POST /ack/{link}": (everybody, {}),
    "GET /unsubscribe/{link}": (everybody,),
    "POST /unsubscribe/{link}": (everybody, {}),
    "GET /api/v1/roles": (wide,),
    "POST /api/v1/roles/{role}/grant": (admins, {"users": [ELI], **DRY}),
    "POST /api/v1/roles/{role}/revoke": (admins, {"users": [KIM], **DRY}),
    "GET /api/v1/sla/statistics": (wide,),
    "GET /api/backend/tasks/sla/statistics": (wide,),
    "GET /api/v1/sla/report": (wide,),
    "GET /api/v1/check": (wide,),
    "GET /api/v1/sla/at-risk": (known,),
    "GET /api/backend/tasks/sla/at-risk": (known,),
    "GET /api/v1/sla/violations": (known,),
    "POST /api/v1/sla/monitor": (admins, DRY),
    "GET /api/v1/events": (known,),
    "GET /events": (in_scope,),
    "GET /api/v1/tokens": (admins,),
    "POST /api/v1/tokens": (admins, {"expires_in": "1h"}),
    "DELETE /api/v1/tokens/{token}": (admins, DRY),
    "POST /api/v1/tickets": (known, {}),
    "POST /broadcasting/auth": (in_scope, {"socket_id": "1.1"}),
    "POST /pusher/auth": (in_scope, {"socket_id": "1.1"}),
    "POST /broadcasting/user-auth": (users, {"socket_id": "1.1"}),
    "POST /pusher/user-auth": (users, {"socket_id": "1.1"}),
    # With a signature of the app alone, whoever brings it.
    "POST /apps/{app}/events": (nobody, {"name": "n", "data": "{}", "channels": ["news"]}),
    "POST /apps/{app}/batch_events": (nobody, {"batch": []}),
    "GET /apps/{app}/channels": (nobody,),
    "GET /apps/{app}/channels/{channel}": (nobody,),
    "GET /apps/{app}/channels/{channel}/users": (nobody,),
    "POST /apps/{app}/users/{user}/terminate_connections": (nobody, {}),
    "POST /users/{user}/terminate_connections": (nobody, {}),
}
CALLS = {f"{route.method} {route.path}": route for route in ROUTES if route.policy is not Policy.SOCKET}
SAID = {"GET /events": {"topic": "workflow.THING.1"}}
FILLED = {
    "POST /api/v1/workflows": {"type": "THING"},
    "POST /broadcasting/auth": {"channel_name": "private-workflow.THING.1"},
    "POST /pusher/auth": {"channel_name": "private-workflow.THING.1"},
}


def test_every_route_has_its_line_in_the_table():
    assert {*CALLS} == {*TABLE}
    assert {route.path for route in ROUTES if route.policy is Policy.SOCKET} == {"/ws", "/app", "/app/{key}"}


@pytest.mark.parametrize("name", EVERYBODY)
def test_nobody_gets_further_than_the_table_says(store, clock, name):
    who = EVERYBODY[name]

    async def scene(world):
        async with visitor(world) as session:
            wrong = {}
            for line, (may, *_) in TABLE.items():
                for thing in (MINE, OTHERS):
                    status = await call(world, session, name, line, thing)
                    foreseen = may(acting(who, name, line), thing)
                    if foreseen is (status in REFUSED) or (not foreseen and status not in REFUSED):
                        wrong[f"{line} of {thing}"] = status
            assert wrong == {}

    live_in(store, clock, scene)


def test_what_is_signed_gets_through_without_anybody(store, clock):
    async def scene(world):
        async with visitor(world) as session:
            for line, route in CALLS.items():
                if route.policy is Policy.SIGNED:
                    status = await call(world, session, "no token", line, MINE, sign=True)
                    assert status in {200, 400}, line  # 400: this channel has no users

    live_in(store, clock, scene)


def acting(who, name, line):
    """A ticket is for opening streams: a request that changes something takes no notice of it."""
    return EVERYBODY["no token"] if "ticket" in name and not line.startswith("GET") else who


async def call(world, session, name, line, thing, *, sign=False):
    """The status of a request; what it asks for is left unread."""
    route, body = CALLS[line], next(iter(TABLE[line][1:]), None)
    headers, query = world.credentials(name)
    path = fill(route.path, thing)
    if body is not None:
        body = {**body, **{key: value.replace("THING", thing) for key, value in FILLED.get(line, {}).items()}}
    query |= {key: value.replace("THING", thing) for key, value in SAID.get(line, {}).items()}
    if "/inbox" in line:
        whose = {"user": OWNER[thing]}
        query, body = (query | whose, body) if body is None else (query, {**body, **whose})
    how = {"headers": headers, "params": query, "json": body}
    if sign:
        how = signed(world, session, route, path, body)
    async with session.request(route.method, path, allow_redirects=False, **how) as response:
        if line == "POST /login":
            return 401 if "Set-Cookie" not in response.headers else 200
        return response.status


def signed(world, session, route, path, body):
    data = session.json_serialize(body).encode() if body is not None else b""
    app = world.daemon.house.settings.app
    query = sign_request(app, route.method, path, query=(), body=data, now=world.clock.now)
    return {"data": data or None, "params": query}


def fill(path, thing):
    subject = {MINE: "114", OTHERS: "7"}[thing]
    pieces = {
        "task": f"WORK_{thing.upper()}{subject}", "workflow": f"{thing}.{subject}", "type": thing,
        "id": subject, "subject": subject, "taskable_type": "Order", "noun": "desk", "action": "approve",
        "user": str(OWNER[thing]), "role": "driver", "token": "program", "app": "1", "channel": "news",
        "mute": "1", "link": "none.none", "version": "1", "file": "base.css",
    }  # fmt: skip
    return re.sub(r"{(\w+)}", lambda found: pieces[found[1]], path)


def visitor(world):
    return ClientSession(world.daemon.address, timeout=ClientTimeout(total=20))
