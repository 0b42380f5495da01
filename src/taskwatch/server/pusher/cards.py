"""The cards of users who join presence channels or sign in, kept for a moment.

When a server restarts, every page of every user joins anew at once; the database is asked once per user.
"""

from weakref import WeakKeyDictionary

from taskwatch.actions.card import Card, card
from taskwatch.services.database import Database

LIFE_MS = 5_000
MOST = 10_000

_kept: WeakKeyDictionary[Database, dict[int, tuple[int, Card]]] = WeakKeyDictionary()


async def card_of(database: Database, user_id: int, now: int) -> Card:
    """A user's card, up to five seconds old (`now` in ms UTC).

    Raises:
        NotFound: there is no such user.
    """
    kept = _kept.setdefault(database, {})
    made_at, found = kept.get(user_id, (0, None))
    if found is not None and 0 <= now - made_at < LIFE_MS:
        return found
    if len(kept) >= MOST:
        kept.clear()
    made = await database.read(card, user_id)
    kept[user_id] = now, made
    return made
