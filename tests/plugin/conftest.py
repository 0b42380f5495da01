"""Plugins as files in a folder, and senders made of them."""

import textwrap

import pytest

from taskwatch.config.channels import ChannelConfig
from taskwatch.plugin import Services
from taskwatch.plugin.loading import load
from taskwatch.plugin.setup import open_channels

HEAD = """
import asyncio, os, sys, time
from taskwatch.plugin import Channel, Option, hookimpl, ok, retry, gone, rate_limited
"""
CHANNEL = """
class Mine(Channel):
    name = "{name}"
    options = (Option("password", "secret", "a password"), Option("word", "text", "a word", default="x"))
    def check_address(self, address):
        if " " in address:
            raise ValueError("an address is one word")
        return address.lower()
    {send}

@hookimpl
def taskwatch_register_channels(register):
    register(Mine)
"""


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "plugins"
    folder.mkdir(mode=0o755)
    return folder


@pytest.fixture
def write(folder):
    """Write a plugin file; gives its path."""

    def write(name, body):
        path = folder / f"{name}.py"
        path.write_text(HEAD + textwrap.dedent(body))
        path.chmod(0o644)
        return path

    return write


@pytest.fixture
def plug(write, folder):
    """A sender of a channel whose `send` has this body, in a process of its own."""

    def plug(send, *, name="mine", **options):
        body = textwrap.indent(textwrap.dedent(send).strip(), " " * 4).strip()
        write(name, CHANNEL.format(name=name, send=body))
        config = ChannelConfig(name, name, options, "c.toml:1")
        plugins = load([name], str(folder))
        assert plugins.broken == []
        return open_channels([config], plugins, Services("https://tasks.example.org"))[name]

    return plug
