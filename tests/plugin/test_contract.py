"""The contract that every channel passes: our own first, and none that breaks it."""

import asyncio
import logging
import threading

import pytest

from taskwatch.channels.broadcast import Broadcast
from taskwatch.channels.database import Database
from taskwatch.channels.exec import Exec
from taskwatch.channels.mail import Mail
from taskwatch.channels.webhook import Webhook
from taskwatch.plugin import Channel, Option, ok, permanent, rate_limited, retry
from taskwatch.testing import ChannelContract

SECRETS = {"secret": "whsec_" + "QUFB" * 8, "secret_before": "whsec_" + "QkJC" * 8, "token": "tk-4711"}

LOGIN = {"sender": "tasks@example.org", "user": "tasks", "password": "canary-4711"}


class TestDatabase(ChannelContract):
    channel = Database
    address = ""


class TestBroadcast(ChannelContract):
    channel = Broadcast
    address = ""


class TestWebhook(ChannelContract):
    channel = Webhook
    settings = {"url": "{server}/hook", "plain_http": True, **SECRETS}  # noqa: RUF012  as authors write it
    address = ""
    wrong_addresses = ("", "ftp://a.b", "https://me:pw@a.b", "https://", "https://a b")


class TestMail(ChannelContract):
    channel = Mail
    settings = {"host": "127.0.0.1", "port": 9, **LOGIN}  # noqa: RUF012  as authors write it
    wrong_addresses = ("", "dana", "a@b@c", "a b@example.org", "a@example.org\r\nRCPT TO:<x@y.z>")


class TestExec(ChannelContract):
    channel = Exec
    settings = {"command": ["/bin/true"]}  # noqa: RUF012  as authors write it


class Fine(Channel):
    """A channel in order, to be broken in one place at a time."""

    name = "fine"
    options = (Option("url", "url", "where to"), Option("token", "secret", "a token"))
    follows = False

    def check_address(self, address):
        if not address:
            raise ValueError("an address is something")
        return address

    async def send(self, message):
        status = await self.post(f"{message.id} {message.title}")
        if status == 429:
            return rate_limited("slow down", 7.0)
        if status in (500, 503):
            return retry("busy")
        return ok() if status == 200 else permanent(str(status))

    async def post(self, text):
        from aiohttp import ClientError, ClientSession

        try:
            async with (
                ClientSession() as http,
                http.post(self.settings["url"], data=text.encode(), allow_redirects=self.follows) as answer,
            ):
                return answer.status
        except ClientError:
            return 500


def contract(**broken):
    channel = type("Broken", (Fine,), broken)
    settings = {"url": "{server}", "token": "tell-nobody"}
    names = {"channel": channel, "settings": settings, "address": "room", "wrong_addresses": ("",)}
    kinds = {**ChannelContract.answers, 401: {"permanent"}}
    return type("Contract", (ChannelContract,), {**names, "answers": kinds})()


async def blocking(self, message):
    threading.Event().wait(0.15)
    return ok()


async def telling(self, message):
    logging.getLogger("its").info("with %s", self.settings["token"])
    return ok()


async def refusing(self, message):
    return ok(detail=f"not with {self.settings['token']}")


async def raising(self, message):
    if "\x1b" in message.title or not message.title:
        raise ValueError("not such a title")
    return ok()


async def unmoved(self, message):
    while True:
        try:
            await asyncio.sleep(2)
            return ok()
        except asyncio.CancelledError:
            continue


async def always(self, message):
    await self.post("nothing of it")
    return ok()


BREAKING = [
    ("test_the_class_can_be_used", {"name": "Not Fine"}),
    ("test_the_class_can_be_used", {"options": (Option("url", "url", "where to"),)}),
    ("test_options_that_sound_secret_are_marked_so", {"options": (Option("api_key", "text", "x"),)}),
    ("test_an_address_is_kept_as_it_is_kept", {"check_address": lambda self, address: address + "!"}),
    ("test_what_is_no_address_is_refused", {"check_address": lambda self, address: address}),
    ("test_it_can_be_closed_twice_and_unused", {"close": lambda self: self.__dict__.pop("settings")}),
    ("test_each_answer_has_its_outcome", {"send": always}),
    ("test_a_redirect_is_not_followed", {"follows": True}),
    ("test_garbage_and_a_broken_line_end_in_an_outcome", {"send": always}),
    ("test_it_ends_when_its_time_is_over", {"send": unmoved}),
    ("test_nobody_waits_for_it", {"send": blocking}),
    ("test_every_try_has_the_id_of_the_message", {"send": always}),
    ("test_a_test_can_be_seen_to_be_one", {"send": always}),
    ("test_a_probe_has_an_outcome", {"probe": lambda self: True}),
    ("test_secrets_show_nowhere", {"send": telling}),
    ("test_secrets_show_nowhere", {"send": refusing}),
    ("test_secrets_show_nowhere", {"__repr__": lambda self: repr(self.settings)}),
    ("test_whatever_people_write_ends_in_an_outcome", {"send": raising}),
]


def ask(name, broken, caplog):
    judge = getattr(contract(**broken), name)
    if name == "test_whatever_people_write_ends_in_an_outcome":
        return judge("")
    return judge(caplog) if name == "test_secrets_show_nowhere" else judge()


@pytest.mark.parametrize("name", sorted({name for name, _ in BREAKING}))
def test_a_channel_in_order_passes(name, caplog):
    ask(name, {}, caplog)


@pytest.mark.parametrize(("name", "broken"), BREAKING)
def test_a_channel_that_breaks_the_contract_fails(name, broken, caplog):
    with pytest.raises((Exception, pytest.fail.Exception)):
        ask(name, broken, caplog)


def test_every_test_of_the_contract_is_broken_once():
    tests = {name for name in dir(ChannelContract) if name.startswith("test_")}
    assert {name for name, _ in BREAKING} == tests
