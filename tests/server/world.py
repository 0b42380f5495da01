"""A world to be refused in: two types of workflow, two users, and everybody who may come."""

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from live import serving
from taskwatch.actions import contacts, entry, mutes, people, tokens, workflows
from taskwatch.actions.people import NewUser
from taskwatch.actions.tokens import NewToken
from taskwatch.model import definition

ELI, KIM, DANA = 2, 3, 4
HOUR_MS = 3_600_000


class Who(NamedTuple):
    """What somebody is known to be; `wide` sees every type of workflow, a limited one sees `bc` only."""

    known: bool = False
    wide: bool = False
    admin: bool = False
    user: int | None = None
    roles: frozenset[str] = frozenset()


NOBODY = Who()
ELIS = Who(known=True, wide=True, user=ELI)
EVERYBODY = {
    "no token": NOBODY,
    "junk": NOBODY,
    "an expired token": NOBODY,
    "a revoked token": NOBODY,
    "a used ticket": NOBODY,
    "eli": ELIS,
    "eli's session": ELIS,
    "eli's ticket": ELIS,
    "eli for bc only": Who(known=True, user=ELI),
    "kim, a driver": Who(known=True, wide=True, user=KIM, roles=frozenset({"driver"})),
    "a program of drivers": Who(known=True, wide=True, roles=frozenset({"driver"})),
    "dana, an admin": Who(known=True, wide=True, admin=True, user=DANA),
    "an admin's program": Who(known=True, wide=True, admin=True),
}
TOKENS = {
    "an expired token": NewToken(admin=True, life_ms=1000),
    "a revoked token": NewToken("revoked", admin=True),
    "eli": NewToken("eli", user_id=ELI),
    "eli for bc only": NewToken(user_id=ELI, workflows=("bc",)),
    "kim, a driver": NewToken("kim", user_id=KIM),
    "a program of drivers": NewToken("program", roles=("driver",)),
    "dana, an admin": NewToken(user_id=DANA),
    "an admin's program": NewToken("all", admin=True),
}


def _workflow(code, assigned):
    task = {"code": "WORK", "name": "Work", "timeout": 30, "assign": [assigned]}
    task["actions"] = {"desk": {"approve": "complete"}}
    return {"workflow": {"code": code, "name": code}, "task": [task, {"code": "REST", "name": "Rest"}]}


class World:
    """A daemon with everybody's secrets."""

    def __init__(self, daemon, store, clock, secrets):
        self.daemon, self.store, self.clock, self.secrets = daemon, store, clock, secrets

    def credentials(self, name):
        """Headers and query with which somebody comes, fresh ones each time."""
        if name == "no token":
            return {}, {}
        if name == "eli's session":
            session = entry.open_session(self.store, self.secrets["eli"], self.clock.now)
            return {"Cookie": f"taskwatch_session={session.secret}"}, {}
        if "ticket" in name:
            ticket = entry.issue_ticket(self.store, self.secrets["eli"], self.clock.now).secret
            if "used" in name:
                assert entry.redeem_ticket(self.store, ticket, self.clock.now)
            return {}, {"ticket": ticket}
        return {"Authorization": f"Bearer {self.secrets.get(name, 'tw_junk')}"}, {}


def live_in(store, clock, scene):
    """Run `scene(world)` against a daemon."""

    async def main():
        async with asyncio.timeout(60), living(store, clock) as world:
            await scene(world)

    asyncio.run(main())


@asynccontextmanager
async def living(store, clock):
    people.add(store, NewUser("eli", id=ELI), clock.change())
    people.add(store, NewUser("kim", id=KIM, roles=("driver",)), clock.change())
    people.add(store, NewUser("dana", id=DANA, admin=True), clock.change())
    for code, assigned, subject in (("bc", f"user:{ELI}", "114"), ("hr", "role:driver", "7")):
        kept, problems = definition.check(_workflow(code, assigned))
        assert not problems
        workflows.define(store, kept, clock.change())
        workflows.start(store, code, "Order", subject, clock.change())
    mutes.add(store, "role", "driver", clock.now + 24 * HOUR_MS, clock.change())
    for user_id in (ELI, KIM):
        contacts.add(store, user_id, "webhook", "https://example.org/", clock.change())
    secrets = {name: tokens.create(store, each, clock.change())["secret"] for name, each in TOKENS.items()}
    tokens.revoke(store, "revoked", clock.change())
    clock.now += HOUR_MS
    async with serving(Path(store.url), clock=clock) as daemon:
        yield World(daemon, store, clock, secrets)
