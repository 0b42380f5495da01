"""Telling admins of a critical message that did not arrive: in their inbox alone, so that it cannot loop."""

from taskwatch.actions.inbox import announce
from taskwatch.model import event
from taskwatch.store import Tx

TITLE = "A critical message did not arrive"


def tell_admins(tx: Tx, delivery_id: int, why: str, now: int) -> None:
    """An entry for every admin, once, if the dead delivery was of a critical message."""
    text = f"Delivery {delivery_id} failed for good: {why}. See: taskwatch notify dead show {delivery_id}"
    made = tx.all(tuple, "deliveries.tell_admins", id=delivery_id, title=TITLE, text=text, now=now)
    announce(tx, event.NOTIFICATION_CREATED, {user_id: [entry] for user_id, entry in made}, now)
