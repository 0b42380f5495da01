"""Whether people can be reached: what the doctor looks for in plugins, channels and addresses."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from taskwatch.actions import contacts
from taskwatch.actions.contacts import Contact
from taskwatch.actions.lookup import User
from taskwatch.actions.resting import resting as resting_now
from taskwatch.config import Config
from taskwatch.errors import InvalidConfig
from taskwatch.store import Finding, Store, Tx

if TYPE_CHECKING:
    from taskwatch.config.channels import ChannelConfig
    from taskwatch.model.routing import Rule
    from taskwatch.plugin.loading import Plugins

NAMED = 3


class Way(NamedTuple):
    """A channel that leads out of the house, and whether a person needs an address for it."""

    name: str
    needs_address: bool


class Wished(NamedTuple):
    """What a configuration wishes for, and what is wrong with that; `to` are the selectors of its rules."""

    findings: tuple[Finding, ...] = ()
    ways: tuple[Way, ...] = ()
    to: tuple[str, ...] = ()


def wished(config: Config, environ: Mapping[str, str]) -> Wished:
    """Load the plugins, set up the channels and read the rules that a configuration names."""
    from taskwatch.config.channels import ALWAYS, channels
    from taskwatch.config.plugins import enabled_plugins, plugin_folder
    from taskwatch.config.rules import rules
    from taskwatch.plugin.loading import load

    plugins = load(enabled_plugins(config), plugin_folder(config, environ))
    found = [_judge_plugins(plugins)]
    try:
        ways = [way for each in channels(config) for way in _way(each, plugins)]
        found.append(_judge_channels(ways))
        asked = rules(config)
        found.append(_judge_rules(asked, {*ALWAYS, *(way.name for way in ways)}))
    except InvalidConfig as error:
        return Wished((*found, Finding("channels", "fail", error.message, error.hint)))
    return Wished(tuple(found), tuple(ways), tuple(dict.fromkeys(to for rule in asked for to in rule.to)))


def judge_selectors(store: Store, selectors: Sequence[str]) -> Finding:
    """Whether there is anybody behind the roles and users that rules name."""
    with store.read() as tx:
        known = {f"user:{user.id}" for user in tx.all(User, "people.users")}
        known |= {f"role:{role}" for role, _ in tx.all(tuple, "people.memberships")}
    idle = [each for each in selectors if each.startswith(("user:", "role:")) and each not in known]
    if not idle:
        return Finding("recipients", "ok", "there is somebody behind every role and user that rules name")
    message = f"rules name nobody: {some(idle)}"
    return Finding("recipients", "warn", message, "grant the role, or mend notify.rule")


def judge_people(store: Store, ways: Sequence[Way]) -> Finding:
    """Who has no address on any channel, and so hears of nothing outside of the inbox."""
    if not ways or not all(way.needs_address for way in ways):
        return Finding("people", "ok", "nobody needs an address to be reached")
    with store.read() as tx:
        unreached = [user.name for user in tx.all(User, "people.users") if not _is_reached(tx, user, ways)]
    if not unreached:
        return Finding("people", "ok", f"everybody has an address on {' or '.join(way.name for way in ways)}")
    message = f"no channel reaches {some(unreached)}"
    return Finding("people", "warn", message, f"run: taskwatch user contact add USER {ways[0].name} ADDRESS")


def judge_addresses(store: Store, now: int) -> Finding:
    """The addresses that receivers refused for good."""
    del now
    with store.read() as tx:
        failing = tx.all(Contact, "contacts.failing")
    if not failing:
        return Finding("addresses", "ok", "no address was refused")
    spelled = [f"user {each.user_id} on {each.channel}: {each.detail or each.state}" for each in failing]
    fix = f"run: taskwatch user contact add {failing[0].user_id} {failing[0].channel} ADDRESS"
    return Finding("addresses", "warn", f"addresses do not work: {some(spelled)}", fix)


def judge_deliveries(store: Store, now: int) -> Finding:
    """The channels that rest after failures, and the messages that were given up."""
    resting = [each for each in resting_now(store, now) if each["state"] != "working"]
    if resting:
        spelled = [f"{each['channel']}: {each['reason'] or 'it failed too often'}" for each in resting]
        fix = f"run: taskwatch notify probe {resting[0]['channel']}"
        return Finding("deliveries", "warn", f"channels rest after failures: {some(spelled)}", fix)
    with store.read() as tx:
        dead = tx.value("deliveries.given_up")
    if dead:
        return Finding(
            "deliveries", "warn", f"{dead} messages were given up", "run: taskwatch notify dead list"
        )
    return Finding("deliveries", "ok", "no channel rests, and no message was given up")


def some(things: list[str]) -> str:
    """The first few of many things in words."""
    more = f" and {len(things) - NAMED} more" if len(things) > NAMED else ""
    return "; ".join(things[:NAMED]) + more


def _judge_plugins(plugins: "Plugins") -> Finding:
    if plugins.broken:
        spelled = [f"{each.name}: {each.reason}" for each in plugins.broken]
        return Finding("plugins", "fail", f"plugins are broken: {some(spelled)}", plugins.broken[0].hint)
    return Finding("plugins", "ok", ", ".join(each.name for each in plugins.loaded) or "none is enabled")


def _judge_channels(ways: Sequence[Way]) -> Finding:
    names = ", ".join(way.name for way in ways)
    return Finding("channels", "ok", names or "none; people are told in their inbox alone")


def _judge_rules(rules: "Sequence[Rule]", known: set[str]) -> Finding:
    """The usual rules may name mail where there is none; who writes rules means what they say."""
    from taskwatch.model.routing import DEFAULT_RULES

    if tuple(rules) == DEFAULT_RULES:
        return Finding("rules", "ok", "the usual ones")
    strange = sorted({name for rule in rules for name in rule.channels} - known)
    if not strange:
        return Finding("rules", "ok", ", ".join(rule.name for rule in rules))
    message = f"rules name channels that there are not: {some(strange)}"
    return Finding("rules", "warn", message, f"add [channel.{strange[0]}], or mend notify.rule")


def _way(config: "ChannelConfig", plugins: "Plugins") -> Iterator[Way]:
    """The way a channel leads; InvalidConfig if it cannot be set up."""
    from taskwatch.config.channels import ALWAYS
    from taskwatch.plugin import Services
    from taskwatch.plugin.setup import open_channels

    (sender,) = open_channels([config], plugins, Services("http://localhost")).values()
    if config.type not in ALWAYS:
        yield Way(config.name, sender.channel.needs_address)


def _is_reached(tx: Tx, user: User, ways: Sequence[Way]) -> bool:
    return any(contacts.addresses(tx, user, way.name) for way in ways)
