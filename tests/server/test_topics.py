"""Who may follow which topic, over every way to follow one: a table of topics against everybody."""

import asyncio
from pathlib import Path

import pytest

from live import paging, serving, talking, visiting
from server.test_authorisation import visitor
from server.world import EVERYBODY, live_in

ALL = {name for name, who in EVERYBODY.items() if who.known}
WIDE = {name for name, who in EVERYBODY.items() if who.wide}
ADMINS = {name for name, who in EVERYBODY.items() if who.admin}
ELIS = ADMINS | {name for name in EVERYBODY if name.startswith("eli")} - {"eli for bc only"}
DRIVERS = ADMINS | {"kim, a driver", "a program of drivers"}
KIMS = ADMINS | {"kim, a driver"}

TOPICS = {
    "workflow.bc.114": ALL,
    "workflow.bc.999": ALL,
    "workflow.hr.7": WIDE,
    "workflow.bcx.1": WIDE,
    "workflow.bc": WIDE,
    "task.1": WIDE,
    "user.2.tasks": ELIS,
    "user.3.tasks": KIMS,
    "user.02.tasks": ADMINS,
    "user.2.tasks.x": ADMINS,
    "user.2": ADMINS,
    "user.None.tasks": ADMINS,
    "role.driver.tasks": DRIVERS,
    "role.adv.tasks": ADMINS,
    "role.driver": ADMINS,
    "role..tasks": ADMINS,
    "admin.sla.alerts": ADMINS,
    "admin.tokens": ADMINS,
    "news": ADMINS,
    "workflow": set(),
    "Workflow.bc.114": ADMINS,
}
PATTERNS = {
    "workflow.bc.*": ALL,
    "workflow.bc*": WIDE,
    "workflow.*": WIDE,
    "workflow.hr.*": WIDE,
    "workflow*": ADMINS,
    "*": ADMINS,
    "task.*": WIDE,
    "task*": ADMINS,
    "user.2.*": ADMINS,
    "user.2.tasks*": ADMINS,
    "user.*": ADMINS,
    "role.driver.*": ADMINS,
    "role.*": ADMINS,
    "admin.*": ADMINS,
}
HOUSE = {
    topic for topic in TOPICS if topic.partition(".")[0] in {"workflow", "task", "user", "role", "admin"}
}
SIGNED_CHANNELS = ("private-", "presence-", "private-cache-", "presence-cache-", "private-encrypted-")


def foreseen(name, table):
    return {topic: name in allowed for topic, allowed in table.items()}


@pytest.mark.parametrize("name", EVERYBODY)
def test_a_stream_tells_what_may_be_followed(store, clock, name):
    async def scene(world):
        async with visitor(world) as session:
            found = {}
            for topic in TOPICS | PATTERNS:
                headers, query = world.credentials(name)
                async with session.get(
                    "/events", params={"topic": topic, **query}, headers=headers
                ) as response:
                    assert response.status in {200, 401, 403}
                    found[topic] = response.status == 200
            assert found == foreseen(name, TOPICS | PATTERNS)

    live_in(store, clock, scene)


@pytest.mark.parametrize("name", EVERYBODY)
def test_a_websocket_tells_what_may_be_followed(store, clock, name):
    async def scene(world):
        headers, query = world.credentials(name)
        async with visitor(world) as session, talking(session, headers=headers, params=query) as talk:
            if not EVERYBODY[name].known:
                assert ((await talk.hear())["code"], await talk.hear()) == ("unauthorized", 1008)
                return
            await talk.hear()
            found = {}
            for topic in TOPICS | PATTERNS:
                answer = await talk.ask(type="subscribe", topics=[topic])
                found[topic] = answer["type"] == "subscribed"
                assert answer["type"] == "subscribed" or answer["code"] == "forbidden"
            assert found == foreseen(name, TOPICS | PATTERNS)

    live_in(store, clock, scene)


def test_one_topic_too_many_is_no_topic_at_all(store, clock):
    async def scene(world):
        async with visiting(world.daemon, world.secrets["eli for bc only"]) as session:
            topics = [("topic", "workflow.bc.114"), ("topic", "workflow.hr.7")]
            async with session.get("/events", params=topics) as response:
                assert response.status == 403
            async with talking(session) as talk:
                await talk.hear()
                answer = await talk.ask(type="subscribe", topics=[topic for _, topic in topics])
                assert answer["code"] == "forbidden"

    live_in(store, clock, scene)


@pytest.mark.parametrize("name", EVERYBODY)
def test_channels_are_signed_for_who_may_follow_their_topic(store, clock, name):
    async def scene(world):
        headers, _ = world.credentials(name)
        async with visitor(world) as session:
            for prefix in SIGNED_CHANNELS:
                found = {topic: await signature(session, headers, prefix + topic) for topic in TOPICS}
                assert found == (
                    foreseen(name, TOPICS) if "ticket" not in name else dict.fromkeys(TOPICS, False)
                )
            assert not await signature(session, headers, "#server-to-user-2")
            assert not await signature(session, headers, "private-workflow.*")
            assert not await signature(session, headers, "workflow.bc.114")

    live_in(store, clock, scene)


@pytest.mark.parametrize("name", EVERYBODY)
def test_public_channels_with_names_of_ours_are_for_who_may_follow_them(store, clock, name):
    async def scene(world):
        headers, query = world.credentials(name)
        where = {"params": {"protocol": "7", **query}, "headers": headers}
        async with visitor(world) as session, paging(session, "/app/taskwatch", **where) as page:
            for prefix in ("", "cache-"):
                found = {topic: await joins(page, prefix + topic) for topic in TOPICS}
                others = dict.fromkeys(TOPICS.keys() - HOUSE, True)  # for whoever has the key of the app
                assert found == foreseen(name, TOPICS) | others
            assert not await joins(page, "#server-to-user-2")

    live_in(store, clock, scene)


async def signature(session, headers, channel):
    form = {"socket_id": "1.1", "channel_name": channel}
    async with session.post("/broadcasting/auth", data=form, headers=headers) as response:
        assert ("auth" in await response.json(content_type=None)) is (response.status == 200)
        return response.status == 200


async def joins(page, channel):
    """Whether a channel is joined; of a cache channel also what comes with it is heard."""
    answer = await page.join(channel)
    joined = answer["event"] == "pusher_internal:subscription_succeeded"
    assert joined or answer["event"] == "pusher:subscription_error"
    if joined and channel.startswith("cache-"):
        await page.hear()
    return joined


def test_only_the_owner_of_a_name_signs_in_with_it(store, clock):
    async def scene(world):
        async with visiting(world.daemon, world.secrets["eli"]) as session, paging(session) as page:
            async with session.post(
                "/broadcasting/user-auth", data={"socket_id": page.socket_id}
            ) as response:
                granted = await response.json()
            other = granted["user_data"].replace('"id":"2"', '"id":"3"')
            assert other != granted["user_data"]
            forged = await page.ask(event="pusher:signin", data={**granted, "user_data": other})
            assert forged["event"] == "pusher:error"
            assert not await joins(page, "#server-to-user-2")
            assert (await page.ask(event="pusher:signin", data=granted))["event"] == "pusher:signin_success"
            assert await joins(page, "#server-to-user-2")
            assert not await joins(page, "#server-to-user-3")

    live_in(store, clock, scene)


def test_a_signature_fits_one_socket_one_channel_and_one_text_only(store, clock):
    async def scene(world):
        async with visiting(world.daemon, world.secrets["dana, an admin"]) as session:
            await try_signatures(session)

    live_in(store, clock, scene)


def test_so_does_one_that_names_nobody_in_single_user_mode(store, clock):
    async def main():
        async with serving(Path(store.url), clock=clock) as daemon, visiting(daemon) as session:
            await try_signatures(session)

    asyncio.run(main())


async def try_signatures(session):
    name = "private-workflow.bc.114"
    async with paging(session) as page, paging(session) as other:
        _, good = await page.authorize(name)
        key, _, seal = good["auth"].partition(":")
        bad = [{**good, "auth": f"{key}:{flipped(seal, place)}"} for place in range(len(seal))]
        bad += [{**good, "auth": text} for text in ("", ":", key, seal, f"other:{seal}", f"{key}:{seal}0", 1)]
        bad += [{**good, "channel_data": text} for text in ("", "{}", good.get("channel_data", "") + " ", 1)]
        bad += [{name: value for name, value in good.items() if name != lost} for lost in good]
        for granted in bad:
            assert not await enters(page, name, granted), granted
        for elsewhere in ("private-workflow.bc.115", "private-cache-workflow.bc.114", f"presence-{name[8:]}"):
            assert not await enters(page, elsewhere, good), elsewhere
        assert not await enters(other, name, good)
        sign_in = {"auth": good["auth"], "user_data": good.get("channel_data", name)}
        assert (await page.ask(event="pusher:signin", data=sign_in))["event"] == "pusher:error"
        assert await enters(page, name, good)


def flipped(seal, place):
    return seal[:place] + f"{int(seal[place], 16) ^ 1:x}" + seal[place + 1 :]


async def enters(page, channel, granted):
    async with asyncio.timeout(30):
        answer = await page.ask(event="pusher:subscribe", data={"channel": channel, **granted})
    return answer["event"] == "pusher_internal:subscription_succeeded"
