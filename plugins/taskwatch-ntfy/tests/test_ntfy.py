"""The channel against an ntfy server of our own, which answers whatever a test wants."""

import asyncio
import json
from contextlib import asynccontextmanager
from typing import ClassVar

import pytest
from aiohttp import web

from taskwatch.plugin import Message, Recipient, Services
from taskwatch.testing import ChannelContract
from taskwatch_ntfy import Ntfy, taskwatch_register_channels


def message(**changes):
    values = {
        "id": "d-1", "recipient": Recipient(7, "dana"), "address": "dana-tasks", "title": "Late",
        "text": "By 15 minutes", "url": "https://tasks.example.org/admin/tasks/1",
        "kind": "task.sla.exceeded", "reason": "first", "level": "low", "data": {}, "event": {},
        "occurred_at": 0, "deadline": 0, "thread": "task-1",
    }  # fmt: skip
    return Message(**{**values, **changes})


@asynccontextmanager
async def serving(answer):
    """An ntfy server; gives its address and the requests it had."""
    had = []

    async def handle(request):
        had.append((request, await request.text()))
        return await answer(request) if callable(answer) else answer

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", had
    finally:
        await runner.cleanup()


def told(answer, *, verb="send", token=None, seconds=None, **changes):
    """The outcome of a try at a server with this answer, and the requests it had."""

    async def scenario():
        async with serving(answer) as (url, had):
            channel = Ntfy({"url": url, "token": token}, Services(""))
            channel.seconds = seconds or channel.seconds
            outcome = await (channel.send(message(**changes)) if verb == "send" else channel.probe())
            await channel.close()
            return outcome, had

    return asyncio.run(scenario())


def published(**more):
    return web.json_response({"id": "xE73Iyuabi", "event": "message", **more})


def test_it_registers_the_channel():
    found = []
    taskwatch_register_channels(found.append)
    assert found == [Ntfy]


def test_a_message_is_published_to_the_topic_of_the_person():
    outcome, had = told(published(), level="critical", title="⚠️ Überfällig", text="<b>é\u202e")
    ((request, body),) = had
    assert (outcome.kind, outcome.provider_id) == ("ok", "xE73Iyuabi")
    assert (request.method, request.path) == ("POST", "/")
    assert json.loads(body) == {
        "topic": "dana-tasks", "title": "⚠️ Überfällig", "message": "<b>é\u202e", "priority": 5,
        "click": "https://tasks.example.org/admin/tasks/1", "sequence_id": "d-1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("level", "priority"), [("critical", 5), ("high", 4), ("medium", 3), ("low", 3), (None, 3)]
)
def test_the_level_is_the_priority(level, priority):
    _, had = told(published(), level=level)
    assert json.loads(had[0][1])["priority"] == priority


def test_the_token_is_sent_as_a_header_and_is_in_no_outcome():
    outcome, had = told(web.json_response({"error": "unauthorized"}, status=401), token="tk_canary")
    assert had[0][0].headers["Authorization"] == "Bearer tk_canary"
    assert outcome.kind == "misconfigured"
    assert "tk_canary" not in repr(outcome)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, "misconfigured"), (400, "permanent"), (403, "permanent"), (404, "misconfigured"),
        (408, "retry"), (413, "permanent"), (425, "retry"), (429, "rate_limited"),
        (500, "retry"), (507, "retry"),
    ],
)  # fmt: skip
def test_an_answer_decides_what_follows(status, kind):
    answer = web.json_response({"error": "limit reached"}, status=status, headers={"Location": "/other"})
    outcome, had = told(answer)
    assert (outcome.kind, len(had)) == (kind, 1)
    assert "limit reached" in outcome.detail
    assert "dana-tasks" not in outcome.detail


@pytest.mark.parametrize(("text", "after"), [("120", 120.0), ("soon", None), ("-1", None), ("", None)])
def test_the_wait_that_the_server_asks_for_is_passed_on(text, after):
    outcome, _ = told(web.json_response({}, status=429, headers={"Retry-After": text}))
    assert outcome.after == after


@pytest.mark.parametrize("body", [b"<html>Welcome to the hotel</html>", b"[1]", b"\xff", b"", b"{}"])
def test_an_answer_of_something_else_is_no_success(body):
    outcome, _ = told(web.Response(body=body))
    assert outcome.kind == "misconfigured"


def test_an_endless_answer_is_cut_off():
    async def answer(request):
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(1_000):
            await response.write(b"x" * 65_536)
        return response

    outcome, _ = told(answer)
    assert outcome.kind == "misconfigured"


def test_silence_is_not_known_to_have_failed():
    async def answer(request):
        await asyncio.Event().wait()

    outcome, _ = told(answer, seconds=0.1)
    assert outcome.kind == "unknown"


def test_nobody_at_the_address_is_tried_again():
    async def scenario():
        channel = Ntfy({"url": "http://127.0.0.1:1", "token": None}, Services(""))
        outcome = await channel.send(message())
        await channel.close()
        return outcome

    assert asyncio.run(scenario()).kind == "retry"


def test_a_probe_publishes_nothing():
    outcome, had = told(web.json_response({"healthy": True}), verb="probe")
    assert (outcome.kind, [request.path for request, _ in had]) == ("ok", ["/v1/health"])


def test_a_probe_asks_for_the_account_of_a_token():
    outcome, had = told(web.json_response({}, status=401), verb="probe", token="tk_1")
    assert (outcome.kind, had[0][0].path) == ("misconfigured", "/v1/account")


@pytest.mark.parametrize("address", ["dana", "A_b-9", "x" * 64])
def test_a_topic_is_an_address(address):
    assert Ntfy({}, Services("")).check_address(address) == address


@pytest.mark.parametrize("address", ["", "a b", "a/b", "../v1", "x" * 65, "a\n", "é", "a?b"])
def test_what_is_no_topic_is_no_address(address):
    with pytest.raises(ValueError, match="a topic has"):
        Ntfy({}, Services("")).check_address(address)


def test_closing_twice_is_fine():
    async def scenario():
        channel = Ntfy({"url": "http://127.0.0.1:1"}, Services(""))
        await channel.send(message())
        await channel.close()
        await channel.close()

    asyncio.run(scenario())


class TestContract(ChannelContract):
    channel = Ntfy
    settings: ClassVar = {"url": "{server}", "token": "tk_canary"}
    address = "dana-tasks"
    wrong_addresses = ("dana@example.org", "a/b", "x" * 65)
