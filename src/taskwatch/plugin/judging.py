"""Whether a channel class can be used: said before it is, not when a message waits."""

import re
from typing import get_args

from taskwatch.plugin.calling import tidy
from taskwatch.plugin.channel import API, Channel, Option, Type
from taskwatch.plugin.options import COMMON

NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_OPTION_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


class Unfit(Exception):
    """A plugin that cannot be used, and why, as a sentence without a full stop."""


def judge_channel(channel: object) -> type[Channel]:
    """The class of a channel; Unfit if it is none, or is made for another version of the door."""
    if not isinstance(channel, type) or not issubclass(channel, Channel):
        raise Unfit(f"it registers {_spell(channel)}, which is not a subclass of taskwatch.plugin.Channel")
    if channel.api != API:
        newer = "upgrade taskwatch" if isinstance(channel.api, int) and channel.api > API else "upgrade it"
        raise Unfit(f"the channel {channel.__name__} is made for api {channel.api}, here is {API}: {newer}")
    if not isinstance(channel.name, str) or not NAME.fullmatch(channel.name):
        raise Unfit(f"{channel.__name__}.name must be lower-case letters, digits, - and _")
    _judge_options(channel)
    _judge_numbers(channel)
    return channel


def spell(error: BaseException) -> str:
    """Why a plugin cannot be used, on one line: the sentence of Unfit, else what it raised."""
    return tidy(error if isinstance(error, Unfit) else f"{type(error).__name__}: {error}")


def _judge_options(channel: type[Channel]) -> None:
    taken = {"type", *(option.name for option in COMMON)}
    for option in channel.options:
        if not isinstance(option, Option) or not _OPTION_NAME.fullmatch(option.name):
            raise Unfit(f"{channel.__name__}.options holds {_spell(option)}, which is not an Option")
        if option.type not in get_args(Type) or not option.about:
            raise Unfit(f"the option {option.name} needs a type that there is, and a line about it")
        if option.name in taken:
            raise Unfit(f"the option {option.name} is there twice, or is one that every channel has")
        taken.add(option.name)


def _judge_numbers(channel: type[Channel]) -> None:
    for name in ("max_title", "max_text", "seconds", "tries", "first_pause", "longest_pause"):
        value = getattr(channel, name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise Unfit(f"{channel.__name__}.{name} must be a number above 0")


def _spell(thing: object) -> str:
    return thing.__name__ if isinstance(thing, type) else f"a {type(thing).__name__}"
