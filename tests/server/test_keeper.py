"""The keeper: what it remembers, and how soon it forgets."""

import asyncio

import pytest

from guarded import guarded
from taskwatch.actions import entry, people, roles, tokens
from taskwatch.actions.people import NewUser
from taskwatch.actions.tokens import NewToken
from taskwatch.server import keeper as keepers
from taskwatch.server.brake import MOST_FAILURES, SLOTS, WINDOW_MS, Brake


@pytest.fixture
def meet(store, clock):
    """Run a scenario with a server on the store, at the clock's now."""

    def meet(scenario):
        async def main():
            async with asyncio.timeout(60), guarded(store.url, lambda: clock.now) as server:
                await scenario(server)

        asyncio.run(main())

    return meet


@pytest.fixture
def make(store, clock):
    def make(name=None, **attributes):
        return tokens.create(store, NewToken(name, **attributes), clock.change())["secret"]

    return make


def forget_quietly(store):
    """Delete every token behind the back of the event log."""
    store.connection.execute("DELETE FROM credentials")


def last_use(store):
    return store.connection.execute("SELECT last_used_at FROM credentials").fetchone()[0]


def test_a_secret_is_remembered_for_a_minute(meet, store, clock, make):
    secret = make(admin=True)

    async def scenario(server):
        known = await server.keeper.identify(secret)
        forget_quietly(store)
        clock.now += 59_999
        assert await server.keeper.identify(secret) == known
        clock.now += 1
        assert await server.keeper.identify(secret) is None

    meet(scenario)


def test_a_clock_that_is_set_back_makes_nothing_last_longer(meet, store, clock, make):
    secret = make()

    async def scenario(server):
        assert await server.keeper.identify(secret)
        forget_quietly(store)
        clock.now -= 1
        assert await server.keeper.identify(secret) is None

    meet(scenario)


def test_nothing_is_remembered_beyond_its_end(meet, clock, make):
    secret = make(life_ms=1000)

    async def scenario(server):
        assert await server.keeper.identify(secret)
        clock.now += 999
        assert await server.keeper.identify(secret)
        clock.now += 1
        assert await server.keeper.identify(secret) is None

    meet(scenario)


def test_a_change_is_known_with_the_batch_that_tells_of_it(meet, store, clock, make):
    people.add(store, NewUser("dana", id=5, roles=("driver",)), clock.change())
    secret, other = make("ci", user_id=5), make()
    session = entry.open_session(store, secret, clock.now).secret
    changes = [
        lambda: roles.revoke(store, "driver", [5], clock.change()),
        lambda: people.edit(store, 5, {"admin": True}, clock.change()),
        lambda: tokens.create(store, NewToken("new"), clock.change()),
        lambda: entry.close_session(store, session, clock.now),
        lambda: tokens.revoke(store, "ci", clock.change()),
    ]
    expected = [({"driver"}, False, True), (set(), False, True), (set(), True, True), (set(), True, True),
                (set(), True, False), None]  # fmt: skip

    async def scenario(server):
        generation = server.keeper.generation
        for count, (change, before) in enumerate(zip([*changes, None], expected, strict=True)):
            assert server.keeper.generation == generation + count
            mine = await server.keeper.identify(secret)
            inside = await server.keeper.identify(session) is not None
            assert (mine and (mine.roles, mine.admin, inside)) == before
            assert await server.keeper.identify(other)
            if change:
                change()
                await server.relay.pass_on()

    meet(scenario)


def test_what_was_read_before_a_change_is_not_remembered_after_it(meet, store, clock, make):
    secret = make("ci")

    async def scenario(server):
        async def read(action, *args):
            found = await real(action, *args)
            if action is entry.authenticate and server.database.read is read:
                server.database.read = real
                tokens.revoke(store, "ci", clock.change())
                await server.relay.pass_on()
            return found

        real, server.database.read = server.database.read, read
        assert await server.keeper.identify(secret) is None
        assert await server.keeper.identify(secret) is None

    meet(scenario)


def test_its_memory_is_bounded(meet, make, monkeypatch):
    monkeypatch.setattr(keepers, "MOST", 3)
    secrets = [make() for _ in range(5)]

    async def scenario(server):
        for secret in secrets * 2:
            assert await server.keeper.identify(secret)
        for number in range(20):
            assert await server.keeper.identify(f"tw_{number}") is None
        assert len(server.keeper._memory) == 3

    meet(scenario)


def test_the_house_is_open_until_the_first_token_and_never_again(meet, store, clock):
    async def scenario(server):
        assert await server.keeper.is_open()
        tokens.create(store, NewToken("ci"), clock.change())
        await server.relay.pass_on()
        assert not await server.keeper.is_open()
        tokens.revoke(store, "ci", clock.change())
        await server.relay.pass_on()
        assert not await server.keeper.is_open()

    meet(scenario)


def test_the_last_use_is_noted_without_anybody_waiting(store, clock, make, meet):
    secret, made = make(), clock.now

    async def scenario(server):
        for _ in range(5):
            await server.keeper.identify(secret)

    meet(scenario)  # the database finishes what it was given before it closes
    assert last_use(store) == made
    clock.now += 30_000
    meet(scenario)
    assert last_use(store) == made
    clock.now += 30_000
    meet(scenario)
    assert last_use(store) == made + 60_000


def test_the_brake_holds_an_address_for_a_minute_after_ten_failures():
    brake = Brake()
    for number in range(MOST_FAILURES):
        assert brake.wait_ms("a", 1000) == 0, number
        brake.fail("a", 1000)
    assert brake.wait_ms("a", 1000) == WINDOW_MS
    assert brake.wait_ms("a", 1000 + WINDOW_MS - 1) == 1
    assert brake.wait_ms("a", 1000 + WINDOW_MS) == 0
    assert brake.wait_ms("a", 0) == 0  # the clock was set back: nobody waits for longer than a minute
    brake.fail("a", 1000 + WINDOW_MS)
    assert brake.wait_ms("a", 1000 + WINDOW_MS) == 0


def test_the_brake_does_not_grow_and_few_share_a_slot():
    brake = Brake()
    for _ in range(MOST_FAILURES):
        brake.fail("the one", 0)
    held = sum(brake.wait_ms(str(number), 0) > 0 for number in range(10_000))
    assert held < 10_000 / SLOTS * 3
    for number in range(10_000):
        brake.fail(str(number), 0)
    assert (len(brake._failures), len(brake._began)) == (SLOTS, SLOTS)
