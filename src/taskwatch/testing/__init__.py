"""For tests, ours and everybody's: a clock driven by hand, a real store, what channels must pass."""

import os
from typing import TYPE_CHECKING, Any

from taskwatch.actions.change import Change
from taskwatch.store import Store, open_store

if TYPE_CHECKING:
    from taskwatch.testing.contract import ChannelContract
    from taskwatch.testing.receiver import Receiver
    from taskwatch.testing.samples import sample

__all__ = ["START", "ChannelContract", "HandClock", "Receiver", "new_store", "sample"]

START = 1_766_570_400_000


class HandClock:
    """A clock that moves only when told. `now` is in ms UTC and begins at 2025-12-24T10:00:00Z."""

    def __init__(self, now: int = START) -> None:
        self.now = now

    def advance(self, *, seconds: int = 0, minutes: int = 0) -> int:
        """Move on, and tell the time then."""
        self.now += (seconds + 60 * minutes) * 1000
        return self.now

    def change(self, *, by: int | None = None, reason: str | None = None) -> Change:
        """The circumstances of a change that happens now."""
        return Change(self.now, by=by, reason=reason)


def new_store(folder: str | os.PathLike[str]) -> Store:
    """A fresh store on a real file in a folder; close it at the end."""
    return open_store(os.path.join(folder, "taskwatch.db"))


def __getattr__(name: str) -> Any:
    """The contract and its receiver are loaded by those who use them alone."""
    from importlib import import_module

    homes = {"ChannelContract": "contract", "Receiver": "receiver", "sample": "samples"}
    if name in homes:
        return getattr(import_module(f"taskwatch.testing.{homes[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
