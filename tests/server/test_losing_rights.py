"""What was opened by a right that is gone ends within a second, and does not come back."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from live import paging, serving, streaming, talking, visiting
from server.world import ELI, HOUR_MS, KIM, live_in
from taskwatch import clock as clocks
from taskwatch.actions import departure, entry, people, roles, tokens
from taskwatch.actions.people import NewUser
from taskwatch.actions.tokens import NewToken

SOON = 1.0


class Everywhere:
    """A stream, a WebSocket and a Pusher client that follow one topic."""

    def __init__(self, stream, talk, page):
        self.stream, self.talk, self.page = stream, talk, page

    async def ended(self):
        """How each was said goodbye to."""
        async with asyncio.timeout(SOON):
            while (event := (await self.stream.next())["event"]) != "bye":
                assert "." in event
            return event, await closed(self.talk), await closed(self.page)

    async def alive(self):
        await self.talk.say(type="ping")
        while (await self.talk.hear())["type"] != "pong":
            pass
        await self.page.say(event="pusher:ping", data={})
        await self.page.event("pusher:pong")
        assert not self.stream.response.content.at_eof()


GOODBYE = ("bye", 1012, 4200)


async def closed(talk):
    while isinstance(said := await talk.hear(), dict):
        pass
    return said


@asynccontextmanager
async def everywhere(session, topic, *, public=False):
    async with AsyncExitStack() as stack:
        stream = await stack.enter_async_context(streaming(session, topic))
        talk = await stack.enter_async_context(talking(session))
        await talk.hear()
        assert (await talk.ask(type="subscribe", topics=[topic]))["type"] == "subscribed"
        page = await stack.enter_async_context(paging(session))
        joined = await page.join(topic if public else f"private-{topic}")
        assert joined["event"] == "pusher_internal:subscription_succeeded"
        yield Everywhere(stream, talk, page)


async def is_refused_everywhere(session, topic):
    async with session.get("/events", params={"topic": topic}) as response:
        assert response.status in {401, 403}
    async with talking(session) as talk:
        said = await talk.hear()
        if said["type"] == "welcome":
            said = await talk.ask(type="subscribe", topics=[topic])
        assert said["type"] == "error"
    async with paging(session) as page:
        assert (await page.authorize(f"private-{topic}"))[0] in {401, 403}
        assert (await page.join(topic))["event"] == "pusher:subscription_error"


LOSSES = {
    "a revoked token": ("eli", "user.2.tasks", lambda world, now: tokens.revoke(world.store, "eli", now)),
    "a revoked role": (
        "kim, a driver",
        "role.driver.tasks",
        lambda world, now: roles.revoke(world.store, "driver", [KIM], now),
    ),
    "a removed user": (
        "eli",
        "user.2.tasks",
        lambda world, now: departure.remove(world.store, ELI, now, unassign=True),
    ),
    "an admin no more": (
        "dana, an admin",
        "admin.tokens",
        lambda world, now: people.edit(world.store, 4, {"admin": False}, now),
    ),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("public", [False, True])
def test_what_was_opened_by_a_right_ends_with_it(store, clock, loss, public):
    name, topic, lose = LOSSES[loss]

    async def scene(world):
        async with (
            visiting(world.daemon, world.secrets[name]) as session,
            visiting(world.daemon, world.secrets["an admin's program"]) as bystander,
            everywhere(bystander, topic) as unconcerned,
            everywhere(session, topic, public=public) as concerned,
        ):
            lose(world, clock.change())
            assert await concerned.ended() == GOODBYE
            await unconcerned.alive()
            await is_refused_everywhere(session, topic)

    live_in(store, clock, scene)


def test_who_signed_out_is_out_everywhere(store, clock):
    async def scene(world):
        session_secret = entry.open_session(store, world.secrets["eli"], clock.now).secret
        async with visiting(world.daemon, Cookie=f"taskwatch_session={session_secret}") as session:
            async with everywhere(session, "user.2.tasks") as opened:
                async with session.post("/logout", allow_redirects=False) as response:
                    assert response.status == 303
                assert await opened.ended() == GOODBYE
            await is_refused_everywhere(session, "user.2.tasks")

    live_in(store, clock, scene)


def test_who_signed_out_and_in_again_is_in_everywhere(store, clock):
    async def scene(world):
        async with visiting(world.daemon, world.secrets["eli"]) as session:
            first = entry.open_session(store, world.secrets["eli"], clock.now).secret
            entry.close_session(store, first, clock.now)
            await world.daemon.house.relay.pass_on()
            async with everywhere(session, "user.2.tasks") as opened:
                await opened.alive()

    live_in(store, clock, scene)


@pytest.mark.parametrize("public", [False, True])
def test_what_was_opened_by_a_token_ends_when_it_expires(store, clock, public):
    async def scene(world):
        short = tokens.create(store, NewToken(user_id=ELI, life_ms=HOUR_MS), clock.change())["secret"]
        async with (
            visiting(world.daemon, short) as session,
            visiting(world.daemon, world.secrets["eli"]) as lasting,
            everywhere(lasting, "user.2.tasks") as staying,
            everywhere(session, "user.2.tasks", public=public) as opened,
        ):
            clock.now += HOUR_MS - 1
            world.daemon.house.clients.look(clocks.monotonic(), clock.now)
            await opened.alive()
            clock.now += 1
            world.daemon.house.clients.look(clocks.monotonic(), clock.now)
            assert await opened.ended() == GOODBYE
            await staying.alive()
            await is_refused_everywhere(session, "user.2.tasks")

    live_in(store, clock, scene)


def test_a_channel_that_was_signed_for_a_token_ends_with_it_whoever_opened_the_socket(store, clock):
    async def scene(world):
        short = tokens.create(store, NewToken(user_id=ELI, life_ms=HOUR_MS), clock.change())["secret"]
        async with (
            visiting(world.daemon) as stranger,
            visiting(world.daemon, short) as session,
            paging(stranger) as page,
        ):
            page._session = session
            await page.join("private-user.2.tasks")
            clock.now += HOUR_MS
            world.daemon.house.clients.look(clocks.monotonic(), clock.now)
            assert await closed(page) == 4200

    live_in(store, clock, scene)


def test_a_signature_of_a_token_that_was_revoked_since_opens_nothing(store, clock):
    async def scene(world):
        async with (
            visiting(world.daemon) as stranger,
            visiting(world.daemon, world.secrets["eli"]) as session,
            paging(stranger) as page,
        ):
            page._session = session
            _, granted = await page.authorize("private-user.2.tasks")
            tokens.revoke(store, "eli", clock.change())
            await world.daemon.house.relay.pass_on()
            wish = {"channel": "private-user.2.tasks", **granted}
            assert await page.ask(event="pusher:subscribe", data=wish) == 4200

    live_in(store, clock, scene)


def test_the_first_token_ends_what_was_open_to_all(store, clock):
    """Also a Pusher client that is in no channel yet, but was let in as the owner."""
    people.add(store, NewUser("eli", id=ELI), clock.change())

    async def main():
        async with (
            asyncio.timeout(30),
            serving(Path(store.url), clock=clock) as daemon,
            visiting(daemon) as session,
            everywhere(session, "admin.tokens") as opened,
            everywhere(session, "admin.people", public=True) as public,
            paging(session) as idle,
        ):
            tokens.create(store, NewToken(admin=True), clock.change())
            assert await opened.ended() == GOODBYE
            assert await public.ended() == GOODBYE
            assert await closed(idle) == 4200
            await is_refused_everywhere(session, "admin.tokens")

    asyncio.run(main())
