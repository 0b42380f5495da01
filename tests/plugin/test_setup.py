"""Options are judged where channels are opened, with the line they were said on."""

import asyncio

import pytest

from taskwatch.config.channels import ChannelConfig
from taskwatch.errors import InvalidConfig
from taskwatch.plugin import Channel, Option, Services, misconfigured, ok
from taskwatch.plugin.loading import Plugins, load
from taskwatch.plugin.options import settings
from taskwatch.plugin.setup import open_channels


class Every(Channel):
    name = "every"
    options = (
        Option("host", "text", "a host", required=True),
        Option("port", "number", "a port", default=25),
        Option("tls", "switch", "whether to encrypt", default=True),
        Option("password", "secret", "the password"),
        Option("url", "url", "an address of the web"),
        Option("pause", "seconds", "how long to wait", default=1.0),
        Option("rooms", "list", "rooms"),
    )


def judged(**options):
    options = {"host": "mail", **options}
    lines = {name: f"c.toml:{line}" for line, name in enumerate(options, 2)}
    return settings(ChannelConfig("mine", "every", options, "c.toml:1", lines, "/etc/c.toml"), Every)


def refusal(**options):
    with pytest.raises(InvalidConfig) as caught:
        judged(**options)
    return caught.value


def test_what_is_not_said_has_its_default():
    assert judged() == (
        {"host": "mail", "port": 25, "tls": True, "password": None, "url": None, "pause": 1.0, "rooms": None},
        (), 10.0, 4,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("port", 587, 587), ("tls", False, False), ("url", "https://a.b/c?d=1", "https://a.b/c?d=1"),
        ("pause", 2, 2.0), ("pause", "1m", 60.0), ("rooms", ["a", "b"], ["a", "b"]), ("rooms", [], []),
    ],
)  # fmt: skip
def test_a_value_of_the_right_type_is_taken(name, given, value):
    assert judged(**{name: given}).values[name] == value


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("host", 5), ("host", ["a"]), ("host", {"a": 1}), ("host", "a\x00"), ("port", "25"), ("port", True),
        ("tls", "yes"), ("tls", 1), ("password", "hunter2"), ("password", "file:"), ("password", 5),
        ("password", "https:x"), ("url", "ftp://a"), ("url", "a.b"), ("url", "https://me:pw@a.b"),
        ("url", "https://a b"), ("url", "https://"), ("url", "https://[a"), ("url", "https://a:0"),
        ("pause", 0), ("pause", -1), ("pause", "soon"), ("pause", float("inf")), ("pause", float("nan")),
        ("rooms", "a"), ("rooms", [1]), ("timeout", 301), ("timeout", "0s"), ("concurrency", 0),
        ("concurrency", 65), ("concurrency", 1.5),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused_with_its_line(name, given):
    error = refusal(**{name: given})
    line = "c.toml:2" if name == "host" else "c.toml:3"
    assert error.message.startswith(f"{line}: channel.mine.{name} must be ")
    assert error.hint


@pytest.mark.parametrize(("name", "given"), [("password", "hunter2"), ("url", "https://me:hunter2@a.b")])
def test_what_may_be_a_secret_is_not_repeated(name, given):
    assert "hunter2" not in repr(refusal(**{name: given}).as_json())


def test_an_option_that_must_be_there_is_asked_for():
    with pytest.raises(InvalidConfig, match=r"c.toml:1: channel.mine.host is missing"):
        settings(ChannelConfig("mine", "every", {}, "c.toml:1"), Every)


def test_an_option_that_there_is_not_is_refused_with_a_suggestion():
    error = refusal(pasword="env:X")
    assert error.message == "c.toml:3: a channel of type every has no option 'pasword'"
    assert error.hint == "did you mean password?"


def test_the_common_options_are_for_us_and_not_for_the_channel():
    found = judged(timeout="30s", concurrency=2)
    assert (found.timeout, found.concurrency) == (30.0, 2)
    assert not {"timeout", "concurrency"} & set(found.values)


def test_a_secret_is_fetched_from_where_it_is(tmp_path, monkeypatch):
    monkeypatch.setenv("PASSWORD", "from env")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    for name in ("secret", "mail-password"):
        (tmp_path / name).write_text(f"from {name}\n")
        (tmp_path / name).chmod(0o600)
    for reference, value in (
        ("env:PASSWORD", "from env"),
        (f"file:{tmp_path}/secret", "from secret"),
        ("cred:mail-password", "from mail-password"),
    ):
        found = judged(password=reference)
        assert (found.values["password"], found.secrets) == (value, (value,))


@pytest.mark.parametrize("reference", ["env:NO_SUCH", "file:/no/such", "cred:x", "file:/etc/passwd"])
def test_a_secret_that_cannot_be_had_is_an_error_that_names_the_option(reference, monkeypatch):
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert refusal(password=reference).message.startswith("channel.mine.password: ")


def opened(kind, plugins=None, **options):
    config = ChannelConfig("mine", kind, options, "c.toml:1")
    return open_channels([config], plugins or load([]), Services(""))["mine"]


def test_a_channel_of_our_own_runs_here():
    sender = opened("webhook", url="https://a.b", timeout=3)
    assert (sender.name, sender.channel.name, sender.seconds, sender.room) == ("mine", "webhook", 3.0, 4)


def test_a_type_that_there_is_not_is_refused_with_a_suggestion():
    with pytest.raises(InvalidConfig, match=r"c.toml:1: there is no channel of type webhok") as caught:
        opened("webhok")
    assert caught.value.hint == "did you mean webhook?"


def test_settings_that_a_channel_itself_refuses_are_an_error_of_the_configuration():
    with pytest.raises(InvalidConfig, match=r"c.toml:1: channel.mine: a webhook's address begins with https"):
        opened("webhook", url="http://a.b")


def test_a_channel_of_a_broken_plugin_waits_and_says_so():
    plugins = load(["nowhere"])
    sender = opened("nowhere", plugins)
    outcome = asyncio.run(sender.probe())
    reason = "the plugin nowhere is broken: it is not installed: pip install taskwatch-nowhere"
    assert outcome == misconfigured(reason)
    asyncio.run(sender.close())


def test_a_plugin_s_channel_is_opened_by_its_type():
    plugins = Plugins({"every": Every}, {}, [], [])
    sender = opened("every", plugins, host="x")
    assert asyncio.run(sender.probe()) == ok()
