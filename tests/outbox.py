"""Deliveries put straight into the queue, and senders that do what a test says."""

import asyncio
import json
from collections import Counter

from taskwatch.plugin import Channel, ok

DAY = 86_400_000


def user(store, clock, user_id=1, *, admin=False):
    """A person, unless there is one of that id."""
    store.connection.execute(
        "INSERT INTO users (id, name, admin, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (user_id, f"user{user_id}", int(admin), clock.now),
    )
    return user_id


def put(store, clock, count=1, *, channel="mail", user_id=1, kind="note", task=None, **fields):
    """So many deliveries that are due now; their ids."""
    user(store, clock, user_id)
    connection, made = store.connection, []
    connection.execute("BEGIN IMMEDIATE")
    for _ in range(count):
        number = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM deliveries").fetchone()[0]
        notice = {
            "key": f"k{number}", "kind": kind, "reason": "first", "level": fields.get("level"),
            "user_id": user_id, "title": f"title {number}", "text": f"text {number}", "url": "http://t",
            "data": json.dumps({"number": number}), "event": "{}", "in_inbox": 1,
            "occurred_at": clock.now, "created_at": clock.now, "task_id": task and task.id,
            "cycle": task and task.cycle, "event_seq": fields.get("event_seq"),
        }  # fmt: skip
        notification_id = insert(connection, "notifications", notice)
        delivery = {
            "uid": f"d-{number}", "notification_id": notification_id, "user_id": user_id,
            "task_id": task and task.id, "channel": channel, "state": "pending",
            "address": fields.get("address", "u@example.org"),
            "attempt": 0, "crashes": 0, "created_at": clock.now,
            "due_at": clock.now + fields.get("due_in", 0),
            "expires_at": clock.now + fields.get("expires_in", DAY),
        }  # fmt: skip
        made.append(insert(connection, "deliveries", delivery))
    connection.execute("COMMIT")
    return made


def insert(connection, table, row):
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    return connection.execute(
        f"INSERT INTO {table} ({names}) VALUES ({marks}) RETURNING id", [*row.values()]
    ).fetchone()[0]


def states(store):
    """How many deliveries are in each state."""
    return dict(store.connection.execute("SELECT state, count(*) FROM deliveries GROUP BY state"))


def column(store, name, delivery_id):
    return store.connection.execute(f"SELECT {name} FROM deliveries WHERE id = ?", (delivery_id,)).fetchone()[
        0
    ]


class Patient(Channel):
    """A channel that tries three times."""

    name = "patient"
    tries = 3
    first_pause = 10.0


class Spy:
    """A sender that answers as told, and notes what it was given."""

    channel = Patient
    seconds = 5.0

    def __init__(self, *answers, room=16, pause=0.0):
        self.answers = list(answers)
        self.room = room
        self.pause = pause
        self.sent = []
        self.under_way = self.most = 0

    async def send(self, message):
        self.sent.append(message)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await asyncio.sleep(self.pause)
        finally:
            self.under_way -= 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0] if self.answers else ok()
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def has_sent(self, count=1):
        """Wait until so many were begun."""
        async with asyncio.timeout(20):
            while len(self.sent) < count:  # noqa: ASYNC110  a list has no bell
                await asyncio.sleep(0.002)

    @property
    def ids(self):
        return Counter(message.id for message in self.sent)
