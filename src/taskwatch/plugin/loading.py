"""Load the plugins that the configuration names, each alone: a broken one is told of and hurts no other."""

import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from typing import Any, NamedTuple

from taskwatch.plugin import hooks
from taskwatch.plugin.channel import Channel
from taskwatch.plugin.finding import Found, find
from taskwatch.plugin.judging import NAME, Unfit, judge_channel, spell

BUILT_IN = {
    "database": "taskwatch.channels.database:Database",
    "broadcast": "taskwatch.channels.broadcast:Broadcast",
    "mail": "taskwatch.channels.mail:Mail",
    "webhook": "taskwatch.channels.webhook:Webhook",
    "exec": "taskwatch.channels.exec:Exec",
}

Filter = Callable[..., Any]
Resolver = Callable[[str, int], Sequence[int]]


class Broken(NamedTuple):
    """A plugin that was named but cannot be used: why, and the next step."""

    name: str
    reason: str
    hint: str


class Loaded(NamedTuple):
    """A plugin in use, where it comes from, and what it brings; a command is its target and its help line."""

    name: str
    found: Found
    channels: dict[str, type[Channel]]
    filters: dict[str, Filter]
    commands: dict[str, tuple[str, str]]
    resolver: Resolver | None


class Plugins(NamedTuple):
    """All that plugins bring: channel classes by type, template filters by name, and who is broken."""

    channels: dict[str, type[Channel]]
    filters: dict[str, Filter]
    broken: list[Broken]
    loaded: list[Loaded]

    def recipients(self, selector: str, at: int) -> list[int]:
        """The ids of the users whom a selector means to the plugins at an instant in ms UTC.

        What fails in one plugin is passed over, with a warning in the log.
        """
        return sorted({user for plugin in self.loaded for user in _resolved(plugin, selector, at)})


def load(named: Sequence[str], folder: str = "", *, apart: bool = False) -> Plugins:
    """Load plugins by their names, which are those of entry points or of files in `folder`.

    It never raises for what a plugin does: read `broken`. With `apart` each is first tried in a process of
    its own, so that one which hangs or kills its process there does not do so here; that takes a while.
    """
    plugins = Plugins({}, {}, [], [])
    for name in dict.fromkeys(named):
        try:
            _join(plugins, _load_one(name, folder, apart=apart))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  a plugin may raise SystemExit or worse at its import
            plugins.broken.append(_broken(name, error))
    return plugins


def channel_class(kind: str, plugins: Plugins) -> type[Channel] | None:
    """The class of a type of channel, be it one of our own or a plugin's; None if there is none."""
    if kind in BUILT_IN:
        from importlib import import_module

        module, _, name = BUILT_IN[kind].partition(":")
        found: type[Channel] = getattr(import_module(module), name)
        return found
    return plugins.channels.get(kind)


def home_of(kind: str, plugins: Plugins) -> Loaded | None:
    """The plugin that brings a type of channel; None for our own."""
    return next((plugin for plugin in plugins.loaded if kind in plugin.channels), None)


def _load_one(name: str, folder: str, *, apart: bool) -> Loaded:
    import pluggy

    found = find(name, folder)
    if apart:
        _try_apart(name, folder)
    with redirect_stdout(sys.stderr):  # what it prints is no part of an answer
        manager = pluggy.PluginManager(hooks.GROUP)
        manager.add_hookspecs(hooks)
        manager.register(found.load(), name)
        manager.check_pending()
        return _gather(name, found, manager.hook)


def _try_apart(name: str, folder: str) -> None:
    from taskwatch.plugin.host import examine

    if fault := examine(name, folder):
        raise Unfit(fault)


def _gather(name: str, found: Found, hook: Any) -> Loaded:
    """What the one plugin behind `hook` registers."""
    resolvers = hook.taskwatch_resolve_recipients.get_hookimpls()
    loaded = Loaded(name, found, {}, {}, {}, resolvers[0].function if resolvers else None)
    desk = _Desk(loaded)
    hook.taskwatch_register_channels(register=desk.take_channel)
    hook.taskwatch_register_template_filters(register=desk.take_filter)
    hook.taskwatch_register_commands(register=desk.take_command)
    if not (loaded.channels or loaded.filters or loaded.commands or resolvers):
        raise Unfit("it registers nothing; is @hookimpl missing")
    return loaded


class _Desk:
    """Where a plugin registers what it brings; Unfit for what cannot be used."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded

    def take_channel(self, channel: object) -> None:
        fit = judge_channel(channel)
        _take(self._loaded.channels, fit.name, fit, "channel")

    def take_filter(self, name: str, function: Filter) -> None:
        if not name.isidentifier() or not callable(function):
            raise Unfit(f"the template filter {name!r} needs a name without blanks, and a function")
        _take(self._loaded.filters, name, function, "template filter")

    def take_command(self, name: str, target: str, about: str) -> None:
        if not NAME.fullmatch(name) or ":" not in target:
            raise Unfit(f"the command {name!r} needs a plain name, and its target as module:attribute")
        _take(self._loaded.commands, name, (target, about), "command")


def _join(plugins: Plugins, loaded: Loaded) -> None:
    """Add what a plugin brings, all of it or nothing."""
    taken = set(BUILT_IN) | set(plugins.channels)
    commands = {name for plugin in plugins.loaded for name in plugin.commands}
    for kind, names, others in (
        ("channel", loaded.channels, taken),
        ("template filter", loaded.filters, set(plugins.filters)),
        ("command", loaded.commands, commands),
    ):
        if twice := sorted(others.intersection(names)):
            raise Unfit(f"there is a {kind} {twice[0]} already")
    plugins.channels.update(loaded.channels)
    plugins.filters.update(loaded.filters)
    plugins.loaded.append(loaded)


def _take(table: dict[str, Any], name: str, thing: object, kind: str) -> None:
    if name in table:
        raise Unfit(f"it registers the {kind} {name} twice")
    table[name] = thing


def _broken(name: str, error: BaseException) -> Broken:
    if isinstance(error, Unfit):
        return Broken(name, spell(error), f"see: taskwatch plugins doctor {name}")
    return Broken(name, spell(error), f"upgrade or repair it, or take {name} out of plugins.enabled")


def _resolved(plugin: Loaded, selector: str, at: int) -> list[int]:
    if plugin.resolver is None:
        return []
    try:
        return [user for user in plugin.resolver(selector, at) or () if type(user) is int]
    except Exception:  # noqa: BLE001  whatever a plugin raises, the others are asked
        import logging

        logging.getLogger(__name__).warning("the plugin %s cannot say who %r is", plugin.name, selector)
        return []
