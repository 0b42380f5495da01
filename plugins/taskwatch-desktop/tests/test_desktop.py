"""The channel on a real session bus, with a desktop of our own that remembers what it was to show."""

import asyncio
import shutil
import subprocess
from contextlib import asynccontextmanager
from typing import ClassVar

import pytest
from dbus_fast import Message as Call
from dbus_fast import MessageType
from dbus_fast.aio import MessageBus

from taskwatch.plugin import Message, Recipient, Services
from taskwatch.testing import ChannelContract
from taskwatch_desktop import Desktop, taskwatch_register_channels

NAME = "org.freedesktop.Notifications"


def message(**changes):
    values = {
        "id": "d-1", "recipient": Recipient(7, "dana"), "address": "", "title": "Late",
        "text": "By 15 minutes", "url": "https://tasks.example.org/admin/tasks/1",
        "kind": "task.sla.exceeded", "reason": "first", "level": "low", "data": {}, "event": {},
        "occurred_at": 0, "deadline": 0, "thread": "task-1",
    }  # fmt: skip
    return Message(**{**values, **changes})


@pytest.fixture
def bus():
    """The address of a session bus that nobody else is on."""
    if not shutil.which("dbus-daemon"):
        pytest.skip("dbus-daemon is not installed")
    command = ["dbus-daemon", "--session", "--nofork", "--print-address"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as daemon:
        yield daemon.stdout.readline().strip()
        daemon.terminate()


@asynccontextmanager
async def desktop(bus, *capabilities, refuse=False):
    """A desktop on the bus; gives the list of what it was asked to show."""
    shown = []
    answers = {
        "GetCapabilities": ("as", lambda body: [list(capabilities)]),
        "GetServerInformation": ("ssss", lambda body: ["bubbles", "us", "1.2", "1.2"]),
        "Notify": ("u", lambda body: shown.append(body) or [len(shown)]),
    }

    def answer(call):
        if call.message_type is not MessageType.METHOD_CALL or call.member not in answers:
            return None
        if refuse:
            return Call.new_error(call, f"{NAME}.Error", "no")
        signature, give = answers[call.member]
        return Call.new_method_return(call, signature, give(call.body))

    connected = await MessageBus(bus_address=bus).connect()
    connected.add_message_handler(answer)
    await connected.request_name(NAME)
    try:
        yield shown
    finally:
        connected.disconnect()


def told(bus, *capabilities, verb="send", refuse=False, **changes):
    """The outcome of a try, and what the desktop was asked to show."""

    async def scenario():
        async with desktop(bus, *capabilities, refuse=refuse) as shown:
            channel = Desktop({"bus": bus}, Services(""))
            return await (channel.send(message(**changes)) if verb == "send" else channel.probe()), shown

    return asyncio.run(scenario())


def alone(address):
    return asyncio.run(Desktop({"bus": address}, Services("")).send(message()))


def test_it_registers_the_channel():
    found = []
    taskwatch_register_channels(found.append)
    assert found == [Desktop]


def test_a_message_is_shown(bus):
    outcome, shown = told(bus, "body", title="⚠️ Überfällig")
    assert (outcome.kind, outcome.provider_id) == ("ok", "1")
    assert [(body[0], body[3], body[4]) for body in shown] == [("taskwatch", "⚠️ Überfällig", "By 15 minutes")]


@pytest.mark.parametrize(("level", "urgency"), [("critical", 2), ("high", 1), ("low", 1), (None, 1)])
def test_only_a_critical_one_is_urgent(bus, level, urgency):
    _, shown = told(bus, level=level)
    assert shown[0][6]["urgency"].value == urgency


def test_text_is_no_markup_where_markup_is_understood(bus):
    _, shown = told(bus, "body", "body-markup", text="<img src=x> & more")
    assert shown[0][4] == "&lt;img src=x&gt; &amp; more"


def test_text_is_as_written_where_markup_is_not_understood(bus):
    _, shown = told(bus, "body", text="a < b & c")
    assert shown[0][4] == "a < b & c"


def test_a_desktop_that_refuses_is_tried_again(bus):
    outcome, shown = told(bus, refuse=True)
    assert (outcome.kind, shown) == ("retry", [])
    assert "org.freedesktop.Notifications.Error" in outcome.detail


def test_a_bus_without_a_desktop_is_tried_again(bus):
    assert alone(bus).kind == "retry"


def test_a_bus_that_is_not_there_is_tried_again(tmp_path):
    assert alone(f"unix:path={tmp_path}/nothing").kind == "retry"


def test_a_machine_without_a_session_is_set_up_wrong(monkeypatch):
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    outcome = alone("")
    assert outcome.kind == "misconfigured"
    assert "option bus" in outcome.detail


def test_what_is_no_address_of_a_bus_is_set_up_wrong():
    assert alone("somewhere").kind == "misconfigured"


def test_a_probe_shows_nothing(bus):
    outcome, shown = told(bus, verb="probe")
    assert (outcome.kind, outcome.detail, shown) == ("ok", "bubbles 1.2 of us", [])


class TestContract(ChannelContract):
    channel = Desktop
    settings: ClassVar = {"bus": "unix:path=/nowhere"}
