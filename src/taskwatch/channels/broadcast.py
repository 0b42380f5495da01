"""The person's own live topic: the log carries a new notification to every client that follows it.

The event is written with the inbox row, in one transaction, and live clients resume by its number:
a push that is lost loses nothing, and there is nothing left to send.
"""

from taskwatch.plugin import Channel, Message, Outcome, ok


class Broadcast(Channel):
    """Live clients of the person, over SSE, WebSocket and as Echo's `.notification()`."""

    name = "broadcast"
    needs_address = False
    seconds = 1.0
    tries = 1

    async def send(self, message: Message) -> Outcome:
        """It is in the log already."""
        del message
        return ok(detail="in the log")
