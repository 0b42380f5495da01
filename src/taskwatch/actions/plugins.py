"""What can be plugged in: which plugins are there, what they bring, and what is wrong with them."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, TypedDict

from taskwatch import __version__
from taskwatch.errors import NotFound
from taskwatch.model.names import shown, suggestion
from taskwatch.plugin.channel import Channel, Option
from taskwatch.plugin.finding import in_folder, installed
from taskwatch.plugin.host import examine
from taskwatch.plugin.loading import BUILT_IN, Broken, Loaded, Plugins, channel_class, load
from taskwatch.plugin.options import COMMON

OURS = "taskwatch"


class PluginShape(TypedDict):
    """A plugin; `state` is broken if it is enabled but cannot be used. `place` is a module or a file."""

    name: str
    state: Literal["built in", "enabled", "broken", "not enabled"]
    package: str | None
    version: str | None
    place: str | None
    channels: list[str]
    template_filters: list[str]
    commands: list[str]
    resolves_recipients: bool
    reason: str | None
    hint: str | None


class OptionShape(TypedDict):
    """An option of a channel; a secret is written as a reference to where it is."""

    name: str
    type: str
    about: str
    default: Any
    required: bool


class ChannelShape(TypedDict):
    """A type of channel, and what its `[channel.NAME]` table may hold."""

    type: str
    about: str
    api: int
    needs_address: bool
    max_title: int
    max_text: int
    timeout_seconds: float
    tries: int
    options: list[OptionShape]


class PluginDetailShape(PluginShape):
    """A plugin with its types of channels."""

    channel_types: list[ChannelShape]


class CheckedPluginShape(TypedDict):
    """What became of loading a plugin in a process of its own; `message` says why if it failed."""

    name: str
    status: Literal["ok", "fail"]
    message: str
    fix: str | None


def listing(named: Sequence[str], folder: str) -> list[PluginShape]:
    """Our own channels, then every plugin that is enabled, then those that could be."""
    plugins = load(named, folder)
    known = {*named, OURS}
    idle = [name for name in [*installed(), *in_folder(folder)] if name not in known]
    found = [*map(_enabled, plugins.loaded), *map(_broken, plugins.broken)]
    return [_ours(), *found, *map(_idle, dict.fromkeys(idle))]


def show(name: str, named: Sequence[str], folder: str) -> PluginDetailShape:
    """The plugin of that name, or that brings the type of channel of that name, enabled or not.

    Raises:
        NotFound: there is none.
    """
    plugins = load([*named, *_loadable(name, named, folder)], folder)
    if name in BUILT_IN or name == OURS:
        kinds = list(BUILT_IN) if name == OURS else [name]
        return {**_ours(), "channel_types": [_channel(kind, plugins) for kind in kinds]}
    for loaded in plugins.loaded:
        if name == loaded.name or name in loaded.channels:
            plain = _enabled(loaded) if loaded.name in named else {**_enabled(loaded), "state": "not enabled"}
            return _detail(plain, [_channel(kind, plugins) for kind in loaded.channels])
    for broken in plugins.broken:
        if name == broken.name:
            return _detail(_broken(broken), [])
    known = [OURS, *BUILT_IN, *installed(), *in_folder(folder), *plugins.channels]
    hint = suggestion(name, known) or "see: taskwatch plugins list"
    raise NotFound(f"there is no plugin {shown(name)}", hint=hint)


def check(names: Sequence[str], folder: str) -> Iterator[CheckedPluginShape]:
    """Load each plugin in a process of its own, so that whatever it does is seen and harms nobody."""
    for name in names:
        fault = examine(name, folder)
        if fault is None:
            yield {"name": name, "status": "ok", "message": "it can be loaded", "fix": None}
        else:
            fix = f"upgrade or repair it, or take {name} out of plugins.enabled"
            yield {"name": name, "status": "fail", "message": fault, "fix": fix}


def _loadable(name: str, named: Sequence[str], folder: str) -> list[str]:
    """The name, if it is that of a plugin which is there but not enabled."""
    return [name] if name not in named and name in {*installed(), *in_folder(folder)} else []


def _detail(plugin: PluginShape, channels: list[ChannelShape]) -> PluginDetailShape:
    return {**plugin, "channel_types": channels}


def _ours() -> PluginShape:
    plugin = _plain(OURS)
    return {
        **plugin,
        "state": "built in",
        "package": OURS,
        "version": __version__,
        "channels": list(BUILT_IN),
    }


def _enabled(loaded: Loaded) -> PluginShape:
    return {
        "name": loaded.name,
        "state": "enabled",
        "package": loaded.found.package,
        "version": loaded.found.version,
        "place": loaded.found.place,
        "channels": list(loaded.channels),
        "template_filters": list(loaded.filters),
        "commands": list(loaded.commands),
        "resolves_recipients": loaded.resolver is not None,
        "reason": None,
        "hint": None,
    }


def _broken(broken: Broken) -> PluginShape:
    return {**_plain(broken.name), "state": "broken", "reason": broken.reason, "hint": broken.hint}


def _idle(name: str) -> PluginShape:
    return {**_plain(name), "hint": f"add {name} to plugins.enabled to use it"}


def _plain(name: str) -> PluginShape:
    return {
        "name": name,
        "state": "not enabled",
        "package": None,
        "version": None,
        "place": None,
        "channels": [],
        "template_filters": [],
        "commands": [],
        "resolves_recipients": False,
        "reason": None,
        "hint": None,
    }


def _channel(kind: str, plugins: Plugins) -> ChannelShape:
    channel = channel_class(kind, plugins) or Channel
    return {
        "type": kind,
        "about": (channel.__doc__ or "").strip().partition("\n")[0],
        "api": channel.api,
        "needs_address": channel.needs_address,
        "max_title": channel.max_title,
        "max_text": channel.max_text,
        "timeout_seconds": channel.seconds,
        "tries": channel.tries,
        "options": [_option(option) for option in (*channel.options, *COMMON)],
    }


def _option(option: Option) -> OptionShape:
    default = list(option.default) if isinstance(option.default, tuple) else option.default
    return {
        "name": option.name,
        "type": option.type,
        "about": option.about,
        "default": default,
        "required": option.required,
    }
