"""A database with the example workflow in it."""

import tomllib
from pathlib import Path

import pytest

from taskwatch.actions import messages, people, roles, tasks, transitions, workflows
from taskwatch.actions.messages import Message
from taskwatch.actions.people import NewUser
from taskwatch.actions.tasks import NewTask
from taskwatch.model import definition

EXAMPLE = Path(__file__).parent.parent / "data" / "bc.toml"


@pytest.fixture
def path(store):
    """The file of the store."""
    return Path(store.url)


@pytest.fixture
def orders(store, clock):
    """Orders that go through the example workflow."""
    return Orders(store, clock)


class Orders:
    """Verbs that change the record at the clock's now."""

    def __init__(self, store, clock):
        self.store, self.clock = store, clock
        wanted, problems = definition.check(tomllib.loads(EXAMPLE.read_text()))
        assert problems == []
        workflows.define(store, wanted, clock.change())

    def start(self, subject="114"):
        """Start an order's workflow."""
        return workflows.start(self.store, "bc", "Order", subject, self.clock.change())

    def move(self, verb, *refs, **circumstances):
        """Move tasks on."""
        return transitions.transition(self.store, verb, list(refs), self.clock.change(**circumstances))

    def add(self, code, **fields):
        """Add a task outside of any workflow."""
        return tasks.add(self.store, [NewTask(code, **fields)], self.clock.change())

    def user(self, name, *granted, admin=False):
        """Add a user with roles; its id."""
        user_id = people.add(self.store, NewUser(name, admin=admin), self.clock.change())["id"]
        for role in granted:
            roles.grant(self.store, role, [user_id], self.clock.change())
        return user_id

    def say(self, count=1, topic="news"):
        """Write so many messages to a topic; the seq of the last."""
        wanted = [Message(f"n{number}", (topic,), (topic,), f'"{number}"') for number in range(count)]
        return messages.publish(self.store, wanted, self.clock.now)[-1]
