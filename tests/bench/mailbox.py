"""What the benchmarks of delivery share: messages that wait in bulk, and channels that do nothing or fail."""

import asyncio

from taskwatch import clock
from taskwatch.plugin import Channel, Message, Outcome, ok, retry
from taskwatch.store import Store

USER = "INSERT INTO users (id, name, admin, created_at) VALUES (1, 'dana', 0, 0) ON CONFLICT DO NOTHING"
MESSAGES = """
WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < :count)
INSERT INTO notifications (key, kind, reason, user_id, title, text, url, data, event, in_inbox, occurred_at,
    created_at)
SELECT :channel || n, 'note', 'first', 1, 'A title', 'A text', 'http://localhost:8000/admin/tasks/1',
    '{"task_id":1,"task_name":"review"}', '{"task_id":1,"task_name":"review"}', 1, :now, :now FROM number
"""
DELIVERIES = """
INSERT INTO deliveries (uid, notification_id, user_id, channel, address, state, due_at, expires_at, attempt,
    crashes, created_at)
SELECT key, id, 1, :channel, 'dana@example.org', 'pending', :now, :now + 86400000, 0, 0, :now
FROM notifications WHERE key GLOB :channel || '*'
"""


def fill(store: Store, count: int, channel: str) -> None:
    """So many messages that are due on a channel."""
    values = {"count": count, "channel": channel, "now": clock.now()}
    connection = store.connection
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(USER)
    connection.execute(MESSAGES, values)
    connection.execute(DELIVERIES, values)
    connection.execute("COMMIT")


class Instant:
    """A channel that takes everything over at once."""

    channel = Channel
    room = 16
    seconds = 10.0

    def __init__(self) -> None:
        self.sent = 0

    async def send(self, message: Message) -> Outcome:
        """Take it over."""
        del message
        self.sent += 1
        return ok()


class Healthy(Instant):
    """A channel that takes a few milliseconds, as a server nearby does."""

    room = 4

    async def send(self, message: Message) -> Outcome:
        """Take it over after a moment."""
        await asyncio.sleep(0.002)
        return await super().send(message)


class Dead(Instant):
    """A channel whose server does not answer: every try ends by its deadline."""

    room = 4
    seconds = 0.05

    async def send(self, message: Message) -> Outcome:
        """Wait in vain."""
        del message
        self.sent += 1
        await asyncio.sleep(self.seconds)
        return retry("no answer")
