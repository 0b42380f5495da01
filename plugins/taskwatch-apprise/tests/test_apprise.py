"""The channels through the real Apprise, to an HTTP server of our own."""

import asyncio
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from taskwatch.plugin import Message, Recipient, Services
from taskwatch.testing import ChannelContract
from taskwatch_apprise import Person, Room, taskwatch_register_channels

# Apprise still imports a module that Python 3.13 has no more, where it is there.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


def message(**changes):
    values = {
        "id": "d-1", "recipient": Recipient(7, "dana"), "address": "dana", "title": "Late",
        "text": "By 15 minutes", "url": "https://tasks.example.org/admin/tasks/1",
        "kind": "task.sla.exceeded", "reason": "first", "level": "low", "data": {}, "event": {},
        "occurred_at": 0, "deadline": 0, "thread": "task-1",
    }  # fmt: skip
    return Message(**{**values, **changes})


@contextmanager
def serving(status=200, *, silent=False):
    """An HTTP server; gives its port and the paths and bodies it had."""
    had, done = [], threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            had.append((self.path, json.loads(body)))
            if silent:
                done.wait(5)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        try:
            yield server.server_port, had
        finally:
            done.set()
            server.shutdown()


def sent(url, *, seconds=None, channel=Person, **changes):
    made = channel({"url": url}, Services(""))
    made.seconds = seconds or made.seconds
    return asyncio.run(made.send(message(**changes)))


def probed(url, channel=Person):
    return asyncio.run(channel({"url": url}, Services("")).probe())


def test_it_registers_both_channels():
    found = []
    taskwatch_register_channels(found.append)
    assert {channel.name: channel.needs_address for channel in found} == {
        "apprise": True,
        "apprise-room": False,
    }


def test_a_message_goes_to_the_address_of_the_person():
    with serving() as (port, had):
        outcome = sent(f"json://127.0.0.1:{port}/to/{{address}}", title="⚠️ Überfällig", text="<b> {x} é")
    ((path, body),) = had
    assert outcome.kind == "ok"
    assert path.rstrip("/") == "/to/dana"
    assert (body["title"], body["message"]) == ("⚠️ Überfällig", "<b> {x} é")


def test_the_room_needs_no_address():
    with serving() as (port, had):
        assert sent(f"json://127.0.0.1:{port}/room", channel=Room, address="").kind == "ok"
    assert had[0][0].rstrip("/") == "/room"


@pytest.mark.parametrize(
    "address", ["a@evil.example", "../../x", "a?method=put&b=c", "a#b", "a,json://evil", "50%25"]
)
def test_an_address_adds_nothing_to_the_url(address):
    with serving() as (port, had):
        outcome = sent(f"json://127.0.0.1:{port}/to/{{address}}/end", address=address)
    assert (outcome.kind, len(had)) == ("ok", 1)
    assert had[0][0].startswith("/to/")
    assert had[0][0].rstrip("/").endswith("/end")


@pytest.mark.parametrize(
    ("reason", "level", "kind"),
    [
        ("first", "critical", "failure"), ("repeat", "high", "failure"), ("first", "low", "warning"),
        ("resolved", "high", "success"), ("first", None, "info"),
    ],
)  # fmt: skip
def test_the_kind_of_message_follows_the_level(reason, level, kind):
    with serving() as (port, had):
        sent(f"json://127.0.0.1:{port}/{{address}}", reason=reason, level=level)
    assert had[0][1]["type"] == kind


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "permanent"), (401, "misconfigured"), (403, "permanent"), (404, "permanent"), (408, "retry"),
        (429, "rate_limited"), (500, "retry"), (302, "permanent"),
    ],
)  # fmt: skip
def test_an_answer_decides_what_follows_and_is_tried_once(status, kind):
    with serving(status) as (port, had):
        outcome = sent(f"json://127.0.0.1:{port}/{{address}}")
    assert (outcome.kind, len(had)) == (kind, 1)
    assert str(status) in outcome.detail


def test_silence_is_not_known_to_have_failed():
    with serving(silent=True) as (port, _):
        assert sent(f"json://127.0.0.1:{port}/{{address}}", seconds=0.3).kind == "unknown"


def test_nobody_at_the_address_is_tried_again():
    assert sent("json://127.0.0.1:1/{address}").kind == "retry"


def test_secrets_of_the_url_are_in_no_outcome():
    with serving(401) as (port, _):
        outcome = sent(f"json://canary-user:canary%40word@127.0.0.1:{port}/canary-token/{{address}}")
    assert outcome.kind == "misconfigured"
    assert "canary" not in repr(outcome)


def test_a_url_that_cannot_be_read_is_in_no_log(caplog, capfd):
    for url in ("canary", "tgram://canary/{address}", "nosuch://canary:word@x/"):
        sent(url)
        probed(url)
    assert "canary" not in caplog.text + "".join(capfd.readouterr())


@pytest.mark.parametrize("url", ["nonsense", "nosuch://x/{address}", "", "json://"])
def test_a_url_that_apprise_does_not_understand_is_set_up_wrong(url):
    assert sent(url, channel=Room).kind == "misconfigured"
    assert probed(url, Room).kind == "misconfigured"


def test_an_unknown_service_is_set_up_wrong_whoever_it_is_for():
    assert sent("nosuch://x/{address}").kind == "misconfigured"


def test_an_address_that_the_service_cannot_have_ends_this_message_only():
    assert sent("mailto://x:y@example.org?to={address}", address="").kind != "misconfigured"
    assert sent("tgram://{address}/1", address="nonsense").kind == "permanent"


def test_a_probe_sends_nothing():
    with serving() as (port, had):
        assert probed(f"json://127.0.0.1:{port}/{{address}}").kind == "ok"
        assert probed(f"json://127.0.0.1:{port}/", Room).kind == "ok"
    assert had == []


def test_a_url_without_a_place_for_the_address_is_set_up_wrong():
    outcome = probed("json://127.0.0.1/")
    assert outcome.kind == "misconfigured"
    assert "apprise-room" in outcome.detail


@pytest.mark.parametrize("address", ["", " dana", "dana\n", "a\x00b", "x" * 201, "a\u202eb"])
def test_what_cannot_be_an_address_is_refused(address):
    with pytest.raises(ValueError, match="an address has"):
        Person({}, Services("")).check_address(address)


class Here(Room):
    """The room, at an address that begins with http:// because the contract says so."""

    def _url(self, address):
        return super()._url(address).replace("http://", "json://")


class TestContract(ChannelContract):
    channel = Here
    settings: ClassVar = {"url": "{server}/room"}
    # Apprise passes on neither the id of a message nor how long a service asks to wait.
    shows_id = False
    answers: ClassVar = {status: kinds for status, kinds in ChannelContract.answers.items() if status != 429}
