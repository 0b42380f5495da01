"""No request leaves for an address that is not public: whatever it is called, wherever it is sent on to."""

import asyncio
import ipaddress
import socket

import pytest

from hostile import receiving
from taskwatch.channels.guard import Guard, Refused
from taskwatch.channels.webhook import Webhook
from taskwatch.plugin import Services

NOT_PUBLIC = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.255",
    "127.0.0.1", "127.0.0.2", "127.255.255.254", "168.63.129.16", "169.254.0.1", "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1",
    "192.168.255.255", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::10.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254",
    "64:ff9b:1::1",
    "100::1", "2001::1", "2001:0:7f00:1::", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::",
    "2002:a00:1::", "2002:a9fe:a9fe::", "3fff::1", "5f00::1", "fc00::1", "fd00::1", "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0", "fec0::1", "feff::1", "ff02::1", "ff0e::1",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "93.184.216.34", "100.63.255.255", "100.128.0.1", "172.32.0.1", "169.253.255.255",
    "198.20.0.1", "2606:4700:4700::1111", "2a00:1450:4001::1", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8",
]  # fmt: skip
SPELLINGS = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0x7f.1", "017700000001",
    "0177.0.0.1",
    "0177.1", "0", "0.0.0.0", "00000127.0.0.1", "127.0.0.1.", "127.000.000.001", "localhost", "LOCALHOST",
    "localhost.",
    "LocalHost", "ip6-localhost", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::1%25lo]",
    "%31%32%37.0.0.1",
    "127.0.0.1%2f", "127%2e0%2e0%2e1", "1.1.1.1#@127.0.0.1", "127.0.0.1#.example.org",
    "127.0.0.1?.example.org",
]  # fmt: skip


def outcomes(message, urls, **settings):
    """How each URL ends, PORT being that of a server on this machine, and how often it was reached."""

    async def main():
        async with receiving("127.0.0.1") as four, receiving("::1") as six:
            channel = Webhook({"plain_http": True, **settings}, Services(""))
            found = {}
            for url in urls:
                port = six.port if "[" in url else four.port
                found[url] = await channel.send(message(address=url.replace("PORT", str(port))))
            await channel.close()
            return found, four.connections + six.connections

    return asyncio.run(main())


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_what_is_not_public_is_refused_before_a_socket_is_opened(address):
    guard = Guard()
    assert not guard.permits(address)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with pytest.raises(Refused, match="allow_private"):
        guard.open_socket((family, socket.SOCK_STREAM, 0, "", (address, 80)))


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_passes(address):
    assert Guard().permits(address)


def test_the_lists_are_long_enough():
    assert len(NOT_PUBLIC) + len(SPELLINGS) > 90
    assert len(set(NOT_PUBLIC)) == len(NOT_PUBLIC)


def test_a_network_can_be_allowed_and_opens_no_other():
    guard = Guard(["10.1.0.0/16", "::1", "169.254.169.254/32"])
    assert guard.permits("10.1.2.3")
    assert guard.permits("::ffff:10.1.2.3")
    assert guard.permits("::1")
    assert guard.permits("169.254.169.254")
    assert not guard.permits("10.2.0.1")
    assert not guard.permits("127.0.0.1")
    with pytest.raises(ValueError, match="bad"):
        Guard(["bad"])


def test_no_spelling_of_our_own_address_reaches_us(message):
    found, connections = outcomes(message, [f"http://{host}:PORT/200" for host in SPELLINGS])
    assert connections == 0
    assert {outcome.kind for outcome in found.values()} <= {"permanent", "retry"}
    refused = [url for url, outcome in found.items() if "allow_private" in outcome.detail]
    assert len(refused) >= 15


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "gopher://127.0.0.1:PORT/", "ftp://127.0.0.1:PORT/",
        "unix:///run/docker.sock", "//127.0.0.1/",
        "http:///200", "http://user:password@127.0.0.1:PORT/200", "http://127.0.0.1:PORT\\@example.org/",
        "javascript:x",
        "http://127.0.0.1:0/", "http://127.0.0.1:99999/", "http://127.0.0.1:PORT/a b",
        "http://127.0.0.1:PORT/\r\nX: y",
        "http://\u2460\u2461\u2466.0.0.1:PORT/", "http://127.0.0.1:PORT/\x00", "http://[::1:PORT/", "",
        "localhost:PORT/200",
    ],
)  # fmt: skip
def test_what_is_no_plain_address_of_the_web_is_refused_even_where_all_may_be_reached(message, url):
    found, connections = outcomes(message, [url], allow_private=["0.0.0.0/0", "::/0"])
    assert connections == 0
    assert next(iter(found.values())).kind in {"permanent", "misconfigured"}


def test_the_server_is_reached_where_that_is_allowed(message):
    found, connections = outcomes(message, ["http://127.0.0.1:PORT/200"], allow_private=["127.0.0.1"])
    assert connections == 1
    assert found["http://127.0.0.1:PORT/200"].kind == "ok"


def test_plain_http_needs_a_switch(message):
    found, connections = outcomes(
        message, ["http://127.0.0.1:PORT/200"], plain_http=False, allow_private=["127.0.0.1"]
    )
    assert connections == 0
    assert "plain_http" in found["http://127.0.0.1:PORT/200"].detail


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(message, status):
    async def main():
        async with receiving() as canary, receiving() as receiver:
            channel = Webhook({"plain_http": True, "allow_private": ["127.0.0.0/8"]}, Services(""))
            url = f"{receiver.url}/{status}?Location={canary.url}/200"
            outcome = await channel.send(message(address=url))
            await channel.close()
            return outcome, canary.connections, receiver.connections

    outcome, reached, asked = asyncio.run(main())
    assert (outcome.kind, reached, asked) == ("permanent", 0, 1)
    assert "redirects" in outcome.detail


class Rebinding:
    """A resolver that answers the first time with one address, and then with another."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, host, port, *_args, **_named):
        assert host == "rebinding.example"
        answers = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [self._info(address, port) for address in answers]

    def _info(self, address, port):
        if ipaddress.ip_address(address).version == 4:
            return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
        return (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))


@pytest.mark.parametrize(
    "answers",
    [
        [["127.0.0.1"]],
        [["192.0.2.7"], ["127.0.0.1"]],
        [["127.0.0.1", "::1"]],
        [["::ffff:127.0.0.1"]],
        [["::1"], ["127.0.0.1"], ["0.0.0.0"]],
    ],
)
def test_a_name_that_changes_its_address_gains_nothing(message, monkeypatch, answers):
    async def main():
        async with receiving() as canary:
            resolver = Rebinding(*answers)
            monkeypatch.setattr(socket, "getaddrinfo", resolver)
            channel = Webhook({"plain_http": True}, Services(""))
            url = f"http://rebinding.example:{canary.port}/200"
            found = [await channel.send(message(address=url)) for _ in range(4)]
            await channel.close()
            return found, canary.connections, resolver.asked

    found, connections, asked = asyncio.run(main())
    assert connections == 0
    assert asked == 4
    assert {outcome.kind for outcome in found} == {"permanent"}


def test_the_address_that_was_judged_is_the_one_that_is_connected_to(message, monkeypatch):
    async def main():
        async with receiving() as allowed, receiving("::1") as other:
            monkeypatch.setattr(socket, "getaddrinfo", Rebinding(["127.0.0.1"], ["::1"]))
            channel = Webhook({"plain_http": True, "allow_private": ["127.0.0.1"]}, Services(""))
            found = [
                await channel.send(message(address=f"http://rebinding.example:{port}/200"))
                for port in (allowed.port, other.port)
            ]
            await channel.close()
            return found, allowed.connections, other.connections

    found, allowed, other = asyncio.run(main())
    assert ([outcome.kind for outcome in found], allowed, other) == (["ok", "permanent"], 1, 0)


def test_a_shared_address_that_is_not_public_pauses_the_channel(message):
    async def main():
        channel = Webhook({"plain_http": True, "url": "http://127.0.0.1:9/"}, Services(""))
        outcome = await channel.send(message())
        await channel.close()
        return outcome

    outcome = asyncio.run(main())
    assert outcome.kind == "misconfigured"
    assert "127.0.0.1 is not an address of the public internet" in outcome.detail
