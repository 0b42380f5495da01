"""A database with tasks in it, and the parts of the daemon that stand on it."""

import pytest

from taskwatch.actions import messages
from taskwatch.actions.messages import Message


@pytest.fixture
def say(store, clock):
    """Write so many messages to a topic; the seq of the last."""

    def say(count, topic="news"):
        wanted = [Message(f"n{number}", (topic,), (topic,), "{}") for number in range(count)]
        return messages.publish(store, wanted, clock.now)[-1]

    return say
