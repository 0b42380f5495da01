"""How far the event log is complete, told without holding a writer up.

An event's number is given out before its transaction commits. So what is visible up to a number is complete
as soon as everybody has ended who held the fence when that number was seen: who came later took higher ones.
To wait for the fence itself would keep new writers out, and find no gap among slow ones that overlap.
"""

from typing import NamedTuple

from taskwatch import clock
from taskwatch.errors import Unavailable
from taskwatch.store.postgres.connection import Connection
from taskwatch.store.postgres.questions import question

SHORTLY = 0.05  # seconds that a reader who knows something waits for more
MOST_SEEN = 64


class _Sight(NamedTuple):
    """The last number that was visible, and who was writing then."""

    last: int
    writers: frozenset[str]


class Horizon:
    """What one connection knows about it."""

    def __init__(self) -> None:
        self._known = 0
        self._seen: list[_Sight] = []

    def look(self, connection: Connection, patience: float) -> int:
        """The seq up to which the log is complete: all that is visible, unless a writer does not end soon.

        Raises:
            Unavailable: nothing is known yet, and a writer did not end within `patience` seconds; or this is
                a replica, which does not know who writes.
        """
        if connection.info.parameter_status("in_hot_standby") == "on":
            raise Unavailable(
                "a replica cannot tell how far the event log is complete", hint="name the primary server"
            )
        pause, deadline = 0.001, clock.monotonic() + (SHORTLY if self._known else patience)
        wanted = self._advance(connection)
        while self._known < wanted and clock.monotonic() < deadline:
            clock.sleep(pause)
            pause = min(2 * pause, 0.02)
            self._advance(connection)
        if wanted and not self._known:
            raise Unavailable("another change does not end", hint="try again; see: taskwatch doctor")
        return self._known

    def _advance(self, connection: Connection) -> int:
        """Look once; the last number that is visible."""
        row = connection.execute(question("events.writers"), {"known": self._known}).fetchone()
        last, writers = row or (0, None)
        if last < self._known:  # another log stands here now
            self._known, self._seen = 0, []
        elif writers is not None:
            self._note(_Sight(last, frozenset(writers)))
        return int(last)

    def _note(self, sight: _Sight) -> None:
        if len(self._seen) < MOST_SEEN and not (self._seen and self._seen[-1].last == sight.last):
            self._seen.append(sight)
        while self._seen and not self._seen[0].writers & sight.writers:
            self._known = self._seen.pop(0).last
