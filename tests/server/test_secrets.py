"""No secret is told: not by the logs at their loudest, not by refusals, events or the database."""

import asyncio
import json
import logging
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientTimeout

from live import paging, serving, streaming, talking
from taskwatch.actions import tokens
from taskwatch.actions.tokens import NewToken
from taskwatch.daemon import logs
from taskwatch.server.pusher.signing import sign_request

PUSHER = "canary-of-the-pusher-app"
WRONG = "tw_canary-of-a-wrong-token"
STRAY = "canary-in-a-stray-place"


@pytest.fixture
def loud():
    """Logging at its loudest, and as it was before afterwards."""
    root, ours = logging.getLogger(), logging.getLogger("taskwatch")
    kept = [*root.handlers], root.level, ours.level, logs.ACCESS.level

    def loud(form):
        logs.set_up(form, {}, verbosity=2)
        root.setLevel(logging.DEBUG)

    yield loud
    root.handlers[:] = kept[0]
    for logger, level in zip((root, ours, logs.ACCESS), kept[1:], strict=True):
        logger.setLevel(level)


@pytest.fixture
def settings(tmp_path):
    file = tmp_path / "pusher-secret"
    file.write_text(PUSHER)
    file.chmod(0o600)
    return {"pusher__secret_file": file}


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_secret_is_told_anywhere(store, clock, settings, loud, capfd, form):  # noqa: PLR0917 - fixtures
    token = tokens.create(store, NewToken("all", admin=True), clock.change())["secret"]
    told = Told(token)
    loud(form)

    async def main():
        async with asyncio.timeout(60), serving(Path(store.url), clock=clock, **settings) as daemon:
            await daemon.reload(daemon._config)
            async with ClientSession(daemon.address, timeout=ClientTimeout(total=20)) as session:
                await come_in_rightly(session, told, daemon)
                await come_in_wrongly(session, told)
                await break_the_protocol(daemon, token)
        store.close()

    asyncio.run(main())
    errors = capfd.readouterr().err
    assert "POST /login 303" in errors
    assert "POST /login 401" in errors
    assert told.secrets_in(errors + told.refusals) == []
    database = b"".join(
        each.read_bytes() for each in Path(store.url).parent.glob("taskwatch.db*") if each.is_file()
    )
    assert b"token.created" in database
    assert told.secrets_in(database.decode("latin-1")) == []


class Told:
    """The secrets there are, and what refusals say."""

    def __init__(self, *secrets):
        self.secrets = [PUSHER, WRONG, STRAY, *secrets]
        self.refusals = ""

    def secrets_in(self, text):
        return [secret for secret in self.secrets if secret in text]

    async def hear(self, response):
        """The status; a refusal is kept, with its headers."""
        content = await response.text()
        if response.status >= 400:
            self.refusals += f"{response.headers}\n{content}\n"
        return response.status


async def come_in_rightly(session, told, daemon):
    token = told.secrets[3]
    by_token = {"Authorization": f"Bearer {token}"}
    async with session.post("/api/v1/tokens", json={"name": "new"}, headers=by_token) as response:
        told.secrets.append((await response.json())["secret"])
    for _ in range(2):
        async with session.post("/api/v1/tickets", json={}, headers=by_token) as response:
            told.secrets.append((await response.json())["ticket"])
    async with session.post("/login", data={"token": token}, allow_redirects=False) as response:
        cookie = response.cookies["taskwatch_session"].value
        told.secrets.append(cookie)
    session.cookie_jar.clear()
    async with streaming(session, "admin.*", ticket=told.secrets[6]) as stream:
        async with session.post(
            "/api/v1/tokens", json={}, headers={"Cookie": f"taskwatch_session={cookie}"}
        ) as made:
            told.secrets.append((await made.json())["secret"])
        event = await stream.next()
        assert event["event"] == "token.created"
        assert told.secrets_in(json.dumps(event)) == []
    async with talking(session, f"/ws?ticket={told.secrets[5]}") as talk:
        assert (await talk.hear())["type"] == "welcome"
    await publish(session, daemon)


async def publish(session, daemon):
    app, body = daemon.house.settings.app, b'{"name":"n","data":"{}","channels":["news"]}'
    assert app.secret == PUSHER.encode()
    path = "/apps/1/events"
    query = sign_request(app, "POST", path, query=(), body=body, now=daemon.house.now())
    async with session.post(path, params=query, data=body) as response:
        assert response.status == 200


async def come_in_wrongly(session, told):
    """Wrong secrets, and right ones in the wrong places."""
    token, used = told.secrets[3], told.secrets[5]
    bearer = {"Authorization": f"Bearer {token}"}
    for how in (
        {"headers": {"Authorization": f"Bearer {WRONG}"}},
        {"headers": {"Authorization": f"Basic {STRAY}"}},
        {"headers": {"Authorization": token}},
        {"headers": {"Cookie": f"taskwatch_session={WRONG}"}},
        {"params": {"ticket": WRONG}},
        {"params": {"ticket": used}},
        {"params": {"token": token, "access_token": WRONG}},
        {"params": {"limit": token}, "headers": bearer},
    ):
        async with session.get("/api/v1/tasks", **how) as response:
            await told.hear(response)
    for path, body in (
        ("/api/v1/tokens", {"name": 1, "secret": STRAY}),
        ("/api/v1/tasks/1/start", {"by": token}),
        ("/broadcasting/auth", {"socket_id": "1.1", "channel_name": "private-news", "token": STRAY}),
        ("/apps/1/events", {"name": "n", "data": STRAY, "channel": "news"}),
    ):
        async with session.post(path, json=body, headers=bearer) as response:
            await told.hear(response)
    for form in ({"token": WRONG}, {"token": token + STRAY}, {"tokn": token}):
        async with session.post("/login", data=form) as response:
            assert await told.hear(response) == 401
    async with talking(session, f"/ws?ticket={WRONG}") as talk:
        told.refusals += json.dumps(await talk.hear())
    async with paging(session, f"/app/taskwatch?protocol=7&ticket={WRONG}") as page:
        data = {"channel": "private-news", "auth": f"taskwatch:{STRAY}"}
        told.refusals += json.dumps(await page.ask(event="pusher:subscribe", data=data))


async def break_the_protocol(daemon, token):
    """Secrets in requests that cannot be read: what cannot be read must not be quoted in the log."""
    host, _, port = daemon.address.removeprefix("http://").rpartition(":")
    for text in (
        f"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\0\r\n\r\n",
        f"GET /?ticket={WRONG} HTTTP/1.1\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization Bearer {token}\r\n\r\n",
        f"POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\ntoken={token}\r\n",
    ):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(text.encode())
        assert b" 400 " in await reader.readline()
        writer.transport.abort()
