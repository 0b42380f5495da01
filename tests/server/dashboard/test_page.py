"""Every page: its policy, its parts, its way under a prefix, and what it says when something is wrong."""

import asyncio
import json
import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from live import serving, visiting
from posts import post
from taskwatch.actions import tokens
from taskwatch.actions.tokens import NewToken
from taskwatch.model.access import Identity
from taskwatch.server.dashboard.page import all_topics

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PART = {**HTML, "Taskwatch-Part": "main"}


def visit(path, scene, token=None, **settings):
    async def main():
        async with serving(path, **settings) as daemon, visiting(daemon, token) as session:
            await scene(daemon, session)

    asyncio.run(main())


async def read(session, path="/", headers=HTML):
    async with session.get(path, headers=headers, allow_redirects=False) as response:
        return response, await response.text()


def test_the_policy_lets_nothing_run_but_our_own_files(path):
    async def scene(_, session):
        response, page = await read(session)
        policy = dict(each.split(" ", 1) for each in response.headers["Content-Security-Policy"].split("; "))
        assert policy == {
            "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self'",
            "connect-src": "'self'", "worker-src": "'self'", "manifest-src": "'self'",
            "form-action": "'self'", "base-uri": "'none'", "frame-ancestors": "'none'",
        }  # fmt: skip
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)", page)

    visit(path, scene)


def test_a_part_is_the_same_middle_without_the_rest(path):
    async def scene(_, session):
        response, part = await read(session, headers=PART)
        whole, page = await read(session)
        assert response.headers["Vary"] == whole.headers["Vary"] == "Taskwatch-Part"
        assert re.fullmatch(r"\s*<main .*</main>\s*", part, re.DOTALL)
        inside = re.compile(r"<main[^>]*>(.*)</main>", re.DOTALL)
        assert inside.search(part)[1] == inside.search(page)[1]

    visit(path, scene)


def test_many_who_heard_of_the_same_event_cost_one_rendering(path, orders, monkeypatch):
    from taskwatch.server.dashboard import board

    read_anew = []

    def look(*args, **kwargs):
        read_anew.append(args)
        return looked(*args, **kwargs)

    looked = board.board.board
    monkeypatch.setattr(board.board, "board", look)

    async def scene(daemon, session):
        async def ask(after):
            headers = {**PART, "Taskwatch-After": after} if after else PART
            return (await read(session, headers=headers))[1]

        cursor = daemon.house.hub.cursor
        found = await asyncio.gather(*(ask(cursor) for _ in range(20)))
        assert len(set(found)) == len(read_anew) == 1
        epoch, seq = cursor.rsplit("-", 1)
        for other in (None, "junk", "otherlog-1", f"{epoch}-{int(seq) + 1}"):  # none of these will do with it
            before = len(read_anew)
            await ask(other)
            assert len(read_anew) == before + 1
        assert 'data-cursor="' + f"{epoch}-{int(seq) + 1}" in await ask(f"{epoch}-{int(seq) + 1}")

    visit(path, scene)


def test_a_part_is_never_shared_with_somebody_else(path, store, clock, orders):
    secret = tokens.create(
        store, NewToken(admin=True, user_id=orders.user("dana", admin=True)), clock.change()
    )
    other = tokens.create(store, NewToken(workflows=("none",)), clock.change())["secret"]
    orders.start()
    orders.move("start", "ADV_REVIEW_BC114")

    async def scene(daemon, session):
        headers = {**PART, "Taskwatch-After": daemon.house.hub.cursor}
        assert "1 in progress" in (await read(session, headers=headers))[1]
        headers["Authorization"] = f"Bearer {other}"
        assert "0 in progress" in (await read(session, headers=headers))[1]

    visit(path, scene, secret["secret"], clock=clock)


def test_everything_stands_under_the_prefix(path, store, clock):
    tokens.create(store, NewToken(admin=True), clock.change())
    secret = tokens.create(store, NewToken(admin=True), clock.change())["secret"]

    async def scene(_, session):
        response, _ = await read(session, "/?type=a%26b&ticket=x", {**HTML, "Authorization": "none"})
        goal = urlsplit(response.headers["Location"])
        assert (response.status, goal.path) == (303, "/tw/login")
        assert parse_qs(goal.query) == {"next": ["/?type=a%26b"]}
        async with session.get("/login?next=/inbox", headers={"Authorization": "none"}) as response:
            assert 'action="/tw/login"' in await response.text()
        form = {"token": secret, "next": "/inbox"}
        async with session.post("/login", data=form, allow_redirects=False) as response:
            assert response.headers["Location"] == "/tw/inbox"
            assert "Path=/tw;" in response.headers["Set-Cookie"] + ";"
        _, page = await read(session)
        assert 'data-base="/tw"' in page
        for goal in re.findall(r'(?:href|src|action)="([^"]*)"', page):
            assert goal.startswith(("/tw/", "#")), goal

    visit(path, scene, secret, clock=clock, server__public_url="https://example.org/tw/")


def test_a_page_that_is_not_there_is_told_in_a_page(path):
    async def scene(_, session):
        response, page = await read(session, "/nothing/<script>here")
        assert response.status == 404
        assert "<h1>There is nothing at this address</h1>" in page
        response, text = await read(session, "/nothing", {"Accept": "application/json"})
        assert response.content_type == "application/problem+json"
        assert json.loads(text)["status"] == 404

    visit(path, scene)


def test_a_wrong_query_is_told_in_a_page(path):
    async def scene(_, session):
        response, page = await read(session, "/?user=<b>")
        assert response.status == 422
        assert "<h1>The query does not fit" in page
        response, _ = await read(session, "/?user=x", {"Accept": "*/*"})
        assert response.content_type == "application/problem+json"

    visit(path, scene)


def test_a_page_goes_on_from_before_it_was_read(path, orders):
    orders.start()

    async def scene(daemon, session):
        _, page = await read(session)
        assert f'data-cursor="{daemon.house.hub.cursor}"' in page
        topics = json.loads(unescape(re.search(r'data-topics="([^"]*)"', page)[1]))
        assert topics == ["workflow.*", "task.*"]
        async with session.get("/events", params=[("topic", each) for each in topics]) as stream:
            assert stream.status == 200
            assert b": current\n" in await stream.content.read(100)

    visit(path, scene)


@pytest.mark.parametrize(
    ("identity", "topics"),
    [
        (Identity(admin=True), ["workflow.*", "task.*"]),
        (Identity(user_id=5), ["user.5.tasks", "workflow.*", "task.*"]),
        (Identity(user_id=5, workflows=frozenset({"hr", "bc"})), ["workflow.bc.*", "workflow.hr.*"]),
        (Identity(workflows=frozenset()), []),
    ],
)
def test_everybody_follows_what_they_may_see(identity, topics):
    assert all_topics(identity) == topics


def test_the_user_and_what_is_unread_stand_on_every_page(path, store, clock, orders):
    number = orders.user('<b>"dana"</b>', admin=True)
    other = orders.user("eli")
    post(store, clock, other)
    secret = tokens.create(store, NewToken(admin=True, user_id=number), clock.change())["secret"]

    async def scene(_, session):
        _, page = await read(session)
        assert "&lt;b&gt;&#34;dana&#34;&lt;/b&gt;" in page
        assert 'id="unread" hidden' in page
        assert "<title>Board · taskwatch</title>" in page
        post(store, clock, number)
        _, page = await read(session)
        assert 'id="unread"><span>1</span>' in page
        assert "<title>(1) Board · taskwatch</title>" in page
        assert 'data-unread="1"' in (await read(session, headers=PART))[1]

    visit(path, scene, secret, clock=clock)
