"""A trial: a real message to one person on one channel, kept in the log, tried once, counted nowhere."""

from typing import NamedTuple
from uuid import uuid4

from taskwatch.actions import contacts, lookup
from taskwatch.actions.deliveries import Claimed
from taskwatch.errors import NotFound
from taskwatch.plugin import Message, Recipient
from taskwatch.store import Store, Tx

TITLE = "[TEST] taskwatch reaches you here"
TEXT = "This is a test. If you can read it, this channel works, and there is nothing to do."


class Trial(NamedTuple):
    """What to try: a channel, for whom, and where; an empty address is where they are usually reached."""

    channel: str
    user_id: int
    address: str = ""
    needs_address: bool = True
    url: str = ""


def begin(store: Store, trial: Trial, now: int, lease_ms: int) -> Claimed:
    """Put a test into the log, leased to the caller, who sends it and records how that ended.

    Raises:
        NotFound: there is no such user, or they have no address on that channel.
    """
    worker, uid = f"test-{uuid4().hex}", str(uuid4())
    with store.write() as tx:
        user = lookup.user(tx, trial.user_id)
        address = trial.address or _address(tx, user, trial)
        words = {"title": TITLE, "text": TEXT, "url": trial.url}
        notification_id = tx.value(
            "deliveries.add_notification", key=f"test:{uid}", user_id=user.id, now=now, **words
        )
        row = {"uid": uid, "notification_id": notification_id, "user_id": user.id, "channel": trial.channel}
        row |= {"address": address, "worker": worker, "now": now, "lease_until": now + lease_ms}
        delivery_id = tx.value("deliveries.add_leased", **row)
        tx.run("deliveries.begin_attempt", id=delivery_id, attempt=1, worker=worker, begun_at=now)
    until = now + lease_ms
    message = Message(
        id=uid,
        recipient=Recipient(user.id, user.name, user.timezone),
        address=address,
        title=TITLE,
        text=TEXT,
        url=trial.url,
        kind="test",
        reason="test",
        level=None,
        data={},
        event={},
        occurred_at=now,
        deadline=until,
        thread=uid,
        is_test=True,
    )
    return Claimed(delivery_id, trial.channel, worker, 1, now, until, message)


def _address(tx: Tx, user: lookup.User, trial: Trial) -> str:
    if not trial.needs_address:
        return ""
    known = contacts.addresses(tx, user, trial.channel)
    if not known:
        raise NotFound(
            f"user {user.id} has no working address for {trial.channel}",
            hint=f"run: taskwatch user contact add {user.id} {trial.channel} ADDRESS, or say --address",
        )
    return known[0]
