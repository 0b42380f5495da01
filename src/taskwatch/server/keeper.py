"""The keeper: who comes with which secret, remembered for a moment.

What it remembers it forgets as soon as the event log tells of a change of tokens, roles or users.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from taskwatch.actions import entry, tokens
from taskwatch.errors import TaskwatchError
from taskwatch.model import event
from taskwatch.model.access import OWNER, Identity
from taskwatch.server.brake import Brake

if TYPE_CHECKING:
    from taskwatch.server.settings import Settings
    from taskwatch.services.database import Database
    from taskwatch.services.fact import Fact

MOST = 4_096
MEMORY_MS = 60_000
FAMILIES = ("token.", "session.", "role.", "user.")


class Keeper:
    """One per worker; `now` tells the time in ms UTC. A reload of the configuration swaps `settings`."""

    def __init__(self, database: "Database", now: Callable[[], int], settings: "Settings") -> None:
        self.settings = settings
        self.brake = Brake()
        self._database = database
        self._now = now
        self._memory: dict[str, _Known] = {}
        self._generation = 0
        self._is_open: bool | None = None
        self._used: dict[int, int] = {}
        self._noting: asyncio.Task[None] | None = None

    @property
    def owner(self) -> Identity:
        """Who sits at a machine where no token was ever made: may do all, as the configured user."""
        return OWNER._replace(user_id=self.settings.acting_user)

    @property
    def generation(self) -> int:
        """How many times rights have changed: who was judged under another one may be judged wrongly now."""
        return self._generation

    async def is_open(self) -> bool:
        """Whether no token was ever made."""
        if self._is_open is None:
            generation = self._generation
            found = not await self._database.read(tokens.any_tokens)
            if generation != self._generation:
                return await self.is_open()
            self._is_open = found
        return self._is_open

    async def identify(self, secret: str) -> Identity | None:
        """Who comes with the secret of a token or a session; None if nobody does."""
        key, now = entry.digest(secret), self._now()
        known = self._memory.get(key)
        if known is None or not known.since <= now < known.until:
            known = await self._look_up(key, secret, now)
        return known and known.identity

    async def redeem(self, ticket: str) -> Identity | None:
        """Who comes with a ticket, which is worth nothing after that."""
        identity = await self._database.write(entry.redeem_ticket, ticket, self._now())
        return self.owner if identity == OWNER else identity

    def learn(self, facts: "Sequence[Fact]") -> None:
        """Hear what is new in the log."""
        for fact in facts:
            if fact.kind.startswith(FAMILIES):
                self._forget()
                if fact.kind == event.TOKEN_CREATED:
                    self._is_open = False

    def learn_anew(self) -> None:
        """Anything may have changed."""
        self._forget()
        self._is_open = None

    def _forget(self) -> None:
        self._memory.clear()
        self._generation += 1

    async def _look_up(self, key: str, secret: str, now: int) -> "_Known | None":
        generation = self._generation
        identity = await self._database.read(entry.authenticate, secret, now)
        if generation != self._generation:  # something changed meanwhile: what was read may be of before
            return await self._look_up(key, secret, now)
        if identity is None:
            self._memory.pop(key, None)
            return None
        self._note_use(identity, now)
        return self._remember(key, identity, now)

    def _remember(self, key: str, identity: Identity, now: int) -> "_Known":
        until = now + MEMORY_MS if identity.expires_at is None else min(now + MEMORY_MS, identity.expires_at)
        known = _Known(identity, now, until)
        self._memory.pop(key, None)
        if len(self._memory) >= MOST:
            del self._memory[next(iter(self._memory))]
        self._memory[key] = known
        return known

    def _note_use(self, identity: Identity, now: int) -> None:
        """Written in the background, all that came together at once: nobody waits for it."""
        if identity.credential is not None:
            self._used[identity.credential] = now
        if self._used and (self._noting is None or self._noting.done()):
            self._noting = asyncio.get_running_loop().create_task(self._write_uses())

    async def _write_uses(self) -> None:
        while self._used:
            used, self._used = self._used, {}
            # Only a note: a database that is busy or closing is no reason to fail.
            with suppress(TaskwatchError, RuntimeError):
                await self._database.write(entry.touch, used)


class _Known(NamedTuple):
    """Who a secret belongs to, and between which instants (ms UTC) that need not be asked again."""

    identity: Identity
    since: int
    until: int
