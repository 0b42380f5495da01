"""The Pusher protocol against a whole daemon, frame by frame."""

import asyncio
import json

import pytest

from live import PUSHER, paging, serving, talking, visiting
from taskwatch.model.assignment import Assignment


def run(scenario, path, **settings):
    async def main():
        async with serving(path, **settings) as daemon, visiting(daemon) as session:
            await scenario(daemon, session)

    asyncio.run(main())


def data(frame):
    return json.loads(frame["data"])


def test_the_greeting_comes_first(path, orders):
    async def scenario(_daemon, session):
        async with talking(session, PUSHER) as talk:
            greeting = await talk.hear()
            assert greeting["event"] == "pusher:connection_established"
            assert data(greeting)["activity_timeout"] > 0

    run(scenario, path)


def test_a_change_reaches_the_private_channel_of_its_topic(path, orders):
    async def scenario(daemon, session):
        async with paging(session) as page:
            joined = await page.join("private-workflow.bc.114")
            assert joined == {
                "event": "pusher_internal:subscription_succeeded",
                "channel": "private-workflow.bc.114",
                "data": "{}",
            }
            orders.start()
            frame = await page.event("task.became.ready")
            assert data(frame)["task_code"] == "ADV_REVIEW_BC114"
            assert frame["channel"] == "private-workflow.bc.114"
            assert frame["id"].startswith(daemon.house.hub.epoch)

    run(scenario, path)


def test_a_user_hears_of_a_ready_task_as_a_notification_too(path, orders, clock):
    async def scenario(daemon, session):
        user = orders.user("dana")
        async with paging(session) as page:
            await page.join(f"private-user.{user}.tasks")
            orders.add("REVIEW", name="Review", assignments=(Assignment("user", user, None),))
            assert data(await page.event("task.became.ready"))["task_code"] == "REVIEW"
            told = data(await page.event("Illuminate\\Notifications\\Events\\BroadcastNotificationCreated"))
            assert told["message"] == "Task 'Review' is ready for you"
            assert told["type"] == "App\\Notifications\\TaskReadyNotification"
            assert told["action_url"] == f"{daemon.address}/admin/tasks/{told['task_id']}"
            assert told["id"]

    run(scenario, path, clock=clock)


def test_members_of_a_presence_channel_see_each_other_come_and_go(path, orders):
    async def scenario(_daemon, session):
        async with paging(session) as first, paging(session) as second:
            assert data(await first.join("presence-workflow.bc.1"))["presence"]["count"] == 1
            assert data(await second.join("presence-workflow.bc.1"))["presence"]["ids"] == ["owner"]
            await second.leave("presence-workflow.bc.1")
            orders.say(1, "workflow.bc.1")

    run(scenario, path)


def test_a_cache_channel_begins_with_what_was_last(path, orders):
    async def scenario(_daemon, session):
        async with paging(session) as page:
            await page.join("private-cache-workflow.bc.7")
            assert (await page.hear())["event"] == "pusher:cache_miss"
            orders.start("7")
            await page.event("task.became.ready")
        async with paging(session) as page:
            await page.join("private-cache-workflow.bc.7")
            assert (await page.hear())["event"] == "task.became.ready"

    run(scenario, path)


def test_the_last_word_of_a_cache_channel_survives_a_restart(path, orders):
    orders.start("7")

    async def scenario(_daemon, session):
        async with paging(session) as page:
            await page.join("private-cache-workflow.bc.7")
            assert (await page.hear())["event"] == "task.became.ready"

    run(scenario, path)


def test_whispers_reach_the_others_if_they_are_allowed(path, orders):
    async def scenario(_daemon, session):
        async with paging(session) as first, paging(session) as second:
            for page in (first, second):
                await page.join("private-workflow.bc.1")
            await first.say(event="client-typing", channel="private-workflow.bc.1", data={"at": 1})
            assert (await second.hear())["data"] == {"at": 1}
            await first.say(event="pusher:ping", data={})
            assert (await first.hear())["event"] == "pusher:pong"

    run(scenario, path, pusher__client_events="true")


def test_whispers_are_refused_by_default(path, orders):
    async def scenario(_daemon, session):
        async with paging(session) as page:
            await page.join("private-workflow.bc.1")
            answer = await page.ask(event="client-typing", channel="private-workflow.bc.1", data={})
            assert (answer["event"], answer["data"]["code"]) == ("pusher:error", 4301)

    run(scenario, path)


def test_who_made_a_change_over_rest_is_spared_its_events(path, orders, clock):
    async def scenario(_daemon, session):
        orders.start()
        async with paging(session) as actor, paging(session) as other:
            for page in (actor, other):
                await page.join("private-workflow.bc.114")
            async with session.post(
                "/api/v1/tasks/ADV_REVIEW_BC114/start", headers={"X-Socket-ID": actor.socket_id}, json={}
            ) as response:
                assert response.status == 200
            assert data(await other.event("task.status.changed"))["new_status"] == "in_progress"
            orders.move("complete", "ADV_REVIEW_BC114")
            assert data(await actor.event("task.status.changed"))["new_status"] == "completed"

    run(scenario, path, clock=clock)


def test_subscriptions_are_counted_where_it_is_wanted(path, orders):
    async def scenario(_daemon, session):
        async with paging(session) as first, paging(session) as second:
            await first.join("news")
            assert data(await first.event("pusher_internal:subscription_count"))["subscription_count"] == 1
            await second.join("news")
            assert data(await first.event("pusher_internal:subscription_count"))["subscription_count"] == 2

    run(scenario, path, pusher__subscription_counts="true")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("/app/other?protocol=7", 4001),
        ("/app/taskwatch", 4008),
        ("/app/taskwatch?protocol=x", 4006),
        ("/app/taskwatch?protocol=4", 4007),
        ("/app", 4005),
    ],
)
def test_a_refusal_comes_after_the_upgrade(path, orders, url, code):
    async def scenario(_daemon, session):
        async with talking(session, url) as talk:
            assert (await talk.hear())["data"]["code"] == code
            assert await talk.hear() == code

    run(scenario, path)


def test_a_page_of_another_origin_is_refused(path, orders):
    async def scenario(_daemon, session):
        async with talking(session, PUSHER, headers={"Origin": "http://evil.example"}) as talk:
            assert (await talk.hear())["data"]["code"] == 4009

    run(scenario, path)


def test_before_a_restart_a_page_is_asked_to_come_back_at_once(path, orders):
    async def main():
        async with serving(path) as daemon, visiting(daemon) as session, paging(session) as page:
            stopping = asyncio.create_task(daemon.stop())
            assert await page.hear() == 4200
            await stopping

    asyncio.run(main())
