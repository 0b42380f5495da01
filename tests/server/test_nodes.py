"""Two daemons on one PostgreSQL: to whoever talks with one of them there is no difference."""

import asyncio
import json
import tempfile
from contextlib import asynccontextmanager

import pytest

import postgres
from live import paging, serving, streaming, talking, visiting
from taskwatch.actions import messages, tokens
from taskwatch.actions.messages import Message
from taskwatch.actions.tokens import NewToken
from taskwatch.clock import now
from taskwatch.services import nodes
from taskwatch.store import open_store
from taskwatch.testing import HandClock

ROOM = "presence-workflow.bc.1"
SHOP = "private-workflow.bc.114"


@pytest.fixture
def store():
    url = postgres.new_database()
    opened = open_store(url)
    yield opened
    opened.close()
    postgres.drop_database(url)


@pytest.fixture
def path(store):
    """What a daemon is told of its database."""
    return store.url


@pytest.fixture
def clock():
    """The daemons go by the time of the database: what tests write has to be of today."""
    return HandClock(now())


@pytest.fixture
def hasty(monkeypatch):
    """Nodes that notice within a moment what else takes seconds."""
    monkeypatch.setattr(nodes, "HERE_SECONDS", 0.1)
    monkeypatch.setattr(nodes, "SILENCE_SECONDS", 1.0)
    monkeypatch.setattr(nodes, "RETRY_SECONDS", 0.05)
    monkeypatch.setattr(nodes, "RETURN_SECONDS", 0.2)


@asynccontextmanager
async def two(path, **settings):
    """Two daemons that know of each other."""
    async with serving(path, **settings) as first, serving(path, **settings) as second:
        await until(lambda: len(first.status()["nodes"]) == len(second.status()["nodes"]) == 2)
        yield first, second


async def until(is_so, seconds=10):
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110  other threads bring it about
            await asyncio.sleep(0.005)


def run(scenario, path, secrets=(None, None), **settings):
    """A scenario with two daemons, and a client of each, that come with these tokens."""

    async def main():
        async with (
            two(path, **settings) as (first, second),
            visiting(first, secrets[0]) as here,
            visiting(second, secrets[1]) as there,
        ):
            await scenario(first, second, here, there)

    asyncio.run(main())


def data(frame):
    return json.loads(frame["data"])


def known(orders, name):
    """A user's id and token."""
    user_id = orders.user(name, admin=True)
    made = tokens.create(orders.store, NewToken(name, user_id=user_id), orders.clock.change())
    return str(user_id), made["secret"]


def test_a_stream_goes_on_at_the_other_node_with_the_same_cursor(path, orders):
    async def scenario(_first, _second, here, there):
        async with streaming(here, "news") as stream:
            said = [orders.say() for _ in range(3)]
            heard = [int((await stream.next())["data"]["seq"]) for _ in range(2)]
            cursor = f"{(await stream.next())['data']['id'].partition('-')[0]}-{heard[-1]}"
        said.append(orders.say())
        async with streaming(there, "news", cursor=cursor) as stream:
            heard += [(await stream.next())["data"]["seq"] for _ in range(2)]
            said.append(orders.say())
            heard.append((await stream.next())["data"]["seq"])
        assert heard == said

    run(scenario, path)


def test_a_websocket_goes_on_at_the_other_node_with_the_same_cursor(path, orders):
    async def scenario(_first, _second, here, there):
        async with talking(here) as talk:
            cursor = (await talk.hear())["cursor"]
        last = orders.say(300)
        async with talking(there) as talk:
            await talk.hear()
            await talk.say(type="subscribe", topics=["news"], after=cursor)
            assert [(await talk.hear())["seq"] for _ in range(300)] == list(range(last - 299, last + 1))
            assert (await talk.hear())["cursor"] == cursor.partition("-")[0] + f"-{last}"

    run(scenario, path)


def test_a_page_hears_what_the_other_node_changed_and_is_spared_its_own_doing(path, orders):
    async def scenario(first, second, here, there):
        orders.start()
        for node in (first, second):
            await node.house.relay.pass_on()
        async with paging(here) as actor, paging(here) as near, paging(there) as far:
            for page in (actor, near, far):
                await page.join(SHOP)
            own = {"X-Socket-ID": actor.socket_id}
            async with there.post("/api/v1/tasks/ADV_REVIEW_BC114/start", headers=own, json={}) as response:
                assert response.status == 200, await response.text()
            for page in (near, far):
                assert data(await page.event("task.status.changed"))["new_status"] == "in_progress"
            orders.move("complete", "ADV_REVIEW_BC114")
            assert data(await actor.event("task.status.changed"))["new_status"] == "completed"

    run(scenario, path)


def test_members_of_a_presence_channel_see_each_other_come_and_go_across_nodes(path, orders):
    (eli, one), (dana, other) = known(orders, "eli"), known(orders, "dana")

    async def scenario(_first, _second, here, there):
        async with paging(here) as first:
            assert data(await first.join(ROOM))["presence"]["ids"] == [eli]
            async with paging(there) as second, paging(there) as again:
                assert sorted(data(await second.join(ROOM))["presence"]["ids"]) == sorted([eli, dana])
                assert data(await first.event("pusher_internal:member_added"))["user_id"] == dana
                await again.join(ROOM)
                await second.leave(ROOM)
            assert data(await first.hear())["user_id"] == dana  # once, when the last one left

    run(scenario, path, (one, other))


def test_a_node_that_comes_later_knows_who_is_there(path, orders):
    async def main():
        async with serving(path) as first, visiting(first) as here, paging(here) as page:
            await page.join(ROOM)
            async with serving(path) as second:
                await until(lambda: list(second.house.switchboard.roster.users(ROOM)) == ["owner"])

    asyncio.run(main())


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("how", ["says goodbye", "falls silent"])
def test_the_members_of_a_node_that_is_gone_are_gone(path, orders, how):
    (_, one), (dana, other) = known(orders, "eli"), known(orders, "dana")

    async def scenario(_first, second, here, there):
        async with paging(here) as first, paging(there) as lost:
            await first.join(ROOM)
            await lost.join(ROOM)
            await first.event("pusher_internal:member_added")
            with pytest.MonkeyPatch.context() as patch:
                if how == "says goodbye":
                    await second.stop()
                else:
                    patch.setattr(second._nodes, "_say", lambda: nodes.clock.sleep(0.01))
                gone = await first.event("pusher_internal:member_removed")
                assert data(gone)["user_id"] == dana
            if how == "falls silent":  # and it is back with all of its own
                assert data(await first.event("pusher_internal:member_added"))["user_id"] == dana

    run(scenario, path, (one, other))


def test_whispers_cross_nodes_whatever_is_in_them(path, orders):
    async def scenario(_first, _second, here, there):
        async with paging(here) as first, paging(there) as second:
            for page in (first, second):
                await page.join(SHOP)
            for text in ("hello", "'; NOTIFY taskwatch_bus, '1 1 0 1 []' --", "\N{SNOWMAN}" * 3_000, "\0"):
                await first.say(event="client-typing", channel=SHOP, data={"text": text})
                assert (await second.event("client-typing"))["data"] == {"text": text}

    run(scenario, path, pusher__client_events="true")


def test_subscriptions_are_counted_over_all_nodes(path, orders):
    async def scenario(_first, _second, here, there):
        async with paging(here) as first:
            await first.join("news")
            assert data(await first.event("pusher_internal:subscription_count"))["subscription_count"] == 1
            async with paging(there) as second:
                await second.join("news")
                counted = data(await first.event("pusher_internal:subscription_count"))
                assert counted["subscription_count"] == 2
            counted = data(await first.event("pusher_internal:subscription_count"))
            assert counted["subscription_count"] == 1

    run(scenario, path, pusher__subscription_counts="true")


def test_the_sockets_of_a_user_are_ended_on_every_node(path, orders):
    dana, token = known(orders, "dana")

    async def scenario(first, _second, _here, there):
        async with paging(there) as page:
            async with there.post("/broadcasting/user-auth", data={"socket_id": page.socket_id}) as response:
                granted = await response.json(content_type=None)
            await page.say(event="pusher:signin", data=granted)
            await page.event("pusher:signin_success")
            first.house.switchboard.terminate(dana)
            while not isinstance(code := await page.hear(), int):
                pass
            assert code == 4009

    run(scenario, path, (None, token))


def test_what_was_last_on_a_cache_channel_is_known_to_every_node(path, orders):
    async def scenario(_first, second, here, there):
        async with paging(here) as page:
            await page.join("private-cache-workflow.bc.7")
            assert (await page.hear())["event"] == "pusher:cache_miss"
            orders.start("7")
            await page.event("task.became.ready")
        await second.house.relay.pass_on()
        async with paging(there) as page:
            await page.join("private-cache-workflow.bc.7")
            assert (await page.hear())["event"] == "task.became.ready"

    run(scenario, path)


@pytest.mark.usefixtures("hasty")
def test_open_connections_outlive_a_restart_of_the_server_without_a_gap():
    cluster = postgres.Cluster(tempfile.mkdtemp(prefix="taskwatch-pg-"))
    cluster.start("fsync=off")
    open_store(cluster.url).close()

    async def scenario(first, second, here, there):
        async with streaming(here, "news") as stream, paging(there) as page:
            await page.join(ROOM)
            await until(lambda: "owner" in first.house.switchboard.roster.users(ROOM))
            said = [await first.house.database.write(say)]
            await asyncio.to_thread(cluster.stop, "immediate")
            waiting = asyncio.create_task(second.house.database.write(say))
            await asyncio.to_thread(cluster.start, "fsync=off")
            said += [await waiting, await second.house.database.write(say)]
            assert [(await stream.next(20))["data"]["seq"] for _ in said] == said
            async with paging(here) as other:
                assert data(await other.join(ROOM))["presence"]["ids"] == ["owner"]

    try:
        run(scenario, cluster.url)
    finally:
        cluster.remove()


def say(store):
    return messages.publish(store, [Message("n", ("news",), ("news",), "{}")], store.now())[-1]
