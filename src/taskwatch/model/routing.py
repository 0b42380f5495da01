"""Who is told of what, and on which channels: ordered rules make wishes, and leave a trace of how.

A rule fits when every list it has fits; an empty list is any. All rules that fit count, until one says
`stop`. One person is wished for once per channel, however many rules and roles lead there.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from taskwatch.model.event import BECAME_READY, SLA_EXCEEDED
from taskwatch.model.notice import RESOLVED

ASSIGNED, ROLES, ADMINS = "assigned", "roles", "admins"
KINDS = (BECAME_READY, SLA_EXCEEDED, RESOLVED)

# From a selector such as `admins`, `user:5` or `role:dispatcher` to the ids of users.
People = Callable[[str], Sequence[int]]


class Rule(NamedTuple):
    """A rule. `to` are selectors: assigned, roles (those assigned), admins, `user:5`, `role:x` or a plugin's.

    `roles` asks for a task that is assigned to one of them. What is `mandatory` no preference declines.
    """

    name: str
    to: tuple[str, ...]
    channels: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    workflow_types: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    mandatory: bool = False
    stop: bool = False


DEFAULT_RULES = (
    Rule("ready", (ASSIGNED, ROLES), ("database", "broadcast"), (BECAME_READY,)),
    Rule("overdue", (ASSIGNED, ROLES, ADMINS), ("database", "broadcast", "mail"), (SLA_EXCEEDED,)),
)


class Subject(NamedTuple):
    """What there is to tell: `users` and `roles` are whom the task is assigned to."""

    kind: str
    workflow_type: str | None = None
    level: str | None = None
    users: tuple[int, ...] = ()
    roles: tuple[str, ...] = ()


class Step(NamedTuple):
    """A step of a decision: what was looked at, whether the message went on after it, and why."""

    about: str
    passed: bool
    sentence: str


class Wish(NamedTuple):
    """A person to be told on a channel. `rule` is the first that says so, `ways` what selectors led there."""

    user_id: int
    channel: str
    rule: str
    ways: tuple[str, ...]
    mandatory: bool


class Routed(NamedTuple):
    """Everybody to be told, in the order of the rules, and what was made of each rule."""

    wishes: tuple[Wish, ...]
    steps: tuple[Step, ...]


def route(rules: Sequence[Rule], subject: Subject, people: People) -> Routed:
    """The wishes of all rules that fit."""
    wishes: dict[tuple[int, str], Wish] = {}
    steps: list[Step] = []
    for place, rule in enumerate(rules):
        against = _objection(rule, subject)
        steps.append(Step(f"rule {rule.name}", against is None, against or _wanted(rule)))
        if against is None:
            _add(wishes, rule, subject, people)
        if against is None and rule.stop:
            steps += [Step(f"rule {later.name}", False, _stopped(rule)) for later in rules[place + 1 :]]
            break
    return Routed(tuple(wishes.values()), tuple(steps))


def kinds_of(rules: Sequence[Rule]) -> frozenset[str]:
    """The kinds that any of the rules tells somebody of."""
    return frozenset(kind for rule in rules for kind in rule.kinds or KINDS)


def is_foreign(selector: str) -> bool:
    """Whether only a plugin knows whom a selector means."""
    return selector not in (ASSIGNED, ROLES, ADMINS) and not selector.startswith(("user:", "role:"))


def _add(wishes: dict[tuple[int, str], Wish], rule: Rule, subject: Subject, people: People) -> None:
    for way, user_id in _reached(rule, subject, people):
        for channel in rule.channels:
            known = wishes.get((user_id, channel))
            wishes[user_id, channel] = (
                Wish(user_id, channel, rule.name, (way,), rule.mandatory)
                if known is None
                else known._replace(
                    ways=tuple(dict.fromkeys((*known.ways, way))), mandatory=known.mandatory or rule.mandatory
                )
            )


def _reached(rule: Rule, subject: Subject, people: People) -> Iterator[tuple[str, int]]:
    for selector in rule.to:
        for way in _ways(selector, subject):
            yield from ((way, user_id) for user_id in people(way))


def _ways(selector: str, subject: Subject) -> list[str]:
    """`assigned` and `roles` stand for whom the task is assigned to."""
    if selector == ASSIGNED:
        return [f"user:{user_id}" for user_id in subject.users]
    return [f"role:{role}" for role in subject.roles] if selector == ROLES else [selector]


def _objection(rule: Rule, subject: Subject) -> str | None:
    """Why a rule does not fit, in a sentence; None if it does."""
    for asked, value, noun in (
        (rule.kinds, subject.kind, "kind"),
        (rule.workflow_types, subject.workflow_type, "workflow type"),
        (rule.levels, subject.level, "level"),
    ):
        if asked and value not in asked:
            return f"it is for the {noun} {_either(asked)}, and this is {value or 'none'}"
    if rule.roles and not set(rule.roles) & set(subject.roles):
        return f"it is for tasks assigned to the role {_either(rule.roles)}"
    return None


def _wanted(rule: Rule) -> str:
    return f"it fits: {', '.join(rule.to)} by {', '.join(rule.channels)}"


def _stopped(by: Rule) -> str:
    return f"not asked, since rule {by.name} fits and says stop"


def _either(words: Sequence[str]) -> str:
    return " or ".join(words)
