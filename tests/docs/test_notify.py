"""What the manual of notifications shows is so: its commands, its settings, its figures."""

import importlib
import re
import shlex
from pathlib import Path

import pytest

from figures import FIGURES
from taskwatch.cli.tree import walk
from taskwatch.config import load
from taskwatch.config.channels import ALWAYS, channels
from taskwatch.config.rules import rules
from taskwatch.model.routing import DEFAULT_RULES
from taskwatch.plugin.loading import BUILT_IN, Plugins, channel_class
from taskwatch.plugin.options import COMMON

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "man" / "taskwatch-notify.7.in").read_text().replace("\\-", "-")
PACKAGES = sorted((ROOT / "plugins").glob("*/README.md"))
TEXTS = {"manual": MANUAL, **{path.parent.name: path.read_text() for path in PACKAGES}}
EACH = pytest.mark.parametrize("name", TEXTS)
COMMANDS = {leaf.words for leaf in walk()}


def settings_in(name):
    """The pieces of configuration that a text shows."""
    pattern = r"\.nf\n(    \[.*?)\.fi" if name == "manual" else r"```toml\n(.*?)```"
    return [
        re.sub(r"^ {4}", "", text, flags=re.MULTILINE) for text in re.findall(pattern, TEXTS[name], re.DOTALL)
    ]


def configured(tmp_path, name):
    path = tmp_path / "config.toml"
    path.write_text("\n".join(settings_in(name)))
    return load(flags={}, environ={}, cwd=str(tmp_path), config_path=str(path))


@EACH
def test_every_command_is_there(name):
    shown = re.findall(
        r"taskwatch ([a-z]+(?: [a-z]+)*)", TEXTS[name].replace("taskwatch notify dead list |", "")
    )
    for words in [words.split() for words in shown]:
        if words[0] in {"notify", "user", "sla", "mute", "plugins", "inbox", "doctor", "token"}:
            assert any(tuple(words[: len(known)]) == known for known in COMMANDS if len(known) > 1) or (
                tuple(words) in COMMANDS
            ), shlex.join(words)


@EACH
def test_every_setting_is_read(tmp_path, monkeypatch, name):
    for package in PACKAGES:
        monkeypatch.syspath_prepend(str(package.parent / "src"))
    config = configured(tmp_path, name)
    assert rules(config)
    found = [channel for channel in channels(config) if channel.name not in ALWAYS]
    assert found
    for channel in found:
        names = {option.name for option in (*COMMON, *kind(channel.type).options)}
        assert set(channel.options) <= names


def kind(name):
    """The class of a channel, be it one of a package that is not installed."""
    if name in BUILT_IN:
        return channel_class(name, Plugins({}, {}, [], []))
    found = []
    module = importlib.import_module(f"taskwatch_{name.partition('-')[0]}")
    module.taskwatch_register_channels(found.append)
    return next(each for each in found if each.name == name)


def test_the_rules_of_the_manual_are_the_usual_ones(tmp_path):
    assert rules(configured(tmp_path, "manual")) == DEFAULT_RULES


def test_the_figures_are_those_of_the_day_that_is_lived_through():
    told = re.findall(r"^(?:none|notify|both).*\t(\d+)\t(\d+)$", MANUAL, re.MULTILINE)
    assert [(int(one), int(three)) for one, three in told] == [
        (sum(figures.values()), 3 * sum(figures.values())) for _, figures in FIGURES
    ]
