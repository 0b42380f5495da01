"""The gate over real connections: which host, which page, which secret gets where."""

import asyncio
import ipaddress
import itertools
import json
import logging

import pytest
from aiohttp import ClientSession, UnixConnector, web

from guarded import guarded
from taskwatch.actions import entry, people, tokens
from taskwatch.actions.people import NewUser
from taskwatch.actions.tokens import NewToken

PUBLIC = "https://tasks.example.org"
SETTINGS = {
    "public_url": PUBLIC,
    "allowed_hosts": frozenset({"intern.example", "10.0.0.7"}),
    "allowed_origins": frozenset({"https://app.example.org", "http://localhost:5173"}),
}

HOSTS = {
    "localhost": True,
    "localhost:{port}": True,
    "LOCALHOST:{port}": True,
    "127.0.0.1:{port}": True,
    "[::1]:{port}": True,
    "intern.example": True,
    "INTERN.example:8443": True,
    "10.0.0.7": True,
    "tasks.example.org": True,
    "0.0.0.0:{port}": False,
    "evil.example": False,
    "localhost.evil.example": False,
    "127.0.0.1.evil.example": False,
    "tasks.example.org.evil.example": False,
    "evil-tasks.example.org": False,
    "app.example.org": False,
    "localhost@evil.example": False,
    "[localhost]": False,
    "127.1": False,
    "": False,
}
ORIGINS = {
    None: True,
    "http://{host}": True,
    "https://app.example.org": True,
    "http://localhost:5173": True,
    PUBLIC: True,
    "null": False,
    "": False,
    "https://evil.example": False,
    "http://localhost:1": False,
    "https://app.example.org.evil.example": False,
    "https://evil.example/https://app.example.org": False,
    "https://app.example.org:8443": False,
    "http://app.example.org": False,
    "http://tasks.example.org": False,
    "https://evilapp.example.org": False,
    "http://{host}.evil.example": False,
    "http://evil.example@{host}": False,
    "*": False,
}
ENTRIES = (None, "good", "bad")


def run(scenario):
    async def main():
        async with asyncio.timeout(60):
            await scenario()

    asyncio.run(main())


@pytest.fixture
def path(store):
    return store.url


@pytest.fixture
def serve(path, clock):
    """A server on the store, at the clock's now."""

    def serve(**settings):
        return guarded(path, lambda: clock.now, **settings)

    return serve


@pytest.fixture
def make(store, clock):
    """Make a token of such attributes; gives its secret."""

    def make(**attributes):
        return tokens.create(store, NewToken(**attributes), clock.change())["secret"]

    return make


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


def test_every_host_with_every_origin_and_every_cookie(serve, store, clock, make):
    session = entry.open_session(store, make(admin=True), clock.now).secret
    cookies = {
        None: {},
        "good": {"Cookie": f"taskwatch_session={session}"},
        "bad": {"Cookie": "taskwatch_session=x"},
    }
    cases = list(itertools.product(HOSTS, ORIGINS, ENTRIES))
    assert len(cases) >= 60

    async def scenario():
        async with serve(**SETTINGS) as server:
            for host, origin, cookie in cases:
                named = host.format(port=server.port)
                headers = dict(cookies[cookie])
                if origin is not None:
                    headers["Origin"] = origin.format(host=named.lower())
                expected = (
                    421
                    if not HOSTS[host]
                    else 403
                    if not ORIGINS[origin]
                    else 200
                    if cookie == "good"
                    else 401
                )
                if origin == "http://{host}" and host == "tasks.example.org":
                    expected = 403  # the public address is https, so a page of http is another origin
                found = await server.status("POST", "/known", host=named, headers=headers)
                assert found == expected, (host, origin, cookie)

    run(scenario)


@pytest.mark.parametrize(
    "origin", [origin for origin, allowed in ORIGINS.items() if origin and "{" not in origin]
)
def test_a_socket_is_opened_and_then_told(serve, make, origin):
    secret = make(admin=True)

    async def scenario():
        async with serve(**SETTINGS) as server:
            url = f"http://127.0.0.1:{server.port}/ws"
            async with server.session.ws_connect(url, headers={**bearer(secret), "Origin": origin}) as ws:
                assert await ws.receive_json() == ({"admin": True} if ORIGINS[origin] else {"error": 403})

    run(scenario)


def test_a_socket_of_nobody_is_opened_and_then_told(serve, make):
    make()

    async def scenario():
        async with serve() as server:
            url = f"http://127.0.0.1:{server.port}/ws"
            async with server.session.ws_connect(url) as ws:
                assert await ws.receive_json() == {"error": 401}

    run(scenario)


def test_two_hosts_or_two_origins_are_none(serve):
    async def scenario():
        async with serve(**SETTINGS) as server:
            for lines, status in (
                ("Host: localhost\r\nHost: localhost\r\n", b"4"),
                (f"Host: localhost:{server.port}\r\nOrigin: {PUBLIC}\r\nOrigin: null\r\n", b"403"),
                ("", b"4"),
            ):
                reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
                writer.write(f"GET /known HTTP/1.0\r\n{lines}\r\n".encode())
                answer = await reader.read()
                writer.close()
                await writer.wait_closed()
                assert answer.split()[1].startswith(status), answer

    run(scenario)


def test_without_a_token_this_machine_is_the_owners(serve, store, clock):
    people.add(store, NewUser("dana", id=5), clock.change())

    async def scenario():
        async with serve(acting_user=5) as server:
            assert await server.json("GET", "/admin") == {"user": 5, "admin": True, "token": None}
            # A secret that is wrong never makes anybody the owner, but a cookie of former days hurts nobody.
            assert await server.status("GET", "/admin", headers=bearer("tw_x")) == 401
            assert await server.status("GET", "/admin", headers={"Authorization": "Basic eDp5"}) == 401
            assert await server.status("GET", "/admin?ticket=x") == 401
            assert await server.status("GET", "/admin", headers={"Cookie": "taskwatch_session=x"}) == 200

    run(scenario)


def test_a_proxy_on_this_machine_does_not_make_others_the_owner(serve):
    async def scenario():
        async with serve() as server:
            for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
                assert await server.status("GET", "/known", headers={name: "127.0.0.1"}) == 401
        trusted = (ipaddress.ip_network("127.0.0.1"), ipaddress.ip_network("10.0.0.0/8"))
        async with serve(trusted_proxies=trusted) as server:
            for told, status in (
                ("203.0.113.9", 401),
                ("127.0.0.2, 203.0.113.9", 401),
                ("203.0.113.9, 127.0.0.2", 200),
                ("::1, 10.0.0.1", 200),
                ("203.0.113.9, 10.0.0.1", 401),
                ("nonsense", 401),
            ):
                headers = {"X-Forwarded-For": told}
                assert await server.status("GET", "/known", headers=headers) == status, told

    run(scenario)


def test_other_machines_are_not_the_owner(serve, monkeypatch):
    from taskwatch.server import place

    async def scenario():
        async with serve() as server:
            for peer, status in (
                ("203.0.113.9", 401),
                ("", 401),
                ("::ffff:127.0.0.1", 200),
                ("127.0.0.1", 200),
            ):
                monkeypatch.setattr(place, "_peer", lambda _request, peer=peer: peer)
                assert await server.status("GET", "/known") == status, peer

    run(scenario)


def test_the_first_token_closes_the_house_at_once(serve, store, clock):
    async def scenario():
        async with serve() as server:
            assert await server.status("GET", "/known") == 200
            secret = tokens.create(store, NewToken(admin=True), clock.change())["secret"]
            await server.relay.pass_on()
            assert await server.status("GET", "/known") == 401
            assert await server.status("GET", "/known", headers=bearer(secret)) == 200
            assert await server.status("GET", "/known", headers={"Authorization": f"bearer  {secret}"}) == 200

    run(scenario)


def test_each_policy_asks_for_its_own(serve, store, clock, make):
    people.add(store, NewUser("dana", id=5, admin=True), clock.change())
    entries = {
        "nobody": {},
        "limited": bearer(make(workflows=("bc",), user_id=5)),
        "seeing": bearer(make()),
        "admin": bearer(make(user_id=5)),
    }
    expected = {
        ("GET", "/anyone"): (200, 200, 200, 200),
        ("GET", "/known"): (401, 200, 200, 200),
        ("GET", "/all"): (401, 403, 200, 200),
        ("GET", "/admin"): (401, 403, 403, 200),
        ("POST", "/signed"): (200, 200, 200, 200),
    }

    async def scenario():
        async with serve() as server:
            for (method, path), statuses in expected.items():
                found = [await server.status(method, path, headers=headers) for headers in entries.values()]
                assert tuple(found) == statuses, path

    run(scenario)


def test_who_is_not_known_is_told_how_to_be(serve, make):
    make()

    async def scenario():
        async with serve() as server, server.request("GET", "/known") as response:
            assert response.headers["WWW-Authenticate"].startswith("Bearer")
            assert "taskwatch token create" in (await response.json())["hint"]

    run(scenario)


def test_a_ticket_opens_one_stream(serve, store, clock, make):
    secret = make(admin=True)

    async def scenario():
        async with serve() as server:
            ticket = (await server.json("POST", "/api/v1/tickets", headers=bearer(secret)))["ticket"]
            assert await server.status("POST", f"/known?ticket={ticket}") == 401
            assert (await server.json("GET", f"/known?ticket={ticket}"))["token"] == 1
            assert await server.status("GET", f"/known?ticket={ticket}") == 401

    run(scenario)


def test_only_json_changes_anything(serve, make):
    secret = make(admin=True)
    form = "application/x-www-form-urlencoded"
    cases = [
        ("/known", None, b"", 200),
        ("/known", "application/json", b"{}", 200),
        ("/known", "application/json; charset=utf-8", b"{}", 200),
        ("/known", None, b"{}", 415),
        ("/known", "text/plain", b"{}", 415),
        ("/known", form, b"a=b", 415),
        ("/known", form, b"", 415),
        ("/known", "multipart/form-data; boundary=x", b"--x--", 415),
        ("/broadcasting/auth", form, b"a=b", 200),
    ]

    async def scenario():
        async with serve() as server:
            for path, media, body, status in cases:
                headers = {**bearer(secret), **({"Content-Type": media} if media else {})}
                more = {"data": body, "skip_auto_headers": ["Content-Type"]} if body or media else {}
                assert await server.status("POST", path, headers=headers, **more) == status, (
                    path,
                    media,
                    body,
                )

    run(scenario)


def test_a_browser_that_tells_no_origin_still_tells_whether_it_comes_from_elsewhere(serve):
    async def scenario():
        async with serve() as server:
            for site, statuses in {
                "same-origin": (200, 200),
                "none": (200, 200),
                "same-site": (200, 403),
                "cross-site": (200, 403),
            }.items():
                headers = {"Sec-Fetch-Site": site}
                found = [await server.status(method, "/known", headers=headers) for method in ("GET", "POST")]
                assert tuple(found) == statuses, site

    run(scenario)


def test_every_answer_is_dressed(serve):
    async def scenario():
        async with serve() as server:
            for path, host in (
                ("/anyone", None),
                ("/nothing", None),
                ("/login", None),
                ("/known", "evil.example"),
            ):
                async with server.request("GET", path, host=host) as response:
                    assert response.headers["X-Content-Type-Options"] == "nosniff"
                    assert response.headers["Referrer-Policy"] == "same-origin"
                    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
                    assert "unsafe" not in response.headers["Content-Security-Policy"]
                    assert "Access-Control-Allow-Origin" not in response.headers

    run(scenario)


def test_pages_of_allowed_origins_alone_may_read(serve):
    async def scenario():
        async with serve(**SETTINGS) as server:
            for origin, allowed in (
                ("https://app.example.org", True),
                ("https://evil.example", False),
                (None, False),
            ):
                headers = {"Origin": origin} if origin else {}
                async with server.request("GET", "/anyone", headers=headers) as response:
                    told = response.headers.get("Access-Control-Allow-Origin")
                    assert told == (origin if allowed else None)
                    assert response.headers["Vary"] == "Origin"
                asked = {**headers, "Access-Control-Request-Method": "DELETE"}
                if origin is None:
                    continue
                async with server.request("OPTIONS", "/known", headers=asked) as response:
                    assert response.status == (204 if allowed else 403)
                    assert ("Access-Control-Allow-Methods" in response.headers) is allowed
                    assert response.headers.get("Access-Control-Allow-Origin") == (
                        origin if allowed else None
                    )

    run(scenario)


def test_no_secret_is_ever_logged(serve, store, clock, make, caplog):
    caplog.set_level(logging.DEBUG)
    secret = make(admin=True, name="ci")
    session = entry.open_session(store, secret, clock.now).secret
    hidden = {secret, session, "tw_canary", "tws_canary", "canary-ticket", "canary-form"}

    async def scenario():
        asyncio.get_running_loop().set_debug(True)
        async with serve(**SETTINGS) as server:
            ticket = (await server.json("POST", "/api/v1/tickets", headers=bearer(secret)))["ticket"]
            hidden.add(ticket)
            caplog.clear()  # what the client's own tools logged
            for path in ("/known", "/fail", "/nothing", "/admin"):
                for headers in (
                    bearer(secret),
                    bearer("tw_canary"),
                    {"Cookie": f"taskwatch_session={session}"},
                ):
                    await server.status("GET", path, headers=headers)
                await server.status("GET", f"{path}?ticket=canary-ticket")
                await server.status(
                    "GET", f"{path}?ticket={ticket}", headers={"Origin": "https://evil.example"}
                )
            await server.status("GET", f"/fail?ticket={ticket}")
            await server.status("POST", "/login", data={"token": "canary-form"})
            await server.status("POST", "/login", data={"token": secret})

    run(scenario)
    told = "\n".join(f"{logging.Formatter().format(record)} {vars(record)}" for record in caplog.records)
    assert "planned" in told
    assert [word for word in hidden if word in told] == []
    kept = json.dumps(store.connection.execute("SELECT * FROM events").fetchall())
    assert [word for word in hidden if word in kept] == []


def test_the_address_that_was_reached_is_ours(serve, monkeypatch):
    from taskwatch.server import place

    async def scenario():
        async with serve() as server:
            assert await server.status("GET", "/known", host="192.0.2.7:8000") == 421
            real = place._address_of
            monkeypatch.setattr(
                place, "_address_of", lambda r, end: "192.0.2.7" if end == "sockname" else real(r, end)
            )
            assert await server.status("GET", "/known", host="192.0.2.7:8000") == 200

    run(scenario)


def test_who_comes_by_a_unix_socket_is_not_the_owner(serve, tmp_path):
    async def scenario():
        async with serve() as server:
            await web.UnixSite(server.runner, str(tmp_path / "socket")).start()
            async with (
                ClientSession(connector=UnixConnector(str(tmp_path / "socket"))) as session,
                session.get("http://localhost/known") as response,
            ):
                assert response.status == 401  # a proxy may speak there for anybody

    run(scenario)
