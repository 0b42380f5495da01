"""Who must show again what they may see: said by the facts that take rights away."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from taskwatch.model import event
from taskwatch.model.access import Identity
from taskwatch.services.fact import Fact

_OF_USERS = frozenset({event.ROLE_REVOKED, event.USER_UPDATED, event.USER_REMOVED})
_OF_TOKENS = frozenset({event.TOKEN_REVOKED, event.SESSION_CLOSED})


class Revocation(NamedTuple):
    """Credentials and users whose rights may be fewer now; single-user mode is the credential None."""

    credentials: frozenset[int | None] = frozenset()
    users: frozenset[str] = frozenset()

    def concerns(self, user_id: object, credential: int | None) -> bool:
        """Whether somebody who came in so is meant."""
        return credential in self.credentials or str(user_id) in self.users

    def concerns_identity(self, identity: Identity) -> bool:
        """Whether an identity is meant."""
        return self.concerns(identity.user_id, identity.credential)


def read(facts: Sequence[Fact]) -> Revocation | None:
    """What a batch of facts takes away; None for most."""
    credentials: set[int | None] = set()
    users: set[str] = set()
    for fact in facts:
        if fact.kind in _OF_USERS:
            users.add(str(json.loads(fact.payload)["user_id"]))
        elif fact.kind in _OF_TOKENS:
            credentials.add(json.loads(fact.payload)["token_id"])
        elif fact.kind == event.TOKEN_CREATED:
            credentials.add(None)
    return Revocation(frozenset(credentials), frozenset(users)) if credentials or users else None
