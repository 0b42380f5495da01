"""Make senders of what the configuration wishes for."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from taskwatch import clock
from taskwatch.errors import InvalidConfig
from taskwatch.model.names import suggestion
from taskwatch.plugin.calling import tidy
from taskwatch.plugin.channel import Channel, Services
from taskwatch.plugin.host import Process
from taskwatch.plugin.loading import BUILT_IN, Plugins, channel_class, home_of
from taskwatch.plugin.options import Settings, settings
from taskwatch.plugin.sender import Inline, Missing, Runner, Sender

if TYPE_CHECKING:
    from taskwatch.config.channels import ChannelConfig


def open_channels(
    configs: "Iterable[ChannelConfig]",
    plugins: Plugins,
    services: Services,
    *,
    now: Callable[[], int] = clock.now,
) -> dict[str, Sender]:
    """A sender for each channel, by its name; nothing is connected to yet. Close them at the end.

    Our own channels run in this process, those of plugins in a child process each.

    Raises:
        InvalidConfig: there is no such type of channel, or its options are wrong.
    """
    return {config.name: _open(config, plugins, services, now) for config in configs}


def _open(config: "ChannelConfig", plugins: Plugins, services: Services, now: Callable[[], int]) -> Sender:
    channel = channel_class(config.type, plugins)
    if channel is None:
        return _missing(config, plugins, now)
    judged = settings(config, channel)
    home = home_of(config.type, plugins)
    runner: Runner
    if home is None:
        runner = Inline(_make(channel, config, judged, services))
    else:
        runner = Process(home.name, home.found.folder, config.type, judged, services)
    return Sender(
        config.name, channel, runner,
        secrets=judged.secrets, seconds=judged.timeout, room=judged.concurrency, now=now,
    )  # fmt: skip


def _make(channel: type[Channel], config: "ChannelConfig", judged: Settings, services: Services) -> Channel:
    try:
        return channel(judged.values, services)
    except ValueError as error:
        message = f"{config.origin}: channel.{config.name}: {tidy(error, judged.secrets)}"
        raise InvalidConfig(message, hint=f"see: taskwatch plugins show {config.type}") from None


def _missing(config: "ChannelConfig", plugins: Plugins, now: Callable[[], int]) -> Sender:
    """A type that nobody brings is a mistake, unless a plugin that is broken might have brought it."""
    if not plugins.broken:
        known = [*BUILT_IN, *plugins.channels]
        hint = (
            suggestion(config.type, known) or f"add its plugin to plugins.enabled, or use {', '.join(known)}"
        )
        message = f"{config.where('type')}: there is no channel of type {config.type}"
        raise InvalidConfig(message, hint=hint, key=f"channel.{config.name}.type")
    named = next((each for each in plugins.broken if each.name == config.type), plugins.broken[0])
    runner = Missing(f"the plugin {named.name} is broken: {named.reason}")
    channel = type("Broken", (Channel,), {"name": config.type})
    return Sender(config.name, channel, runner, secrets=(), seconds=1.0, room=1, now=now)
