"""Clients of others against a whole daemon: pysher listens, Pusher's SDK publishes."""

import asyncio
import json
import logging
import queue
from contextlib import asynccontextmanager, closing, contextmanager

import pysher

from live import serving, visiting
from server.pusher.loopback import sdk_of
from taskwatch.actions import tokens
from taskwatch.actions.tokens import NewToken

SUCCEEDED = "pusher_internal:subscription_succeeded"


@asynccontextmanager
async def listening(daemon, channel, *events, **options):
    """A pysher client in a channel, and the queue of what it hears there: (event, data)."""
    app, heard = daemon.house.settings.app, queue.Queue()
    client = pysher.Pusher(
        app.key,
        secure=False,
        custom_host="127.0.0.1",
        port=port_of(daemon),
        log_level=logging.WARNING,
        **options,
    )

    # In the client's own thread, so that the ack does not come before the channel is known.
    def join(_data):
        joined = client.subscribe(channel)
        for event in (SUCCEEDED, *events):
            joined.bind(event, lambda data, event=event: heard.put((event, json.loads(data))))

    client.connection.bind("pusher:connection_established", join)
    client.connection.bind("pusher:error", lambda data: heard.put(("error", data)))
    client.connect()
    try:
        yield client, heard
    finally:
        # Its own disconnect() now and then reads on from the socket it has closed, until a timeout.
        client.connection.disconnect_called = True
        socket = client.connection.socket.sock
        socket.send_close()
        await asyncio.to_thread(client.connection.join, 10)
        socket.shutdown()
        assert not client.connection.is_alive()


async def hear(heard):
    return await asyncio.to_thread(heard.get, timeout=10)


def secret_of(daemon):
    return daemon.house.settings.app.secret.decode()


def port_of(daemon):
    return int(daemon.address.rpartition(":")[2])


@contextmanager
def publishing(daemon):
    """Pusher's SDK as a client of the daemon."""
    app = daemon.house.settings.app
    client = sdk_of(port_of(daemon), app_id=app.id, key=app.key, secret=secret_of(daemon))
    with closing(client._pusher_client.http.session):
        yield client


def test_pysher_hears_of_a_task_on_a_private_channel_it_signs_for_itself(path, orders):
    async def main():
        orders.start()
        async with serving(path) as daemon:
            event, secret = "task.status.changed", secret_of(daemon)
            async with listening(daemon, "private-workflow.bc.114", event, secret=secret) as (_, heard):
                assert await hear(heard) == (SUCCEEDED, {})
                orders.move("start", "ADV_REVIEW_BC114")
                told, data = await hear(heard)
                assert (told, data["task_code"], data["new_status"]) == (
                    event,
                    "ADV_REVIEW_BC114",
                    "in_progress",
                )

    asyncio.run(main())


def test_pysher_asks_the_auth_endpoint_in_single_user_mode(path):
    async def main():
        async with serving(path) as daemon:
            endpoint = f"{daemon.address}/broadcasting/auth"
            async with listening(daemon, "private-admin.sla.alerts", auth_endpoint=endpoint) as (_, heard):
                assert await hear(heard) == (SUCCEEDED, {})

    asyncio.run(main())


def test_pysher_is_present_and_the_sdk_sees_it(path):
    async def main():
        dana = {"user_id": "7", "user_info": {"name": "dana"}}
        async with serving(path) as daemon:
            options = {"secret": secret_of(daemon), "user_data": dana}
            with publishing(daemon) as sdk:
                async with listening(daemon, "presence-room", **options) as (_, heard):
                    there = {"ids": ["7"], "hash": {"7": {"name": "dana"}}, "count": 1}
                    assert await hear(heard) == (SUCCEEDED, {"presence": there})
                    users = await asyncio.to_thread(sdk.users_info, "presence-room")
                    assert users == {"users": [{"id": "7"}]}

    asyncio.run(main())


def test_what_the_sdk_publishes_reaches_pysher_but_not_the_socket_that_caused_it(path):
    async def main():
        async with serving(path) as daemon:
            with publishing(daemon) as sdk:
                async with listening(daemon, "orders", "paid") as (client, heard):
                    await hear(heard)
                    own = client.connection.socket_id
                    await asyncio.to_thread(sdk.trigger, "orders", "paid", {"order": 113}, own)
                    await asyncio.to_thread(sdk.trigger, "orders", "paid", {"order": 114})
                    assert await hear(heard) == ("paid", {"order": 114})

    asyncio.run(main())


def test_the_sdk_sees_what_a_cache_channel_repeats(path):
    async def main():
        async with serving(path) as daemon:
            with publishing(daemon) as sdk:
                await asyncio.to_thread(sdk.trigger, "cache-orders", "paid", {"order": 114})
                async with listening(daemon, "cache-orders", "paid") as (_, heard):
                    await hear(heard)
                    assert await hear(heard) == ("paid", {"order": 114})
                    info = await asyncio.to_thread(sdk.channel_info, "cache-orders", ["cache"])
                    assert info == {"occupied": True, "cache": {"data": '{"order": 114}'}}

    asyncio.run(main())


def test_the_sdk_ends_the_connections_of_a_user_who_signed_in(path, store, clock, orders):
    async def main():
        user = orders.user("dana")
        token = tokens.create(store, NewToken(user_id=user, life_ms=None), clock.change())["secret"]
        async with serving(path) as daemon, visiting(daemon, token) as session:
            key = daemon.house.settings.app.key
            async with session.ws_connect(f"/app/{key}?protocol=7") as socket, asyncio.timeout(30):
                greeting = json.loads((await socket.receive_json())["data"])
                form = {"socket_id": greeting["socket_id"]}
                async with session.post("/broadcasting/user-auth", data=form) as response:
                    granted = await response.json()
                await socket.send_json({"event": "pusher:signin", "data": granted})
                assert (await socket.receive_json())["event"] == "pusher:signin_success"
                with publishing(daemon) as sdk:
                    await asyncio.to_thread(sdk.terminate_user_connections, str(user))
                assert (await socket.receive()).data == 4009

    asyncio.run(main())
