"""Webhooks against a server that does everything a server should not."""

import asyncio
import base64
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from hostile import names, receiving
from taskwatch.channels.webhook import Webhook
from taskwatch.plugin import Recipient, Services

SECRET = "whsec_" + base64.b64encode(b"a secret of 24 bytes and more").decode()
OLD = "whsec_" + base64.b64encode(b"the secret that was there before").decode()


@asynccontextmanager
async def opened(receiver, path, **settings):
    settings = {
        "url": f"{receiver.url}/{path}",
        "plain_http": True,
        "allow_private": ["127.0.0.0/8"],
        **settings,
    }
    channel = Webhook(settings, Services("http://localhost:8000"))
    try:
        yield channel
    finally:
        await channel.close()


def post(message, path, **settings):
    """The outcome of one message, and the receiver."""

    async def main():
        async with receiving() as receiver, opened(receiver, path, **settings) as channel:
            return await channel.send(message), receiver

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("200", "ok"), ("201", "ok"), ("202", "ok"), ("204", "ok"),
        ("300", "permanent"), ("301", "permanent"), ("302", "permanent"), ("304", "permanent"),
        ("307", "permanent"), ("308", "permanent"),
        ("400", "permanent"), ("404", "permanent"), ("405", "permanent"), ("413", "permanent"), ("422",
        "permanent"),
        ("401", "misconfigured"), ("403", "misconfigured"),
        ("408", "retry"), ("425", "retry"), ("500", "retry"), ("502", "retry"), ("503", "retry"), ("504",
        "retry"),
        ("410", "gone"), ("429", "rate_limited"), ("599", "retry"), ("999", "retry"),
        ("drip_body", "ok"), ("flood", "ok"), ("flood_refusal", "permanent"), ("bomb", "permanent"),
        ("garbage", "retry"), ("odd_status", "retry"), ("no_http", "retry"), ("flood_head", "retry"),
        ("flood_line", "retry"), ("hang_up", "retry"), ("reset", "retry"),
    ],
)  # fmt: skip
def test_every_answer_has_its_class(message, path, kind):
    outcome, _ = post(message(), path)
    assert outcome.kind == kind, outcome


@pytest.mark.parametrize("path", ["silent", "drip_head", "flood_continue"])
def test_a_server_that_never_answers_is_left_before_the_deadline_and_may_have_the_message(message, path):
    loop = asyncio.new_event_loop()
    begun = loop.time()
    outcome, receiver = post(message(seconds=0.9), path)
    assert outcome.kind == "unknown"
    assert loop.time() - begun < 0.9
    assert len(receiver.requests) == 1
    loop.close()


def test_a_server_that_is_not_there_did_not_get_the_message(message):
    async def main():
        async with receiving() as receiver:
            pass
        async with opened(receiver, "200") as channel:
            return await channel.send(message())

    assert asyncio.run(main()).kind == "retry"


@pytest.mark.parametrize(
    ("path", "seconds"),
    [
        ("429?Retry-After=7", 7),
        ("503?Retry-After=120", 120),
        ("429?Retry-After=99999999999999999999", 86_400),
        ("429?Retry-After=-5", None),
        ("429?Retry-After=soon", None),
        ("429?Retry-After=Wed,+21+Oct+2015+07:28:00+GMT&Date=Wed,+21+Oct+2015+07:27:00+GMT", 60),
        ("429?Retry-After=Wed,+21+Oct+2015+07:28:00+GMT", None),
        ("429", None),
    ],
)
def test_the_wait_that_a_server_asks_for_is_passed_on(message, path, seconds):
    outcome, _ = post(message(), path)
    assert outcome.after == seconds


def test_ten_gigabytes_are_not_read(message):
    outcome, receiver = post(message(is_test=True), "flood_refusal")
    assert outcome.detail == "HTTP 400: " + "x" * 200
    assert receiver.written < 20 * 2**20


def test_what_is_packed_is_not_unpacked(message):
    outcome, _ = post(message(is_test=True), "bomb")
    assert outcome.kind == "permanent"
    assert outcome.detail.startswith("HTTP 400: \x1f")


def test_what_a_server_says_is_told_of_tests_alone(message):
    assert post(message(is_test=True), "404")[0].detail == "HTTP 404: ok"
    assert post(message(), "404")[0].detail == "HTTP 404"


@pytest.mark.parametrize(
    "path", ["flood", "flood_refusal", "flood_head", "flood_line", "garbage", "flood_continue"]
)
def test_no_answer_holds_up_the_loop(message, lag, path):
    async def main():
        async with receiving() as receiver, opened(receiver, path) as channel, lag() as watch:
            await channel.send(message(seconds=0.7, is_test=True))
        return watch.longest

    # Other programs of this machine may hold it up as well, hence three tries.
    assert min(asyncio.run(main()) for _ in range(3)) < 0.1


def test_a_slow_server_holds_up_no_other_message(message):
    async def main():
        async with (
            receiving() as receiver,
            opened(receiver, "200") as fast,
            opened(receiver, "silent") as slow,
        ):
            waiting = asyncio.create_task(slow.send(message()))
            await asyncio.sleep(0)
            outcomes = [await fast.send(message()) for _ in range(20)]
            assert not waiting.done()
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        return outcomes

    assert {outcome.kind for outcome in asyncio.run(main())} == {"ok"}


def test_the_other_implementation_of_the_standard_verifies_what_is_sent(message):
    _, receiver = post(message(), "200", secret=SECRET, secret_before=OLD)
    _, headers, body = receiver.requests[0]
    for secret in (SECRET, OLD):
        payload = Verifier(secret).verify(body, headers)
        assert payload["type"] == "task.sla.exceeded"
        assert payload["timestamp"] == "2025-12-24T10:00:00Z"
        assert payload["data"] == message().data
        assert payload["recipient"]["user_id"] == 5
    other = "whsec_" + base64.b64encode(b"some other secret of thirty bytes").decode()
    with pytest.raises(WebhookVerificationError):
        Verifier(other).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(SECRET).verify(body.replace(b"45", b"54"), headers)


def test_both_implementations_sign_alike():
    from taskwatch.channels.signature import parse_secret, sign

    at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    signed = sign([parse_secret(SECRET)], "msg_1", int(at.timestamp()), b'{"a":1}')
    assert signed["webhook-signature"] == Verifier(SECRET).sign("msg_1", at, '{"a":1}')


def test_id_and_body_are_the_same_at_every_try_but_the_time_is_that_of_the_try(message, monkeypatch):
    first, later = message(), message(seconds=50, attempt=2)
    requests = [post(each, "200", secret=SECRET)[1].requests[0] for each in (first, later)]
    assert requests[0][1]["webhook-id"] == requests[1][1]["webhook-id"] == first.id
    assert requests[0][2] == requests[1][2]
    monkeypatch.setattr("taskwatch.channels.webhook.now", lambda: 1_800_000_000_123)
    _, headers, _ = post(first._replace(deadline=1_800_000_009_000), "200", secret=SECRET)[1].requests[0]
    assert headers["webhook-timestamp"] == "1800000000"


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "abc", "whsec_!!!", "whsec_" + base64.b64encode(b"short").decode()]
)
def test_a_weak_secret_is_refused_and_not_shown(secret):
    from taskwatch.channels.signature import parse_secret

    with pytest.raises(ValueError, match="whsec_ and the base64") as refusal:
        parse_secret(secret)
    assert len(secret) < 7 or secret not in str(refusal.value)


def test_the_token_goes_to_the_shared_address_alone(message):
    _, receiver = post(message(), "200", token="canary-token")
    assert receiver.requests[0][1]["authorization"] == "Bearer canary-token"

    async def main():
        async with receiving() as receiver, opened(receiver, "200", token="canary-token") as channel:
            await channel.send(message(address=f"{receiver.url}/200?own=1"))
            return receiver.requests

    assert "authorization" not in asyncio.run(main())[0][1]


def test_a_server_of_one_person_that_refuses_us_stops_one_message_not_the_channel(message):
    async def main():
        async with receiving() as receiver, opened(receiver, "200") as channel:
            return [await channel.send(message(address=f"{receiver.url}/{code}")) for code in (401, 403)]

    assert [outcome.kind for outcome in asyncio.run(main())] == ["permanent", "permanent"]


def test_hostile_names_arrive_as_they_are_and_add_no_header(message):
    async def main():
        async with receiving() as receiver, opened(receiver, "200") as channel:
            for name in names():
                text = {
                    "title": name,
                    "text": name,
                    "data": {"task_name": name},
                    "recipient": Recipient(5, name),
                }
                assert (await channel.send(message(**text))).kind == "ok"
            return receiver.requests

    requests = asyncio.run(main())
    assert len(requests) == len(names()) == 200
    for name, (_, headers, body) in zip(names(), requests, strict=True):
        payload = json.loads(body)
        assert payload["title"] == payload["text"] == payload["data"]["task_name"] == name
        assert payload["recipient"]["name"] == name
        assert body.isascii()
        assert not any(byte < 32 or byte == 127 for byte in body)
        assert set(headers) == {
            "host", "user-agent", "accept", "accept-encoding", "content-type", "content-length",
            "webhook-id", "webhook-timestamp", "connection",
        } - ({"connection"} - set(headers))  # fmt: skip


def test_probing_posts_nothing(message):
    async def main():
        async with (
            receiving() as receiver,
            opened(receiver, "405") as channel,
            opened(receiver, "reset") as broken,
        ):
            outcomes = [await channel.probe(), await broken.probe()]
            return outcomes, receiver.requests

    outcomes, requests = asyncio.run(main())
    assert [outcome.kind for outcome in outcomes] == ["ok", "retry"]
    assert {line.split()[0] for line, _, _ in requests} == {"HEAD"}


def test_certificates_are_checked_against_the_file_that_is_given(message, certificate):
    async def main():
        async with receiving(ssl=certificate.context) as receiver:
            allowed = {"plain_http": False, "allow_private": ["127.0.0.0/8", "::1"]}
            async with opened(receiver, "200", **allowed) as strict:
                refused = await strict.send(message())
            async with opened(receiver, "200", **allowed, ca_file=certificate.file) as trusting:
                return refused, await trusting.send(message()), receiver.requests

    refused, accepted, requests = asyncio.run(main())
    assert (refused.kind, accepted.kind, len(requests)) == ("retry", "ok", 1)
    with pytest.raises(ValueError, match="ca_file"):
        Webhook({"ca_file": "/nowhere.pem"}, Services(""))


def test_proxies_of_the_environment_are_not_used(message, monkeypatch):
    async def main():
        async with receiving() as proxy, receiving() as receiver:
            monkeypatch.setenv("HTTP_PROXY", proxy.url)
            monkeypatch.setenv("http_proxy", proxy.url)
            async with opened(receiver, "200") as channel:
                await channel.send(message())
            return proxy.connections, receiver.connections

    assert asyncio.run(main()) == (0, 1)


def test_without_any_address_nothing_can_be_sent(message):
    async def main():
        channel = Webhook({}, Services(""))
        return await channel.send(message())

    assert asyncio.run(main()).kind == "misconfigured"
