"""Signing in with a browser: the page, the cookie, the way on, and the way out."""

import asyncio
import base64
import hashlib
import re
from http.cookies import SimpleCookie

import pytest

from guarded import guarded
from taskwatch.actions import tokens
from taskwatch.actions.tokens import NewToken
from taskwatch.server.brake import MOST_FAILURES, WINDOW_MS

ELSEWHERE = [
    "//evil.example", "/\\evil.example", "\\/evil.example", "/\t/evil.example", "/\n/evil.example",
    "https://evil.example", "http:evil.example", "javascript:alert(1)", "evil.example", "", " /events",
    "/a b", "/é", "/" + "a" * 3000, "/\\\\evil.example", "/x\r\nSet-Cookie: a=b", "/a\\b",
]  # fmt: skip


@pytest.fixture
def meet(store, clock):
    """Run a scenario with a server on the store, at the clock's now."""

    def meet(scenario, **settings):
        async def main():
            async with asyncio.timeout(60), guarded(store.url, lambda: clock.now, **settings) as server:
                await scenario(server)

        asyncio.run(main())

    return meet


@pytest.fixture
def secret(store, clock):
    return tokens.create(store, NewToken("ci", admin=True), clock.change())["secret"]


def cookie_of(response):
    cookie = SimpleCookie()
    for line in response.headers.getall("Set-Cookie", []):
        cookie.load(line)
    return cookie.get("taskwatch_session")


def sent(value):
    return {"Cookie": f"taskwatch_session={value}"}


async def sign_in(server, secret, **fields):
    server.session.cookie_jar.clear()
    async with server.request("POST", "/login", data={"token": secret, **fields}) as response:
        await response.read()
        server.session.cookie_jar.clear()
        return response


def test_a_token_becomes_a_session_that_lets_in_until_signing_out(meet, secret):
    async def scenario(server):
        response = await sign_in(server, f" {secret}\n", next="/admin?x=1")
        assert (response.status, response.headers["Location"]) == (303, "/admin?x=1")
        session = cookie_of(response)
        assert (session["path"], session["httponly"], session["samesite"]) == ("/", True, "Strict")
        assert (session["max-age"], session["secure"], session["domain"]) == (str(12 * 3600), "", "")
        assert secret not in str(response.headers)
        assert await server.json("GET", "/admin", headers=sent(session.value)) == {
            "user": None, "admin": True, "token": 1,
        }  # fmt: skip
        async with server.request("POST", "/logout", headers=sent(session.value)) as left:
            assert (left.status, left.headers["Location"]) == (303, "/login")
            assert (cookie_of(left).value, cookie_of(left)["max-age"]) == ("", "0")
        await server.relay.pass_on()
        assert await server.status("GET", "/admin", headers=sent(session.value)) == 401
        assert await server.status("POST", "/logout", headers=sent(session.value)) == 303
        assert await server.status("POST", "/logout") == 303

    meet(scenario)


def test_two_sessions_are_never_alike(meet, secret):
    async def scenario(server):
        values = {cookie_of(await sign_in(server, secret)).value for _ in range(5)}
        assert len(values) == 5

    meet(scenario)


def test_behind_https_the_cookie_is_never_sent_without(meet, secret):
    async def scenario(server):
        assert cookie_of(await sign_in(server, secret))["secure"] is True

    meet(scenario, public_url="https://tasks.example.org")


def test_a_wrong_token_gets_the_page_again_and_no_cookie(meet, secret):
    async def scenario(server):
        for wrong in ("tw_canary", "", secret[:-1], "<script>"):
            async with server.request("POST", "/login", data={"token": wrong, "next": '/"><b>'}) as response:
                page = await response.text()
            assert response.status == 401
            assert cookie_of(response) is None
            assert "not known" in page
            assert (wrong or "canary") not in page
            assert '"><b>' not in page
            assert "/&quot;&gt;&lt;b&gt;" in page

    meet(scenario)


@pytest.mark.parametrize("goal", ELSEWHERE)
def test_nobody_is_sent_to_another_site(meet, secret, goal):
    async def scenario(server):
        assert (await sign_in(server, secret, next=goal)).headers["Location"] == "/"
        async with server.request("GET", "/login", params={"next": goal}) as response:
            assert 'name="next" value="/"' in await response.text()

    meet(scenario)


@pytest.mark.parametrize(
    "goal", ["/", "/docs#task", "/events?topic=workflow.bc.*&after=1", "/a//b", "/%5Cevil"]
)
def test_a_path_of_this_site_is_gone_to(meet, secret, goal):
    async def scenario(server):
        assert (await sign_in(server, secret, next=goal)).headers["Location"] == goal

    meet(scenario)


def test_the_page_runs_no_script_and_may_be_nobodys_frame(meet):
    async def scenario(server):
        async with server.request("GET", "/login?next=/admin") as response:
            page, policy = await response.text(), response.headers["Content-Security-Policy"]
        assert response.headers["Cache-Control"] == "no-store"
        assert 'value="/admin"' in page
        assert "<script" not in page
        assert not re.search(r"\son\w+=|\sstyle=|https?://", page)
        style = re.search(r"<style>(.*)</style>", page, re.DOTALL)[1]
        hashed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert policy.split("; ") == [
            "default-src 'none'", f"style-src 'sha256-{hashed}'", "form-action 'self'", "base-uri 'none'",
            "frame-ancestors 'none'",
        ]  # fmt: skip

    meet(scenario)


def test_another_site_can_neither_sign_in_nor_out(meet, secret):
    async def scenario(server):
        session = cookie_of(await sign_in(server, secret)).value
        for path in ("/login", "/logout", "/api/v1/tickets"):
            headers = {**sent(session), "Origin": "https://evil.example"}
            assert await server.status("POST", path, headers=headers) == 403
        assert await server.status("GET", "/known", headers=sent(session)) == 200

    meet(scenario)


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (b"{}", "application/json", 422),
        (b"token=" + b"a" * 10_000, "application/x-www-form-urlencoded", 422),
        (b"&".join([b"a=1"] * 100), "application/x-www-form-urlencoded", 422),
        (b"\xff\xfe", "application/x-www-form-urlencoded", 422),
        (b"", "application/x-www-form-urlencoded", 401),
        (b"token=%FF%00", "application/x-www-form-urlencoded", 401),
    ],
)
def test_a_form_that_cannot_be_read_is_refused(meet, secret, body, media, status):
    async def scenario(server):
        headers = {"Content-Type": media}
        assert await server.status("POST", "/login", data=body, headers=headers) == status

    meet(scenario)


def test_who_guesses_has_to_wait(meet, secret, clock):
    async def scenario(server):
        for _ in range(MOST_FAILURES):
            assert (await sign_in(server, "tw_guess")).status == 401
        held = await sign_in(server, secret)
        assert (held.status, cookie_of(held)) == (429, None)
        assert "Retry-After" in held.headers
        clock.now += WINDOW_MS
        assert (await sign_in(server, secret)).status == 303

    meet(scenario)


def test_a_ticket_is_told_with_its_end_and_kept_by_no_cache(meet, secret):
    async def scenario(server):
        session = cookie_of(await sign_in(server, secret)).value
        async with server.request("POST", "/api/v1/tickets", headers=sent(session)) as response:
            told = await response.json()
        assert response.headers["Cache-Control"] == "no-store"
        assert told["expires_at"] == "2025-12-24T10:00:30Z"
        assert (await server.json("GET", f"/known?ticket={told['ticket']}"))["token"] == 1

    meet(scenario)


def test_without_tokens_the_owner_gets_tickets_even_with_an_old_cookie(meet):
    async def scenario(server):
        told = await server.json("POST", "/api/v1/tickets", headers=sent("old"))
        assert (await server.json("GET", f"/admin?ticket={told['ticket']}"))["admin"] is True

    meet(scenario)
