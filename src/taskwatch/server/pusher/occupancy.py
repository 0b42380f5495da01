"""What the HTTP API tells of a channel: how many joined it, how many users, and what was sent last."""

from collections.abc import Callable
from typing import Any

from taskwatch.errors import InvalidInput
from taskwatch.model.names import shown
from taskwatch.server.house import House


def attributes(info: str | None) -> tuple[str, ...]:
    """The attributes in a text such as `user_count,cache`.

    Raises:
        InvalidInput: there is no such attribute.
    """
    wanted = tuple(filter(None, (part.strip() for part in (info or "").split(","))))
    for each in wanted:
        if each not in _READ:
            raise InvalidInput(f"a channel has no {shown(each)}", hint=f"ask for {', '.join(_READ)}")
    return wanted


def has_users(channel: str) -> bool:
    """Whether a channel, or every one that begins so, knows its users."""
    return channel.startswith("presence-")


def of_channel(here: House, name: str, wanted: tuple[str, ...]) -> dict[str, Any]:
    """These attributes of a channel, without those it does not have."""
    return {each: _READ[each](here, name) for each in wanted if each != "user_count" or has_users(name)}


def _cache(here: House, name: str) -> dict[str, str] | None:
    data = here.switchboard.cached(name)
    return None if data is None else {"data": data}


_READ: dict[str, Callable[[House, str], Any]] = {
    "subscription_count": lambda here, name: here.switchboard.roster.subscription_count(name),
    "user_count": lambda here, name: len(here.switchboard.roster.users(name)),
    "cache": _cache,
}
