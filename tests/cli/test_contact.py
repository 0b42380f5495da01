"""`taskwatch user contact`: an address is judged by the channel it is for."""

import pytest

PLUGIN = """
from taskwatch.plugin import Channel, hookimpl

class Bell(Channel):
    name = "bell"

    def check_address(self, address):
        if not address.isdigit():
            raise ValueError("a bell has a number")
        return address.lstrip("0")

@hookimpl
def taskwatch_register_channels(register):
    register(Bell)
"""


@pytest.fixture
def house(home, run, monkeypatch):
    """dana, a webhook and a bell, which a plugin brings."""
    (home / "plugins").mkdir(mode=0o700)
    (home / "plugins" / "bell.py").write_text(PLUGIN)
    (home / "plugins" / "bell.py").chmod(0o600)
    (home / "taskwatch.toml").write_text(
        "[plugins]\nenabled = 'bell'\nfolder = 'plugins'\n"
        "[channel.hook]\ntype = 'webhook'\n[channel.door]\ntype = 'bell'\n"
    )
    assert run("user", "add", "dana", "--id", "5")[0] == 0
    return home


def test_an_address_is_kept_as_its_channel_keeps_it(house, ask):
    assert [each["address"] for each in ask("user", "contact", "add", "5", "door", "007")] == ["7"]


@pytest.mark.parametrize(
    ("channel", "address", "sentence"),
    [
        ("door", "seven", "a bell has a number"),
        ("hook", "http://example.org/x", "begins with https://"),
        ("hook", "https://user:word@example.org/", "cannot hold a password"),
    ],
)
@pytest.mark.usefixtures("house")
def test_what_its_channel_does_not_take_is_not_kept(run, ask, channel, address, sentence):
    code, out, err = run("user", "contact", "add", "5", channel, address)
    assert (code, out) == (2, "")
    assert sentence in err
    assert ask("user", "contact", "list", "5") == []


def test_a_channel_that_is_not_set_up_yet_takes_any_address(house, ask):
    assert [each["address"] for each in ask("user", "contact", "add", "5", "pager", "x y")] == ["x y"]
