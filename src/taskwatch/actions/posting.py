"""Writing down messages and their deliveries, each once by its key."""

from collections.abc import Set as AbstractSet
from uuid import NAMESPACE_URL, uuid5

import msgspec

from taskwatch.actions.audience import Reader
from taskwatch.actions.deciding import Verdict
from taskwatch.actions.words import Letter, Words
from taskwatch.model.calm import DAY_MS, SILENT
from taskwatch.store import Tx


class Post:
    """Writes in one transaction, as of `now` (ms)."""

    def __init__(self, tx: Tx, words: Words, now: int) -> None:
        self._tx = tx
        self._words = words
        self._now = now

    def write(self, letter: Letter, reader: Reader, going: AbstractSet[str]) -> int | None:
        """Insert a message that goes out on some channels; its id, or None if it is there already."""
        is_sent = bool(going - SILENT)
        letter, words = self._words.full(self._tx, letter, reader) if is_sent else self._words.brief(letter)
        added: int | None = self._tx.value(
            "planning.add_notification",
            **letter._asdict() | {"data": msgspec.json.encode(letter.data).decode()},
            user_id=reader.user.id,
            title=words.title,
            text=words.text,
            html=words.html,
            url=letter.data["action_url"],
            in_inbox=int("database" in going),
            created_at=self._now,
        )
        return added

    def deliver(self, letter: Letter, notification_id: int, verdict: Verdict) -> str:
        """Insert a delivery; its state. What needs no sending is done with the row."""
        decision, wish = verdict.decision, verdict.wish
        state = "sent" if decision.state == "pending" and wish.channel in SILENT else decision.state
        due = self._now if decision.until is None else decision.until
        self._tx.run(
            "planning.add_delivery",
            uid=str(uuid5(NAMESPACE_URL, f"taskwatch:{letter.key}:{wish.channel}:{verdict.address or ''}")),
            notification_id=notification_id,
            user_id=wish.user_id,
            task_id=letter.task_id,
            channel=wish.channel,
            address=verdict.address or "",
            state=state,
            reason=decision.reason,
            rule=wish.rule,
            due_at=due,
            expires_at=due + DAY_MS,
            detail=decision.steps[-1].sentence if decision.reason else None,
            created_at=self._now,
            ended_at=None if state == "pending" else self._now,
        )
        return state
