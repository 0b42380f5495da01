"""What a plugin may register. pluggy is used for this alone: nothing is ever sent through a hook."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import pluggy

from taskwatch.plugin.channel import Channel

GROUP = "taskwatch"

hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


class RegisterFilter(Protocol):
    """Take a filter for templates: `register("shout", str.upper)`."""

    def __call__(self, name: str, function: Callable[..., Any], /) -> None:
        """Refuses a name that is taken or cannot be written in a template."""


class RegisterCommand(Protocol):
    """Take a command: `register("oncall", "taskwatch_oncall.cli:oncall", "Show who is on call.")`."""

    def __call__(self, name: str, target: str, about: str, /) -> None:
        """`target` is `module:attribute` of a click command, loaded when it is called and not before."""


@hookspec
def taskwatch_register_channels(register: Callable[[type[Channel]], None]) -> None:
    """Call `register` with each channel class."""


@hookspec
def taskwatch_register_template_filters(register: RegisterFilter) -> None:
    """Call `register` with the name of each template filter and its function."""


@hookspec
def taskwatch_resolve_recipients(selector: str, at: int) -> Sequence[int]:  # type: ignore[empty-body]  # a spec
    """The ids of the users that a selector such as `oncall:night` means at an instant in ms UTC."""


@hookspec
def taskwatch_register_commands(register: RegisterCommand) -> None:
    """Call `register` with each command of your own for the command line."""
