"""How messages are planned here: the rules, the channels there are, and how much is enough for a person."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, tzinfo
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from taskwatch.config import Config
from taskwatch.model.calm import SILENT, Limits
from taskwatch.model.routing import DEFAULT_RULES, Rule, is_foreign

if TYPE_CHECKING:
    from taskwatch.plugin import Channel
    from taskwatch.plugin.loading import Plugins

# From a selector that only a plugin knows, and an instant (ms), to the ids of users.
Resolve = Callable[[str, int], Sequence[int]]


def nobody(_selector: str, _at: int) -> Sequence[int]:
    """Where no plugin knows any people."""
    return ()


class Planner(NamedTuple):
    """`channels` says of each whether a person needs an address there; `zone` is for those without one.

    `public_url` begins every link. `templates` is a folder of own templates, `filters` are those of plugins.
    """

    rules: tuple[Rule, ...] = DEFAULT_RULES
    channels: Mapping[str, bool] = MappingProxyType(dict.fromkeys(SILENT, False))
    public_url: str = "http://localhost:8000"
    limits: Limits = Limits()
    zone: tzinfo = UTC
    templates: str | None = None
    filters: Mapping[str, Callable[..., Any]] = MappingProxyType({})
    resolve: Resolve = nobody


def planner(config: Config, plugins: "Plugins", *, public_url: str | None = None) -> Planner:
    """The planner that a configuration wishes for, with what plugins bring.

    Raises:
        InvalidConfig: a rule or a channel is wrong.
    """
    from taskwatch.config.rules import rules

    return Planner(
        rules=rules(config),
        channels=_channels(config, plugins),
        public_url=public_url or _public_url(config),
        limits=Limits(config.number("notify.daily_cap"), 60 * config.number("notify.group_minutes")),
        zone=_zone(config),
        templates=config.text("notify.templates") or None,
        filters=plugins.filters,
        resolve=plugins.recipients,
    )


def asked(planner: Planner, now: int) -> Planner:
    """The same planner, with plugins asked at `now` (ms) for everybody they know, so that no lock waits."""
    selectors = {selector for rule in planner.rules for selector in rule.to if is_foreign(selector)}
    known = {selector: planner.resolve(selector, now) for selector in selectors}
    return planner._replace(resolve=lambda selector, _at: known[selector])


def _channels(config: Config, plugins: "Plugins") -> dict[str, bool]:
    from taskwatch.config.channels import channels
    from taskwatch.plugin.loading import channel_class

    return {
        each.name: _needs_address(kind, each.options)
        for each in channels(config)
        if (kind := channel_class(each.type, plugins))
    }


def _needs_address(kind: "type[Channel]", options: Mapping[str, Any]) -> bool:
    """A channel with an option `url` reaches everybody there if it is set, else each at their own."""
    has_place = any(option.name == "url" for option in kind.options)
    return kind.needs_address or (has_place and not options.get("url"))


def _public_url(config: Config) -> str:
    from taskwatch.config.net import parse_url

    if address := config.text("server.public_url"):
        return parse_url(address)
    return f"http://localhost:{config.number('server.port')}"


def _zone(config: Config) -> tzinfo:
    from datetime import datetime

    from taskwatch.model.times import parse_zone

    if name := config.text("timezone"):
        return parse_zone(name)
    return datetime.now(UTC).astimezone().tzinfo or UTC
