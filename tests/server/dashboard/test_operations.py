"""Deliveries and health as a page, for admins."""

import json

from outbox import put, states
from server.dashboard.looking import visit
from taskwatch.actions.deliveries import claim, record
from taskwatch.plugin import permanent, retry
from taskwatch.server.dashboard.page import CUT
from taskwatch.services.bus import GONE


def bury(store, clock, count, channel="mail", why="550 no such user"):
    """Make dead letters; their ids."""
    ids = put(store, clock, count, channel=channel, user_id=5)
    for claimed in claim(store, "w", {channel: count}, clock.now, 1000):
        record(store, claimed, permanent(why), clock.now)
    return ids


def test_operations_are_for_admins(store, clock):
    async def scene(office):
        for name in ("eli", "limited", "program"):
            page = await office.look("/admin/operations", as_=name)
            assert (page.status, "dead-title" in page.html) == (403, False)
        assert (await office.look("/admin/operations")).status == 200

    visit(store, clock, scene)


def test_dead_letters_are_tried_again_or_discarded_one_and_all(store, clock):
    async def scene(office):
        first, second, third = bury(store, clock, 3)
        page = await office.look("/admin/operations")
        assert page.text.count("550 no such user") == 3
        every, newest, *_ = [each for path, each in page.acts if path.endswith("/retry")]
        assert json.loads(every["data-body"])["ids"] == [third, second, first]
        assert (await office.act(newest))[1]["deliveries"] == [third]
        status, told = await office.act(every)
        assert (status, told["details"]["state"]) == (409, "pending")
        assert states(store) == {"dead": 2, "pending": 1}
        page = await office.look("/admin/operations")
        assert (await office.act(page.offers("discard")))[0] == 200
        assert "Everything was delivered" in (await office.look("/admin/operations")).text

    visit(store, clock, scene)


def test_a_channel_that_rests_tells_why_and_until_when(store, clock):
    async def scene(office):
        put(store, clock, 30, channel="webhook", user_id=6)
        for _ in range(10):
            for claimed in claim(store, "w", {"webhook": 1}, clock.now, 1000):
                record(store, claimed, retry("connection refused"), clock.now)
        page = await office.look("/admin/operations")
        assert "webhook" in page.text
        assert "connection refused" in page.text
        assert "tries again in" in page.text

    visit(store, clock, scene)


def test_letters_can_be_limited_to_a_channel_and_long_lists_are_cut(store, clock):
    async def scene(office):
        bury(store, clock, CUT + 1)
        bury(store, clock, 1, channel="sms", why="no credit")
        page = await office.look("/admin/operations")
        assert "and 2 more" in page.text
        page = await office.look("/admin/operations?all=1")
        assert "more · show all" not in page.text
        page = await office.look("/admin/operations?channel=sms")
        assert "no credit" in page.text
        assert "550" not in page.text

    visit(store, clock, scene)


def test_health_tells_of_clients_loops_and_the_database(store, clock):
    async def scene(office):
        await office.daemon.house.watch.tick()
        page = await office.look("/admin/operations")
        assert "0 SSE, 0 WebSocket, 0 Pusher" in page.text
        assert "since the last pass" in page.text
        assert "ticking" in page.text
        assert store.url in page.text
        assert "SQLite" in page.text

    visit(store, clock, scene)


def test_what_the_workers_tell_is_added_up(store, clock):
    async def scene(office):
        vitals = office.daemon.house.vitals
        other = {**vitals.own(), "number": 3, "process": 4242, "cut_off": 2, "tick_age": None}
        other |= {"clients": {"sse": 2, "websocket": 1, "pusher": 7}, "worst_lag": 1.5}
        vitals._hear(3, {"vitals": other})
        page = await office.look("/admin/operations")
        assert "2 SSE, 1 WebSocket, 7 Pusher; 2 cut off" in page.text
        assert "1500 ms at worst" in page.text
        assert "!! stuck" in page.text
        assert "4242" in page.text
        vitals._hear(3, GONE)
        assert "4242" not in (await office.look("/admin/operations")).text

    visit(store, clock, scene)


def test_what_receivers_say_stays_text(store, clock):
    async def scene(office):
        bury(store, clock, 1, why="<script>alert(1)</script><b>\"'")
        page = await office.look("/admin/operations")
        assert not [tag for tag, each in page.tags if tag == "b" or (tag == "script" and "src" not in each)]

    visit(store, clock, scene)
